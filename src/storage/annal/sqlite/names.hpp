// Names as the file knows them: streams, types, tags and sources are stored once and numbered in
// the order they were first seen.
#pragma once

#include "annal/log/recently_used.hpp"
#include "annal/sqlite/posting.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace annal::sqlite {

// A connection's view of the names. Belongs to whoever holds the connection.
class Names {
 public:
  // What the index has under the key of a name: the numbers of the names with that key.
  using Numbers = std::function<std::vector<std::int64_t>(IndexKey)>;

  //   cached    how many are remembered
  Names(SQLite::Database& database, std::size_t cached, Numbers numbers);

  // The name's number; nothing if nobody has used the name.
  std::optional<std::int64_t> find(const std::string& name);
  // The same for the writer, who alone gives numbers and so remembers what has none.
  std::optional<std::int64_t> find_to_intern(const std::string& name);
  const std::string& text(std::int64_t id);

  // The name's number, given now if need be. In the writer's transaction only.
  std::int64_t intern(const std::string& name);
  // What was numbered since this was last asked: keys and numbers, for the index.
  std::vector<std::pair<IndexKey, std::int64_t>> take_new() { return std::exchange(new_, {}); }
  // After a transaction that interned names was committed, and the index knows them.
  void settle();
  // After it was rolled back.
  void forget();

 private:
  std::optional<std::int64_t> look_up(const std::string& name, IndexKey key);

  SQLite::Statement by_id_;
  std::optional<SQLite::Statement> insert_;
  SQLite::Database& database_;
  const Numbers numbers_;
  RecentlyUsed<std::string, std::int64_t> ids_;
  RecentlyUsed<std::int64_t, std::string> texts_;
  std::unordered_map<std::string, std::int64_t> staged_;  // numbered in the transaction at hand
  std::unordered_map<std::string, IndexKey> nameless_;    // looked for in it in vain
  std::vector<std::pair<IndexKey, std::int64_t>> new_;
};

}  // namespace annal::sqlite
