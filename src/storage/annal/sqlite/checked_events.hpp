// Which events have been held against their hashes since the log was opened.
#pragma once

#include "annal/event/position.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace annal::sqlite {

// A bit for each position. What is not remembered is checked again, which is all that follows.
//   threads   any number of callers
//   memory    8 KiB for 65,536 positions, once one of them is added
// Source: docs/decisions/0017-an-event-is-hashed-once.md
class CheckedEvents {
 public:
  CheckedEvents() = default;
  ~CheckedEvents();
  CheckedEvents(const CheckedEvents&) = delete;
  CheckedEvents& operator=(const CheckedEvents&) = delete;

  bool contains(Position position) const noexcept;
  void add(Position position) noexcept;

 private:
  static constexpr std::uint64_t chunk_positions = 65536;
  using Chunk = std::array<std::atomic<std::uint64_t>, chunk_positions / 64>;

  std::array<std::atomic<Chunk*>, 16384> chunks_{};  // for the first 2³⁰ positions
};

}  // namespace annal::sqlite
