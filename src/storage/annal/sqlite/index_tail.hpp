// The newest part of the index, kept in memory until it is merged into the file.
#pragma once

#include "annal/sqlite/posting_table.hpp"

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace annal::sqlite {

// The index of a log is its runs up to a position, and this tail after it. A reader first
// takes what it needs from the tail, then opens its snapshot: whatever has been merged meanwhile,
// the two together cover everything up to the head the tail named.
//   threads   add and drop: the writer; look-ups: any number of callers
class IndexTail {
 public:
  struct Slice {
    std::vector<std::vector<Entry>> entries;  // one list a key asked for, in log order
    Position head;  // everything up to here is in the index or the entries
  };

  // Postings in log order, of events up to `head`.
  void add(std::span<const Posting> postings, Position head);
  // Forgets what has been merged. Costs nothing to speak of if nothing was since it was last told.
  void drop_through(Position merged);

  // The key's first positions beyond `after`, at most `limit` of them.
  std::vector<Position> beyond(IndexKey key, Position after, std::size_t limit) const;
  std::optional<Entry> newest(IndexKey key) const;
  // Where the tail begins, if it does not have the key: no later event does then.
  std::optional<Position> base_without(IndexKey key) const;
  // The keys' entries beyond a position.
  Slice look_up(std::span<const IndexKey> keys, Position after = {}) const;
  Position head() const;
  // Events that are in the tail only.
  std::uint64_t events() const;
  // The greatest number of a name it was told of.
  std::int64_t named_to() const;
  // All postings, ordered by key for a merge.
  //   through   the last event's position
  std::vector<Posting> postings(Position& through) const;

 private:
  void put(const Posting& posting);
  std::optional<Entry> newest_of(IndexKey key) const;
  std::vector<Entry> entries_beyond(IndexKey key, Position after) const;

  // Not a shared mutex: those of glibc let readers in past a waiting writer, and two readers in a
  // loop then hold every append up for tens of milliseconds.
  mutable std::mutex mutex_;
  PostingTable table_;  // in log order
  Position base_, head_;
  std::int64_t named_to_ = 0;
};

}  // namespace annal::sqlite
