// How a run measures time, and lets it pass: the machine's way, or a test's.
#pragma once

#include "annal/time/monotonic.hpp"

#include <atomic>
#include <chrono>
#include <stop_token>

namespace annal::effects {

//   threads   every member: any number of callers
class RunTime : public MonotonicClock {
 public:
  // Returns when the time has passed, or the stop is asked for.
  virtual void sleep(std::chrono::nanoseconds duration, const std::stop_token& stop) const = 0;
  // Whether it passes while nobody sleeps. Where it does not, nobody is left behind at a deadline:
  // what takes too long is found out when it is done.
  virtual bool passes_by_itself() const = 0;
};

// The machine's. Lives as long as the program.
const RunTime& machine_time();

// Stands still, but for those who sleep and whoever moves it: an hour of retries takes no time.
class VirtualTime final : public RunTime {
 public:
  std::chrono::nanoseconds reading() const override {
    return std::chrono::nanoseconds(now_.load());
  }
  void sleep(std::chrono::nanoseconds duration, const std::stop_token&) const override {
    advance(duration);
  }
  bool passes_by_itself() const override { return false; }
  void advance(std::chrono::nanoseconds duration) const { now_ += duration.count(); }

 private:
  mutable std::atomic<std::chrono::nanoseconds::rep> now_{0};
};

}  // namespace annal::effects
