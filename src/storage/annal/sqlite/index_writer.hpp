// How the merged index grows: the tail becomes a small run, small runs become greater ones.
#pragma once

#include "annal/error.hpp"
#include "annal/sqlite/index.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <list>
#include <span>
#include <vector>

namespace annal::sqlite {

// A merge met a run that is damaged. SQLite may have ended the transaction for it, so the caller rolls
// back, gives merging up and begins again.
struct DamagedRun : CorruptionError {
  using CorruptionError::CorruptionError;
};

// Belongs to the writer; everything but the constructor within its transaction.
// Source: docs/decisions/0011-the-index-in-runs.md
class IndexWriter {
 public:
  IndexWriter(SQLite::Database& database, RunMaps& maps);

  // Reads what runs there are and forgets the merges under way: at first, and after a transaction
  // was rolled back.
  void reload();

  // Writes the postings of the next events, up to `through`, as a run.
  //   postings  in the order of their keys, and of one key in log order
  void flush(std::span<const Posting> postings, Position through);

  // Goes on with each merge under way by about so many postings, and begins those that are due.
  //   throws    DamagedRun
  //   cost      some 50 ns a posting and merge
  void advance(std::uint64_t postings);
  // Nothing is merged any more; the runs stay as they are, and the tail goes on becoming one.
  void give_up() { given_up_ = true; }
  // True if there is something to go on with.
  bool merging() const { return !given_up_ && (!merges_.empty() || !dead_.empty()); }

  const IndexState& state() const { return state_; }

 private:
  // Writes a run, block by block and part by part.
  class Output {
   public:
    Output(IndexWriter& writer, std::int64_t id, Position first, Position last,
           std::int64_t first_block);
    // Keys in their order, entries of one key in log order.
    void add(IndexKey key, std::span<const Entry> entries);
    const Run& finish();
    const Run& run() const { return run_; }

   private:
    void write_pending();
    void write_block();
    void write_part();

    IndexWriter& writer_;
    Run run_;
    BlockBuilder block_;
    IndexKey key_ = 0;
    std::vector<Entry> pending_;  // of key_
    std::vector<RunMap::Fence> fences_;
    std::vector<IndexKey> keys_;  // of the part at hand
    std::int64_t parts_ = 0;
  };

  // One of the runs that a merge takes together.
  struct Input {
    Run run;
    std::int64_t next_block = 0;
    std::vector<Posting> postings;  // of the block at hand
    std::size_t at = 0;
  };
  struct Merge {
    std::vector<Input> inputs;  // in log order
    Output output;
  };
  struct Dead {
    Run run;
    std::int64_t swept = 0;  // blocks
  };

  bool is_free(const Run& run) const;
  void begin_due_merges();
  void begin(std::span<const Run> runs);
  void go_on(std::uint64_t postings);
  bool go_on(Merge& merge, std::uint64_t postings);
  bool fill(Input& input);
  void finish(Merge& merge);
  void sweep(std::int64_t blocks);
  void insert_run(const Run& run, int state, std::int64_t reserved);
  void set_state(const Run& run, int state);
  void keep_state();

  SQLite::Database& database_;
  Index reading_;  // reads the inputs' blocks
  SQLite::Statement put_block_, put_part_, put_run_, set_run_, put_state_, sweep_blocks_,
      sweep_parts_, sweep_run_;
  IndexState state_;
  std::int64_t next_block_ = 1;
  std::vector<Run> runs_;  // in log order
  std::list<Merge> merges_;
  std::list<Dead> dead_;
  std::uint64_t credit_ = 0;  // postings that came and were not worked off
  bool given_up_ = false;
};

}  // namespace annal::sqlite
