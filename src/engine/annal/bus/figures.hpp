// How often something happens and how long it takes: what the bus counts for each type of event,
// each entity and each subscriber.
#pragma once

#include "annal/time/clock.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace annal {

// Quantiles of durations, to a fifth of their size; zero where nothing was measured.
struct Latencies {
  std::uint64_t measured = 0;  // of all calls, a sample
  std::chrono::nanoseconds p50{}, p95{}, p99{}, longest{};
};

// What was counted of one thing.
struct Figures {
  std::uint64_t count = 0;   // since it was first seen
  std::uint64_t errors = 0;  // handlers that threw
  double per_minute = 0;     // in the last 60 seconds, to the second
  std::optional<Timestamp> last;
  Latencies latencies;
};

// The second of a time, since the Unix epoch.
std::int64_t second_of(Timestamp time);

// Events of the last minute, in slots of a second.
//   threads   one at a time
class SlidingCount {
 public:
  //   second    since the Unix epoch; what is earlier than the newest counts as that one
  void add(std::int64_t second) {
    if (second > newest_) move_to(second);
    ++counts_[place_];
  }
  // In the 60 seconds before `now`.
  double per_minute(Timestamp now) const;
  // Everything that was ever added to the other, as if it had been added here.
  void add(const SlidingCount& other);

 private:
  static constexpr std::int64_t slots = 61;  // the one in which we are, and 60 before it
  void move_to(std::int64_t second);

  std::int64_t newest_ = 0;  // the second that the newest slot is of
  std::size_t place_ = 0;    // of that slot: newest_ % slots
  std::array<std::uint32_t, slots> counts_{};
};

// Four slots for each doubling, from 64 ns to about a day.
//   threads   any number of callers
class LatencyHistogram {
 public:
  void add(std::chrono::nanoseconds duration);
  void add_to(LatencyHistogram& other) const;
  Latencies latencies() const;

 private:
  static constexpr std::size_t slots = 164;
  static std::size_t slot_of(std::uint64_t nanoseconds);
  // The middle of a slot.
  static std::chrono::nanoseconds value_of(std::size_t slot);
  std::chrono::nanoseconds quantile(double part, std::uint64_t all) const;

  std::array<std::atomic<std::uint32_t>, slots> counts_{};
  std::atomic<std::uint64_t> longest_{0};
};

}  // namespace annal
