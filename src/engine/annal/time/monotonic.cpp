#include "annal/time/monotonic.hpp"

#include <time.h>

namespace annal {

const MonotonicClock& sleepless_clock() {
  struct Sleepless final : MonotonicClock {
    std::chrono::nanoseconds reading() const override {
      timespec time{};
      ::clock_gettime(CLOCK_BOOTTIME, &time);
      return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    }
  };
  static const Sleepless sleepless;
  return sleepless;
}

}  // namespace annal
