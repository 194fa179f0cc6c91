// The merged part of the index: runs, each of which holds the postings of some consecutive events,
// packed into blocks in the order of their keys.
#pragma once

#include "annal/sqlite/posting.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace annal::sqlite {

// A run as its row has it.
struct Run {
  std::int64_t id = 0;
  Position first, last;  // of the events it covers
  std::int64_t first_block = 0, blocks = 0;
  std::uint64_t postings = 0;
};

inline constexpr std::int64_t blocks_a_part = 32;

// Where to look in a run: the first posting of each of its blocks, and for each part of it a filter
// over its keys. A run never changes, so this is read once and shared by all connections.
//   threads   any number of callers
class RunMap {
 public:
  struct Fence {
    IndexKey key = 0;
    Position position;
    friend auto operator<=>(const Fence&, const Fence&) = default;
  };

  // Reads the fences, in the transaction at hand.
  RunMap(SQLite::Database& database, const Run& run);

  // Where the key's postings within [from, to] may be.
  struct Blocks {
    std::int64_t begin = 0, end = 0;
    bool at_fence = false;  // the first of them begins with the key
  };

  const std::vector<Fence>& fences() const { return fences_; }
  Blocks blocks_of(IndexKey key, Position from, Position to) const;
  // True if the key is not in the run; false also where its filter was not read yet.
  bool excludes(IndexKey key) const;
  // The filter of the block's part; read when first asked for.
  const std::string& filter(SQLite::Database& database, std::int64_t block) const;

 private:
  const std::int64_t run_;
  std::vector<Fence> fences_;
  mutable std::mutex mutex_;
  mutable std::vector<std::string> filters_;  // of parts
};

// Fences as they are kept in a part's row, with positions relative to the run's first.
std::string packed_fences(const std::vector<RunMap::Fence>& fences, Position base);

// The maps of a store's runs.
//   threads   any number of callers
class RunMaps {
 public:
  std::shared_ptr<const RunMap> of(SQLite::Database& database, const Run& run);

  // Which runs there are, as the writer's newest transaction found them.
  //   covered   every event up to here is in them
  void see(Position covered, const std::vector<Run>& runs);
  // True if no event up to the position has the key, as far as that can be told without a
  // connection: from maps and filters that somebody has read.
  bool exclude(IndexKey key, Position up_to) const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::int64_t, std::weak_ptr<const RunMap>> maps_;  // by the runs' ids
  std::vector<std::int64_t> seen_;                                      // the ids of runs
  Position covered_;
};

}  // namespace annal::sqlite
