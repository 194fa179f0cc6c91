// The text of a JSON Schema, looked over before anything is made of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace annal {

inline constexpr std::size_t schema_bytes_limit = 64 * 1024;
inline constexpr std::size_t schemas_in_schema_limit = 500;

struct SchemaText {
  std::string text;                   // what valijson reads
  std::vector<std::string> patterns;  // all expressions in it
};

// Throws InvalidInput, naming the place, for a text that is no schema of draft 6 or 7, that uses
// what only later drafts have, refers to other documents, or to itself in a circle that no document
// ends.
SchemaText checked_schema(std::string_view text);

}  // namespace annal
