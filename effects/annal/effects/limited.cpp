#include "annal/effects/limited.hpp"

namespace annal::effects {

namespace {

// What whoever waits and whoever works share.
struct Shared {
  explicit Shared(std::shared_ptr<Limited> of) : limited(std::move(of)) {}

  void work() {
    try {
      limited->work();
    } catch (...) {
      thrown = std::current_exception();
    }
  }
  void tell() {
    std::lock_guard lock(mutex);
    limited->thrown = thrown;
    is_done = true;
    done.notify_all();
  }

  const std::shared_ptr<Limited> limited;
  std::exception_ptr thrown;
  std::mutex mutex;
  std::condition_variable done;
  bool is_done = false;
};

}  // namespace

bool perform_within(std::chrono::nanoseconds limit, const std::shared_ptr<Limited>& limited,
                    Workers* workers, const RunTime& time) {
  const auto shared = std::make_shared<Shared>(limited);
  if (workers == nullptr || !time.passes_by_itself() ||
      !workers->try_begin([shared] { shared->work(); }, [shared] { shared->tell(); })) {
    const auto begun = time.reading();
    shared->work();
    shared->tell();
    return limited->thrown || time.reading() - begun <= limit;
  }
  std::unique_lock lock(shared->mutex);
  if (shared->done.wait_for(lock, limit, [&] { return shared->is_done; })) return true;
  lock.unlock();
  limited->stop.request_stop();
  return false;
}

std::string time_is_up(std::chrono::nanoseconds limit) {
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(limit);
  return "it was not done within " + std::to_string(whole.count()) + " ms";
}

}  // namespace annal::effects
