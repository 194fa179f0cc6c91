#include "annal/effects/run_time.hpp"

#include <condition_variable>
#include <mutex>

namespace annal::effects {

const RunTime& machine_time() {
  struct OfTheMachine final : RunTime {
    std::chrono::nanoseconds reading() const override { return monotonic_clock().reading(); }
    void sleep(std::chrono::nanoseconds duration, const std::stop_token& stop) const override {
      std::mutex mutex;
      std::condition_variable_any asked;
      std::unique_lock lock(mutex);
      asked.wait_for(lock, stop, duration, [] { return false; });
    }
    bool passes_by_itself() const override { return true; }
  };
  static const OfTheMachine time;
  return time;
}

}  // namespace annal::effects
