// The aspect that counts and times calls.
#pragma once

#include "annal/call/join_point.hpp"
#include "annal/time/monotonic.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace annal {

// What is known of the calls of one target that have ended, however they ended.
struct MethodMetrics {
  std::string name;
  std::uint64_t count = 0;
  std::uint64_t errors = 0;  // calls that threw
  std::chrono::nanoseconds min{};
  std::chrono::nanoseconds max{};
  std::chrono::nanoseconds total{};

  std::chrono::nanoseconds mean() const;  // 0 without calls
  double error_rate() const;              // 0–1; 0 without calls
};

//   cost      two clock readings and a look-up by name a call
//   threads   any number of callers
class Metrics : public Interceptor {
 public:
  explicit Metrics(const MonotonicClock& clock = monotonic_clock()) : clock_(&clock) {}
  void around(const JoinPoint& point, const std::function<void()>& proceed) override;

  // Every target called since the start or the last reset, by name.
  std::vector<MethodMetrics> snapshot() const;
  // One target's; zeros if it was not called.
  MethodMetrics of(std::string_view target) const;
  void reset();

 private:
  void note(std::string_view target, std::chrono::nanoseconds duration, bool failed);

  const MonotonicClock* clock_;
  mutable std::mutex mutex_;
  std::map<std::string, MethodMetrics, std::less<>> methods_;
};

}  // namespace annal
