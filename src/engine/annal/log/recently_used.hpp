// Values of which the last used are remembered: names, heads of streams, who subscribes to a topic
// are looked up in such a memory, however many there ever were.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>

namespace annal {

// Two generations: what is used enters the young one; when that is full, it becomes the old one and
// the old one is forgotten. So whatever was among the last half of `limit` used is there, and never
// more than `limit`.
//   threads   one at a time
template <class Key, class Value>
class RecentlyUsed {
 public:
  explicit RecentlyUsed(std::size_t limit) : generation_(limit < 2 ? 1 : limit / 2) {}

  // Null if it is not remembered; good until the next call.
  const Value* find(const Key& key) {
    if (const auto found = young_.find(key); found != young_.end()) return &found->second;
    const auto found = old_.find(key);
    if (found == old_.end()) return nullptr;
    Value value = std::move(found->second);
    old_.erase(found);
    return &put(key, std::move(value));
  }

  // Returns the value where it is remembered; good until the next call.
  const Value& put(const Key& key, Value value) {
    if (young_.size() >= generation_) {
      old_ = std::move(young_);
      young_.clear();
      ++turns_;
    }
    return young_.insert_or_assign(key, std::move(value)).first->second;
  }

  template <class Predicate>
  void forget_if(Predicate key_is_meant) noexcept {
    const auto meant = [&](const auto& item) { return key_is_meant(item.first); };
    std::erase_if(young_, meant);
    std::erase_if(old_, meant);
  }

  void clear() {
    young_.clear();
    old_.clear();
  }

  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto* generation : {&young_, &old_})
      for (const auto& [key, value] : *generation) visit(key, value);
  }

  std::size_t size() const { return young_.size() + old_.size(); }
  // How often the young became old: what was found or put since the last time stays where it is, and
  // is there when it comes to the next.
  std::uint64_t turns() const { return turns_; }

 private:
  using Generation = std::unordered_map<Key, Value>;

  const std::size_t generation_;
  Generation young_, old_;
  std::uint64_t turns_ = 0;
};

}  // namespace annal
