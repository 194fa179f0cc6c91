// Names as the file knows them: streams, types, tags and sources are stored once and numbered in
// the order they were first seen.
#pragma once

#include "annal/log/recently_used.hpp"
#include "annal/sqlite/posting_table.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
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
  const std::string& text(std::int64_t id);
  // The same as `find` for whoever remembers the answer himself.
  //   key       the name's
  std::optional<std::int64_t> look_up(std::string_view name, IndexKey key);

  // In the writer's transaction only: a number for a name that has none.
  std::int64_t give_number(const std::string& name, IndexKey key);
  // Brings the names that were given numbers into the file, all of them; before COMMIT.
  void write();
  // Lists what was numbered since this was last asked for the index, as first used at the position.
  void list_new(Position position, std::vector<Posting>& postings);
  // After a transaction that numbered names was committed, and the index knows them.
  void settle();
  // After it was rolled back.
  void forget();

 private:
  void write_many();
  void require_newest() const;
  std::int64_t written_to() const {
    return *newest_ - static_cast<std::int64_t>(unwritten_.size());
  }

  SQLite::Statement by_id_;
  std::optional<SQLite::Statement> insert_one_, insert_many_;  // the writer's
  SQLite::Database& database_;
  const Numbers numbers_;
  RecentlyUsed<std::string, std::int64_t> ids_;
  RecentlyUsed<std::int64_t, std::string> texts_;
  std::optional<std::int64_t> newest_;  // number, once a name was given one
  std::vector<std::string> unwritten_;  // the newest names, fewer than are written at once
  PostingTable staged_;                 // of names that were numbered in the transaction at hand
  std::size_t listed_ = 0;
};

}  // namespace annal::sqlite
