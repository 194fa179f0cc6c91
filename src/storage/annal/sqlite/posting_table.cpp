#include "annal/sqlite/posting_table.hpp"

#include <algorithm>

namespace annal::sqlite {

namespace {

constexpr std::size_t fewest_slots = 256;

}  // namespace

void PostingTable::add(const Posting& posting) {
  if (newest_.size() < 2 * (postings_.size() + 1)) grow();
  std::uint32_t& newest = newest_[slot_of(posting.key)];
  before_.push_back(newest);
  postings_.push_back(posting);
  newest = static_cast<std::uint32_t>(postings_.size());
}

// The key's slot, or the free one where it belongs.
std::size_t PostingTable::slot_of(IndexKey key) const {
  const std::size_t last = newest_.size() - 1;
  std::size_t at = spread(static_cast<std::uint64_t>(key)) & last;
  while (newest_[at] != 0 && postings_[newest_[at] - 1].key != key) at = (at + 1) & last;
  return at;
}

void PostingTable::grow() {
  newest_.assign(std::max(fewest_slots, 2 * newest_.size()), 0);
  for (std::uint32_t i = 0; i < postings_.size(); ++i) newest_[slot_of(postings_[i].key)] = i + 1;
}

void PostingTable::clear() {
  if (postings_.empty()) return;
  const bool mostly_free = newest_.size() > 16 * std::max(postings_.size(), fewest_slots);
  if (mostly_free) newest_.clear();
  std::fill(newest_.begin(), newest_.end(), 0);
  postings_.clear();
  before_.clear();
}

}  // namespace annal::sqlite
