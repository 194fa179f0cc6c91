// What a rule remembers of one key, in event time and bounded.
#pragma once

#include "annal/time/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace annal::rules {

// Entries by their `time`; those of one time in the order they were put in.
//   cost      of putting one in: O(log n), and a move for each of the d that are later, of which
//             there are at most `limit`: none where events come in order
template <class Entry>
class Timeline {
 public:
  // Where the entry stands now.
  std::size_t put(Entry entry) {
    const auto place = first_beyond(entry.time);
    const auto index = place - entries_.begin();
    entries_.insert(place, std::move(entry));
    return static_cast<std::size_t>(index);
  }

  // Puts the entry in, and takes the oldest out if there are more than `limit`.
  //   returns   where the entry stands; nothing if it was the one to go
  std::optional<std::size_t> put(Entry entry, std::size_t limit) {
    if (entries_.size() < limit) return put(std::move(entry));
    const auto place = first_beyond(entry.time);
    if (place == entries_.begin()) return std::nullopt;
    const auto index = place - entries_.begin();
    entries_.insert(place, std::move(entry));
    entries_.pop_front();
    return static_cast<std::size_t>(index) - 1;
  }

  void erase(std::size_t index) {
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  // Takes out what happened then or before.
  void forget(Timestamp horizon) {
    while (!entries_.empty() && entries_.front().time <= horizon) entries_.pop_front();
  }

  // The index of the first entry less than `span` before `time`.
  std::size_t first_within(std::chrono::microseconds span, Timestamp time) {
    return static_cast<std::size_t>(first_beyond(time - span) - entries_.begin());
  }

  std::size_t size() const { return entries_.size(); }
  Entry& operator[](std::size_t index) { return entries_[index]; }
  const Entry& operator[](std::size_t index) const { return entries_[index]; }
  // Null where there is none.
  Entry* before(std::size_t index) { return index > 0 ? &entries_[index - 1] : nullptr; }
  Entry* after(std::size_t index) {
    return index + 1 < entries_.size() ? &entries_[index + 1] : nullptr;
  }

 private:
  auto first_beyond(Timestamp time) {
    // Nearly always the newest.
    if (entries_.empty() || entries_.back().time <= time) return entries_.end();
    return std::upper_bound(entries_.begin(), entries_.end(), time,
                            [](Timestamp t, const Entry& entry) { return t < entry.time; });
  }

  std::deque<Entry> entries_;
};

}  // namespace annal::rules
