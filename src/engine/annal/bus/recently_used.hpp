// Values by name, of which the last used are remembered: who subscribes to a topic is looked up
// here, however many topics there ever were.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace annal {

// Two generations: what is used enters the young one; when that is full, it becomes the old one and
// the old one is forgotten. So whatever was among the last half of `limit` used is there, and never
// more than `limit`.
//   threads   one at a time
template <class T>
class RecentlyUsed {
 public:
  explicit RecentlyUsed(std::size_t limit) : generation_(limit < 2 ? 1 : limit / 2) {}

  // Null if it is not remembered.
  std::shared_ptr<T> find(const std::string& name) {
    if (const auto found = young_.find(name); found != young_.end()) return found->second;
    const auto found = old_.find(name);
    if (found == old_.end()) return nullptr;
    auto value = std::move(found->second);
    old_.erase(found);
    put(name, value);
    return value;
  }

  void put(const std::string& name, std::shared_ptr<T> value) {
    if (young_.size() >= generation_) {
      old_ = std::move(young_);
      young_.clear();
    }
    young_[name] = std::move(value);
  }

  template <class Predicate>
  void forget_if(Predicate name_is_meant) noexcept {
    const auto meant = [&](const auto& item) { return name_is_meant(item.first); };
    std::erase_if(young_, meant);
    std::erase_if(old_, meant);
  }

  std::size_t size() const { return young_.size() + old_.size(); }

 private:
  using Generation = std::unordered_map<std::string, std::shared_ptr<T>>;

  const std::size_t generation_;
  Generation young_, old_;
};

}  // namespace annal
