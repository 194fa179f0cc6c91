#include "annal/time/clock_watch.hpp"

#include <utility>

namespace annal {

ClockWatch::ClockWatch(const Clock& clock, const MonotonicClock& passing)
    : clock_(clock), passing_(passing), time_(clock.now()), reading_(passing.reading()) {}

std::optional<std::chrono::microseconds> ClockWatch::look() noexcept {
  using std::chrono::microseconds;
  const auto reading = passing_.reading();
  const Timestamp time = clock_.now();
  const auto passed =
      std::chrono::duration_cast<microseconds>(reading - std::exchange(reading_, reading));
  const microseconds beyond = time - std::exchange(time_, time) - passed;
  if (beyond <= clock_jump) return std::nullopt;
  return beyond;
}

}  // namespace annal
