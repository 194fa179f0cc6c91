// Postings in memory, found by their key.
#pragma once

#include "annal/sqlite/posting.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace annal::sqlite {

// A list of postings in which each points to the one of its key before it, and a hash table that
// has the newest of each key.
//   cost      some 40 bytes a posting; of a look-up, a cache line and the key's postings
class PostingTable {
 public:
  void add(const Posting& posting);
  // As they were added.
  std::span<const Posting> postings() const { return postings_; }
  // Calls `each` with the key's postings, the newest first, until it says false.
  template <class Each>
  void for_each(IndexKey key, Each each) const {
    if (newest_.empty()) return;
    for (std::uint32_t at = newest_[slot_of(key)]; at != 0; at = before_[at - 1])
      if (!each(postings_[at - 1])) return;
  }
  void clear();

 private:
  std::size_t slot_of(IndexKey key) const;
  void grow();

  // Postings are named by their place, counted from 1; 0: there is none.
  std::vector<Posting> postings_;
  std::vector<std::uint32_t> before_;  // of each the one of its key before it
  std::vector<std::uint32_t> newest_;  // a power of two of slots
};

}  // namespace annal::sqlite
