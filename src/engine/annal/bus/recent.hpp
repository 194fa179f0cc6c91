// The newest things that were added, bounded in number and in bytes: a bus's history and dead
// letters.
#pragma once

#include <cstddef>
#include <deque>
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
    kept_.push_back({std::move(item), bytes});
    used_ += bytes;
    std::size_t gone = 0;
    for (; kept_.size() > items_ || (used_ > bytes_ && kept_.size() > 1); ++gone) take_oldest();
    return gone;
  }

  // One that was taken goes back to its place before all others, whatever the bounds.
  void put_back(T oldest, std::size_t bytes) {
    kept_.push_front({std::move(oldest), bytes});
    used_ += bytes;
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

  // Takes out, the oldest first, those that are meant.
  template <class Predicate>
  std::deque<T> take_if(Predicate is_meant) {
    std::deque<T> taken;
    std::deque<Kept> left;
    for (auto& kept : kept_)
      if (is_meant(std::as_const(kept.item))) {
        used_ -= kept.bytes;
        taken.push_back(std::move(kept.item));
      } else {
        left.push_back(std::move(kept));
      }
    kept_ = std::move(left);
    return taken;
  }

 private:
  struct Kept {
    T item;
    std::size_t bytes;
  };

  const std::size_t items_;
  const std::size_t bytes_;
  std::deque<Kept> kept_;
  std::size_t used_ = 0;
};

}  // namespace annal
