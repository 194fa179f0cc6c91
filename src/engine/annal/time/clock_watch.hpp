// Notices that somebody, or something, has set the clock far ahead.
#pragma once

#include "annal/time/clock.hpp"
#include "annal/time/monotonic.hpp"

#include <chrono>
#include <optional>

namespace annal {

// A jump is more than this beyond the time that passed.
inline constexpr std::chrono::hours clock_jump{24};

// What is recorded bears the clock's time for good, and no later event an earlier one: a clock that
// was once in the next year holds all times up to then.
//   threads   one at a time
class ClockWatch {
 public:
  //   passing   measures the time that passes, that of a sleeping machine included
  ClockWatch(const Clock& clock, const MonotonicClock& passing);

  // How far the clock has gone beyond the time that passed since the last look; nothing if that is
  // no jump.
  //   cost      two readings of clocks
  std::optional<std::chrono::microseconds> look() noexcept;

 private:
  const Clock& clock_;
  const MonotonicClock& passing_;
  Timestamp time_;
  std::chrono::nanoseconds reading_;
};

}  // namespace annal
