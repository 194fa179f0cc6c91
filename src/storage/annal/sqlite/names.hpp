// Names as the file knows them: streams, types, tags and sources are stored once and numbered in
// the order they were first seen.
#pragma once

#include "annal/log/recently_used.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <string>

namespace annal::sqlite {

// A connection's view of the names. Belongs to whoever holds the connection.
class Names {
 public:
  //   cached    how many are remembered
  Names(SQLite::Database& database, std::size_t cached);

  // The name's number; nothing if nobody has used the name.
  std::optional<std::int64_t> find(const std::string& name);
  const std::string& text(std::int64_t id);
  // The name's number, given now if need be. In the writer's transaction only.
  std::int64_t intern(const std::string& name);
  // After a transaction that interned names was rolled back.
  void forget();

 private:
  SQLite::Statement by_name_, by_id_;
  std::optional<SQLite::Statement> insert_;
  SQLite::Database& database_;
  RecentlyUsed<std::string, std::int64_t> ids_;
  RecentlyUsed<std::int64_t, std::string> texts_;
};

}  // namespace annal::sqlite
