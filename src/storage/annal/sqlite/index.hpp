// The merged index as one connection sees it.
#pragma once

#include "annal/log/event_log.hpp"
#include "annal/sqlite/index_run.hpp"
#include "annal/sqlite/posting_block.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <memory>
#include <optional>
#include <vector>

namespace annal::sqlite {

// How far the merged index goes.
struct IndexState {
  std::int64_t generation = 0;  // counts the changes of what runs there are
  Position indexed_to;          // every event up to here is in the runs …
  std::int64_t named_to = 0;    // … and every name up to this number
};

// Belongs to whoever holds the connection; every call within a transaction.
//   cost      of a look-up: for each run with events within the bounds a look at its filter, and
//             where that says so, one page
class Index {
 public:
  Index(SQLite::Database& database, RunMaps& maps);

  // Looks which runs there are. To be called when a transaction has begun.
  const IndexState& refresh();
  // The same, also if a transaction was rolled back since.
  const IndexState& reread();
  const IndexState& state() const { return state_; }
  const std::vector<Run>& runs() const { return runs_; }
  // Of one of them.
  const RunMap& map_of(const Run& run);

  // Appends the key's entries within [from, to], in the direction asked for, until there are
  // `limit` in all.
  void find(IndexKey key, Position from, Position to, Direction direction, std::size_t limit,
            std::vector<Entry>& entries);
  std::optional<Entry> newest(IndexKey key, Position at_most);

  // Every posting of one block of a run.
  void decode(const Run& run, std::int64_t block, std::vector<Posting>& postings);

  // After a step that failed.
  void reset() noexcept;

 private:
  void find_in(std::size_t which, IndexKey key, Position from, Position to, Direction direction,
               std::size_t limit, std::vector<Entry>& entries);
  const RunMap& map_at(std::size_t which);
  template <class Use>
  void with_block(const Run& run, std::int64_t block, Use use);

  SQLite::Database& database_;
  RunMaps& maps_;
  SQLite::Statement state_row_, block_;
  IndexState state_{-1, {}, 0};
  std::vector<Run> runs_;  // in log order
  std::vector<std::shared_ptr<const RunMap>> run_maps_;
  std::vector<Entry> found_;  // in one block
};

}  // namespace annal::sqlite
