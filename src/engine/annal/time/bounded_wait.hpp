// Waits that no clock overflows.
#pragma once

#include <chrono>

namespace annal {

// As good as for ever, and far from what a count of nanoseconds holds.
inline constexpr std::chrono::nanoseconds longest_wait = std::chrono::hours(24 * 365 * 100);

// The duration, but no less than nothing and no more than a hundred years.
template <class Rep, class Period>
constexpr std::chrono::nanoseconds bounded_wait(std::chrono::duration<Rep, Period> wait) {
  if (wait <= wait.zero()) return std::chrono::nanoseconds(0);
  if (std::chrono::duration<double>(wait) >= std::chrono::duration<double>(longest_wait))
    return longest_wait;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(wait);
}

}  // namespace annal
