// Readings to measure durations with: they never go back and say nothing about the time of day.
#pragma once

#include <chrono>

namespace annal {

// Tests pass one they move by hand.
//   threads   any number of callers
class MonotonicClock {
 public:
  virtual ~MonotonicClock() = default;
  virtual std::chrono::nanoseconds reading() const = 0;
};

// The machine's. Lives as long as the program.
inline const MonotonicClock& monotonic_clock() {
  struct Steady final : MonotonicClock {
    std::chrono::nanoseconds reading() const override {
      return std::chrono::steady_clock::now().time_since_epoch();
    }
  };
  static const Steady steady;
  return steady;
}

// The machine's that goes on while the machine sleeps. Lives as long as the program.
const MonotonicClock& sleepless_clock();

}  // namespace annal
