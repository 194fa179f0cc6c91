// What a store is told apart by: its id and where it came from, and which records it keeps.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace annal::sqlite {

struct Identity {
  std::string store_id;  // a ULID
  // `<store id> <receipt>` of what it was restored from, and up to where; empty if it was not.
  std::string restored_from;
};

//   throws    CannotOpen and its children
Identity identity_of(const std::filesystem::path& store);

// The names of the spaces it has tables for but annal's own, and of tables that other programs keep
// in it.
std::vector<std::string> spaces_of(const std::filesystem::path& store);

// Makes a store that nobody has open another one, so that a log that goes on differently is not
// taken for the one it was a copy of.
void set_identity(const std::filesystem::path& store, const Identity& identity);

}  // namespace annal::sqlite
