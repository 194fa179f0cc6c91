#include "annal/sqlite/index_tail.hpp"

#include <algorithm>

namespace annal::sqlite {

void IndexTail::add(std::span<const Posting> postings, Position head) {
  std::lock_guard lock(mutex_);
  for (const Posting& posting : postings) put(posting);
  head_ = head;
}

void IndexTail::put(const Posting& posting) {
  table_.add(posting);
  if (is_key_of_name(posting.key))
    named_to_ = std::max(named_to_, static_cast<std::int64_t>(posting.version.value));
}

void IndexTail::drop_through(Position merged) {
  std::lock_guard lock(mutex_);
  if (merged <= base_) return;
  std::vector<Posting> kept;
  for (const Posting& posting : table_.postings())
    if (posting.position > merged) kept.push_back(posting);
  table_.clear();
  for (const Posting& posting : kept) table_.add(posting);
  base_ = merged;
  head_ = std::max(head_, merged);
}

// In log order.
std::vector<Entry> IndexTail::entries_beyond(IndexKey key, Position after) const {
  std::vector<Entry> entries;
  table_.for_each(key, [&](const Posting& posting) {
    if (posting.position <= after) return false;
    entries.push_back({posting.position, posting.version});
    return true;
  });
  std::reverse(entries.begin(), entries.end());
  return entries;
}

std::vector<Position> IndexTail::beyond(IndexKey key, Position after, std::size_t limit) const {
  std::lock_guard lock(mutex_);
  std::vector<Position> positions;
  for (const Entry& entry : entries_beyond(key, after))
    if (positions.size() < limit) positions.push_back(entry.position);
  return positions;
}

std::optional<Entry> IndexTail::newest(IndexKey key) const {
  std::lock_guard lock(mutex_);
  return newest_of(key);
}

std::optional<Position> IndexTail::base_without(IndexKey key) const {
  std::lock_guard lock(mutex_);
  if (newest_of(key)) return std::nullopt;
  return base_;
}

std::optional<Entry> IndexTail::newest_of(IndexKey key) const {
  std::optional<Entry> newest;
  table_.for_each(key, [&](const Posting& posting) {
    newest = {posting.position, posting.version};
    return false;
  });
  return newest;
}

IndexTail::Slice IndexTail::look_up(std::span<const IndexKey> keys, Position after) const {
  std::lock_guard lock(mutex_);
  Slice slice;
  slice.head = head_;
  slice.entries.reserve(keys.size());
  for (const IndexKey key : keys) slice.entries.push_back(entries_beyond(key, after));
  return slice;
}

Position IndexTail::head() const {
  std::lock_guard lock(mutex_);
  return head_;
}

std::uint64_t IndexTail::events() const {
  std::lock_guard lock(mutex_);
  return head_.value - base_.value;
}

std::int64_t IndexTail::named_to() const {
  std::lock_guard lock(mutex_);
  return named_to_;
}

std::vector<Posting> IndexTail::postings(Position& through) const {
  std::lock_guard lock(mutex_);
  through = head_;
  const auto postings = table_.postings();
  return in_key_order({postings.begin(), postings.end()});
}

}  // namespace annal::sqlite
