#include "annal/effects/limited.hpp"

namespace annal::effects {

namespace {

// What whoever waits and whoever works share.
struct Shared {
  explicit Shared(std::shared_ptr<Limited> of) : limited(std::move(of)) {}

  void do_it() {
    std::exception_ptr thrown;
    try {
      limited->work();
    } catch (...) {
      thrown = std::current_exception();
    }
    std::lock_guard lock(mutex);
    limited->thrown = thrown;
    is_done = true;
    done.notify_all();
  }

  const std::shared_ptr<Limited> limited;
  std::mutex mutex;
  std::condition_variable done;
  bool is_done = false;
};

}  // namespace

Limited::Came perform_within(std::chrono::nanoseconds limit,
                             const std::shared_ptr<Limited>& limited, Workers* workers,
                             const RunTime& time) {
  const auto shared = std::make_shared<Shared>(limited);
  if (workers == nullptr || !time.passes_by_itself()) {
    const auto begun = time.reading();
    shared->do_it();
    const bool is_late = !limited->thrown && time.reading() - begun > limit;
    return is_late ? Limited::Came::too_late : Limited::Came::in_time;
  }
  if (!workers->try_begin([shared] { shared->do_it(); })) return Limited::Came::never;
  std::unique_lock lock(shared->mutex);
  if (shared->done.wait_for(lock, limit, [&] { return shared->is_done; }))
    return Limited::Came::in_time;
  lock.unlock();
  limited->stop.request_stop();
  return Limited::Came::too_late;
}

std::string time_is_up(std::chrono::nanoseconds limit) {
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(limit);
  return "it was not done within " + std::to_string(whole.count()) + " ms";
}

}  // namespace annal::effects
