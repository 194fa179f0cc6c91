// The ids of the newest events, to know one again that comes twice.
#pragma once

#include "annal/event/ulid.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace annal {

// The last `limit` ids that were added. Takes no memory before the first.
//   cost      a probe or two, whatever the limit; 48 to 80 bytes an id
//   threads   one at a time
class IdWindow {
 public:
  explicit IdWindow(std::size_t limit) : limit_(limit) {}

  bool contains(const Ulid& id) const {
    if (places_.empty()) return false;
    const Key key(id);
    for (std::size_t at = home(key);; at = next(at)) {
      if (places_[at].is_nil()) return false;
      if (places_[at] == key) return true;
    }
  }

  // The oldest makes room. The id must not be there already.
  void add(const Ulid& id) {
    const Key key(id);
    if (limit_ == 0 || key.is_nil()) return;
    if (places_.empty()) reserve();
    if (order_.size() < limit_) {
      order_.push_back(key);
    } else {
      erase(order_[oldest_]);
      order_[oldest_] = key;
      if (++oldest_ == limit_) oldest_ = 0;
    }
    insert(key);
  }

 private:
  // An id as two numbers, which compare faster than bytes. It ends in random bits, which are counted
  // up within a millisecond.
  struct Key {
    Key() = default;
    explicit Key(const Ulid& id) {
      for (std::size_t i = 0; i < 8; ++i) first = first << 8 | id.bytes[i];
      for (std::size_t i = 8; i < 16; ++i) last = last << 8 | id.bytes[i];
    }
    bool is_nil() const { return (first | last) == 0; }
    friend bool operator==(const Key& a, const Key& b) {
      return a.last == b.last && a.first == b.first;
    }
    std::uint64_t first = 0, last = 0;
  };

  void reserve() {
    while (std::size_t{1} << bits_ < 2 * limit_) ++bits_;
    places_.resize(std::size_t{1} << bits_);
    order_.reserve(limit_);
  }

  // Multiplied, the lowest bits tell in the highest.
  std::size_t home(const Key& key) const {
    return static_cast<std::size_t>(key.last * 0x9E3779B97F4A7C15u >> (64 - bits_));
  }
  std::size_t next(std::size_t at) const { return (at + 1) & (places_.size() - 1); }

  void insert(const Key& key) {
    std::size_t at = home(key);
    while (!places_[at].is_nil()) at = next(at);
    places_[at] = key;
  }

  // Those behind it move up, so that none is out of reach of its home.
  void erase(const Key& key) {
    std::size_t hole = home(key);
    while (!(places_[hole] == key)) hole = next(hole);
    for (std::size_t at = next(hole); !places_[at].is_nil(); at = next(at)) {
      const std::size_t distance = (at - home(places_[at])) & (places_.size() - 1);
      if (distance < ((at - hole) & (places_.size() - 1))) continue;
      places_[hole] = places_[at];
      hole = at;
    }
    places_[hole] = {};
  }

  const std::size_t limit_;
  std::vector<Key> places_;  // open addressing; nil where there is none
  std::vector<Key> order_;   // as they were added, in a circle
  std::size_t oldest_ = 0;
  unsigned bits_ = 2;
};

}  // namespace annal
