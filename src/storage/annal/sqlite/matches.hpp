// Which recorded events a condition's query matches, as the writer asks before it commits.
#pragma once

#include "annal/log/query.hpp"
#include "annal/sqlite/index.hpp"
#include "annal/sqlite/index_tail.hpp"
#include "annal/sqlite/names.hpp"
#include "annal/sqlite/row.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <vector>

namespace annal::sqlite {

// Belongs to the writer.
class Matches {
 public:
  Matches(SQLite::Database& database, Names& names, Index& index, const IndexTail& tail);

  // The first positions beyond `after`, at most `limit` of them.
  //   cost      for each item a look-up for its stream, its first tag or each of its types, and one
  //             for each event beyond `after` that these lead to, until enough match
  std::vector<Position> first(const Query& query, Position after, std::size_t limit);

 private:
  std::vector<IndexKey> keys_of(const QueryItem& item);
  std::vector<Position> led_to(const std::vector<IndexKey>& keys, Position after);
  bool is_matched(const QueryItem& item, Position position);

  Names& names_;
  Index& index_;
  const IndexTail& tail_;
  SQLite::Statement types_;
  RowStatement event_;
};

}  // namespace annal::sqlite
