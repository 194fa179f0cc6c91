// One SQLite connection as annal uses it, and the one place where SQLite's errors become annal's.
#pragma once

#include "annal/event/hash.hpp"
#include "annal/event/position.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace annal::sqlite {

inline constexpr int application_id = 0x616e6e6c;  // "annl"
inline constexpr int format_version = 2;
// A reader that finds the shared index half written takes the write lock for an instant.
inline constexpr int writer_waits_ms = 500;

// Creates a store at a path where there is nothing: complete, or not at all.
void create_store(const std::filesystem::path& path, std::string_view store_id,
                  std::int64_t created_at);

// Refuses what is no store of a format this program knows, and leaves it and its folder as they are.
//   throws    UnknownFormat, PermissionDenied, CannotOpen
void require_store(const std::filesystem::path& path);

// Opens an existing store and checks that it is one of a format this program knows. The writer
// brings an older store to this format: once, at some µs an event.
//   throws    UnknownFormat, for readers of an older format, too; PermissionDenied; CannotOpen
SQLite::Database open_writer(const std::filesystem::path& path);
SQLite::Database open_reader(const std::filesystem::path& path, int oldest_format = format_version);

// How many commits changed records or types and added no event.
std::uint64_t eventless_commits(SQLite::Database& database);

// True for an error that means that the file is damaged.
bool tells_of_damage(const SQLite::Exception& error);
// What the error says; of a damaged page, which one.
std::string reason_of(const SQLite::Exception& error);

// Makes an empty file that a store's pages are copied into, with the permissions of that store.
//   throws    PermissionDenied, CannotOpen
SQLite::Database open_copy(const std::filesystem::path& path, const std::filesystem::path& of);

// For a file that SQLite has made of a store.
//   throws    CannotOpen
void use_write_ahead_log(const std::filesystem::path& path);

// Makes what was created or moved in the file's folder durable. Throws CannotOpen.
void sync_folder(const std::filesystem::path& path);

// Throws what the SQLite error means, naming the file and what was being done.
[[noreturn]] void raise(const SQLite::Exception& error, const std::filesystem::path& path,
                        std::string_view doing);

// What `use` returns; its SQLite errors are raised so.
template <class Use>
auto translating(const std::filesystem::path& path, std::string_view doing, Use use) {
  try {
    return use();
  } catch (const SQLite::Exception& error) {
    raise(error, path, doing);
  }
}

// The statement that inserts so many rows at once.
//   into      the table, with the columns that are given unless it is all of them
//   row       the values of one row, in brackets
std::string insertion(std::string_view into, std::string_view row, std::size_t rows);

void bind_text(SQLite::Statement& statement, int index, std::string_view text);
// Bound without a copy: the bytes must live until the statement is reset.
void bind_blob(SQLite::Statement& statement, int index, std::string_view bytes);
std::string_view blob_of(const SQLite::Column& column);
// Zeros if the column does not hold 32 bytes.
Hash hash_of(const SQLite::Column& column);
Position position_of(const SQLite::Column& column);
std::int64_t signed_of(Position position);

}  // namespace annal::sqlite
