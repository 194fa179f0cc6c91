// What the writer remembers of streams, so that most events need no look into the index.
#pragma once

#include "annal/sqlite/posting.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace annal::sqlite {

// The streams used last, within a bound of bytes. They are kept in two generations of half the
// bound each; what is used moves to the younger, and the older goes as a whole.
//   threads   the writer's
//   cost      of a look-up: two cache lines; of a stream: some 40 bytes and its name
class StreamCache {
 public:
  struct Stream {
    IndexKey key = 0;  // the number of its name; negative as long as it has none
    Version version;
  };

  explicit StreamCache(std::size_t bytes) : generation_bytes_(bytes / 2) {}

  // Brings near what a look-up of the stream will need.
  void prefetch(std::string_view name) const;
  // Null if it is not remembered; good until the next call.
  Stream* find(std::string_view name);
  // Of a stream that is not remembered. Nothing is forgotten for it.
  Stream& put(std::string_view name, Stream stream);
  // Forgets what was not used for long, if there is too much.
  void age();
  void clear() noexcept;

 private:
  // A hash table whose slots lie in a row, with the names one after another beside it.
  class Generation {
   public:
    void prefetch(std::uint32_t hash) const;
    Stream* find(std::string_view name, std::uint32_t hash);
    Stream& put(std::string_view name, std::uint32_t hash, Stream stream);
    std::size_t bytes() const { return slots_.size() * sizeof(Slot) + names_.size(); }

   private:
    struct Slot {
      std::uint32_t hash = 0;
      std::uint32_t name = 0;  // where it begins, counted from 1; 0: the slot is free
      Stream stream;
    };
    Slot& slot_of(std::string_view name, std::uint32_t hash);
    bool has_name(const Slot& slot, std::string_view name) const;
    void grow();

    std::vector<Slot> slots_;  // a power of two of them
    std::string names_;        // each behind its length
    std::size_t used_ = 0;
  };

  const std::size_t generation_bytes_;
  Generation young_, old_;
};

}  // namespace annal::sqlite
