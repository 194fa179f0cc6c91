#include "annal/sqlite/index_tail.hpp"

#include <algorithm>

namespace annal::sqlite {

void IndexTail::add(std::span<const Posting> postings, Position head) {
  std::lock_guard lock(mutex_);
  for (const Posting& posting : postings) {
    by_key_[posting.key].push_back({posting.position, posting.version});
    if (is_key_of_name(posting.key))
      named_to_ = std::max(named_to_, static_cast<std::int64_t>(posting.version.value));
  }
  in_order_.insert(in_order_.end(), postings.begin(), postings.end());
  head_ = head;
}

void IndexTail::drop_through(Position merged) {
  std::lock_guard lock(mutex_);
  const auto beyond = [&](const auto& entry) { return entry.position > merged; };
  for (; dropped_ < in_order_.size() && in_order_[dropped_].position <= merged; ++dropped_) {
    const auto list = by_key_.find(in_order_[dropped_].key);
    if (list == by_key_.end()) continue;  // an earlier posting of this key emptied the list
    auto& entries = list->second;
    entries.erase(entries.begin(), std::find_if(entries.begin(), entries.end(), beyond));
    if (entries.empty()) by_key_.erase(list);
  }
  if (dropped_ * 2 > in_order_.size()) {
    in_order_.erase(in_order_.begin(), in_order_.begin() + static_cast<std::ptrdiff_t>(dropped_));
    dropped_ = 0;
  }
  base_ = std::max(base_, merged);
  head_ = std::max(head_, merged);
}

std::vector<Position> IndexTail::beyond(IndexKey key, Position after, std::size_t limit) const {
  std::lock_guard lock(mutex_);
  std::vector<Position> positions;
  const auto list = by_key_.find(key);
  if (list == by_key_.end()) return positions;
  const auto& entries = list->second;
  for (auto at = std::upper_bound(
           entries.begin(), entries.end(), after,
           [](Position wanted, const Entry&entry) { return wanted < entry.position; });
       at != entries.end() && positions.size() < limit; ++at)
    positions.push_back(at->position);
  return positions;
}

IndexTail::Slice IndexTail::look_up(std::span<const IndexKey> keys) const {
  std::lock_guard lock(mutex_);
  Slice slice;
  slice.head = head_;
  slice.entries.reserve(keys.size());
  for (const IndexKey key : keys) {
    const auto list = by_key_.find(key);
    slice.entries.push_back(list == by_key_.end() ? std::vector<Entry>{} : list->second);
  }
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

std::vector<Posting> IndexTail::oldest(std::uint64_t events, Position& through) const {
  std::lock_guard lock(mutex_);
  through = Position{std::min(head_.value, base_.value + events)};
  const auto first = in_order_.begin() + static_cast<std::ptrdiff_t>(dropped_);
  const auto last = std::find_if(
      first, in_order_.end(), [&](const Posting& posting) { return posting.position > through; });
  std::vector<Posting> postings(first, last);
  return in_key_order(std::move(postings));
}

}  // namespace annal::sqlite
