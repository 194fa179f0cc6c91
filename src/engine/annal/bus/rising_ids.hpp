// The newest of ids that rise, as those do that one sequence makes.
#pragma once

#include "annal/event/ulid.hpp"

#include <cstddef>
#include <vector>

namespace annal {

// The last `limit` ids that were added, in a circle. Takes no memory before the first.
//   cost      adding: nothing is searched; 16 bytes an id
//   threads   one at a time
class RisingIds {
 public:
  explicit RisingIds(std::size_t limit) : limit_(limit) {}

  // By halves of what is left.
  bool contains(const Ulid& id) const {
    std::size_t first = 0, last = ids_.size();
    while (first < last) {
      const std::size_t middle = first + (last - first) / 2;
      if (at(middle) < id)
        first = middle + 1;
      else
        last = middle;
    }
    return first < ids_.size() && at(first) == id;
  }

  // The oldest makes room.
  //   returns   false, and adds nothing, where the id is not greater than all before it
  bool add(const Ulid& id) {
    if (limit_ == 0 || !(newest_ < id)) return false;
    newest_ = id;
    if (ids_.size() < limit_) {
      if (ids_.empty()) ids_.reserve(limit_);
      ids_.push_back(id);
    } else {
      ids_[oldest_] = id;
      if (++oldest_ == limit_) oldest_ = 0;
    }
    return true;
  }

 private:
  // Counted from the oldest.
  const Ulid& at(std::size_t place) const {
    const std::size_t behind = oldest_ + place;
    return ids_[behind < ids_.size() ? behind : behind - ids_.size()];
  }

  const std::size_t limit_;
  std::vector<Ulid> ids_;
  std::size_t oldest_ = 0;
  Ulid newest_;
};

}  // namespace annal
