// The index as the log itself tells it.
#pragma once

#include "annal/sqlite/posting.hpp"
#include "annal/sqlite/row.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <vector>

namespace annal::sqlite {

// Reads events in log order, and gives what they are found by, and what the names they were the
// first to use are found by. Within one transaction.
class IndexScan {
 public:
  //   named_to  names up to this number were used before
  IndexScan(SQLite::Database& database, Position after, Position through, std::int64_t named_to);

  // Appends the postings of the next event; false at the end.
  bool next(std::vector<Posting>& postings);
  // Of the event that was last read.
  Position position() const { return position_; }
  // The greatest number of a name it came by.
  std::int64_t named_to() const { return named_to_; }

 private:
  RowStatement events_;
  SQLite::Statement names_;
  Position position_;
  std::int64_t named_to_;
};

// Makes the tables of an empty index.
void create_index(SQLite::Database& database);

// Makes the index anew from the log, within the transaction at hand.
//   cost      some µs an event
void rebuild_index(SQLite::Database& database);

}  // namespace annal::sqlite
