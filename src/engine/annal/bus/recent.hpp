// The newest things that were added, bounded in number and in bytes: a bus's history and dead
// letters.
#pragma once

#include <boost/circular_buffer.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace annal {

//   threads   one at a time
template <class T>
class Recent {
 public:
  Recent(std::size_t items, std::size_t bytes) : items_(items), bytes_(bytes) {}

  // The oldest make room; an item larger than all the bytes stays until the next comes.
  //   returns   how many made room
  std::size_t add(T item, std::size_t bytes) {
    if (items_ == 0) return 1;
    std::size_t gone = 0;
    for (; kept_.size() == items_ || (used_ + bytes > bytes_ && !kept_.empty()); ++gone)
      take_oldest();
    if (kept_.full()) kept_.set_capacity(std::min(items_, 2 * kept_.size() + 8));
    kept_.push_back({std::move(item), bytes});
    used_ += bytes;
    return gone;
  }

  // There must be one.
  T take_oldest() {
    T item = std::move(kept_.front().item);
    used_ -= kept_.front().bytes;
    kept_.pop_front();
    return item;
  }

  std::size_t size() const { return kept_.size(); }
  bool empty() const { return kept_.empty(); }

  template <class Visit>
  void for_each(Visit visit) const {  // the oldest first
    for (const auto& kept : kept_) visit(kept.item);
  }

  // The oldest that is meant; null if there is none. What is changed there counts as many bytes as
  // before. Good until the next change.
  template <class Predicate>
  T* find_if(Predicate is_meant) {
    const auto found = find(is_meant);
    return found == kept_.end() ? nullptr : &found->item;
  }
  // Takes out the oldest that is meant, if there is one.
  template <class Predicate>
  void erase_if(Predicate is_meant) {
    const auto found = find(is_meant);
    if (found == kept_.end()) return;
    used_ -= found->bytes;
    kept_.erase(found);
  }

 private:
  struct Kept {
    T item;
    std::size_t bytes;
  };

  template <class Predicate>
  auto find(Predicate is_meant) {
    return std::find_if(kept_.begin(), kept_.end(),
                        [&](const Kept& kept) { return is_meant(kept.item); });
  }

  const std::size_t items_;
  const std::size_t bytes_;
  boost::circular_buffer<Kept> kept_;
  std::size_t used_ = 0;
};

}  // namespace annal
