// The newest things that were added, bounded in number and in bytes: a bus's history and failures.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

namespace annal {

//   threads   any number of callers
template <class T>
class Recent {
 public:
  Recent(std::size_t items, std::size_t bytes) : items_(items), bytes_(bytes) {}

  // The oldest make room; an item larger than all the bytes stays until the next comes.
  void add(T item, std::size_t bytes) {
    if (items_ == 0) return;
    std::lock_guard lock(mutex_);
    kept_.push_back({std::move(item), bytes});
    used_ += bytes;
    while (kept_.size() > items_ || (used_ > bytes_ && kept_.size() > 1)) {
      used_ -= kept_.front().bytes;
      kept_.pop_front();
    }
  }

  std::vector<T> newest_first() const {
    std::lock_guard lock(mutex_);
    std::vector<T> result;
    result.reserve(kept_.size());
    for (auto at = kept_.rbegin(); at != kept_.rend(); ++at) result.push_back(at->item);
    return result;
  }

 private:
  struct Kept {
    T item;
    std::size_t bytes;
  };

  const std::size_t items_;
  const std::size_t bytes_;
  mutable std::mutex mutex_;
  std::deque<Kept> kept_;
  std::size_t used_ = 0;
};

}  // namespace annal
