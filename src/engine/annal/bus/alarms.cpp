#include "annal/bus/alarms.hpp"

#include <system_error>
#include <utility>

namespace annal {

Alarms::Alarms(const MonotonicClock* clock)
    : clock_(clock ? *clock : monotonic_clock()), waits_by_itself_(clock == nullptr) {}

void Alarms::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Alarms::at(std::chrono::nanoseconds reading, Work work) {
  std::lock_guard lock(mutex_);
  if (stopping_) return;
  const auto added = waiting_.emplace(reading, std::move(work));
  if (!waits_by_itself_) return;
  if (!thread_.joinable())
    begin();
  else if (added == waiting_.begin())
    changed_.notify_one();
}

void Alarms::keep_going() {
  std::lock_guard lock(mutex_);
  if (waits_by_itself_ && !stopping_ && !waiting_.empty() && !thread_.joinable()) begin();
}

void Alarms::begin() {
  try {
    thread_ = std::thread([this] { wait_and_run(); });
  } catch (const std::system_error&) {
    // No thread can be made now: whoever comes next tries again.
  }
}

Alarms::Work Alarms::take_due() {
  std::lock_guard lock(mutex_);
  if (stopping_ || waiting_.empty() || waiting_.begin()->first > clock_.reading()) return nullptr;
  return std::move(waiting_.extract(waiting_.begin()).mapped());
}

std::size_t Alarms::run_due() {
  std::size_t done = 0;
  for (Work work = take_due(); work; work = take_due(), ++done) work();
  return done;
}

void Alarms::wait_and_run() {
  for (;;) {
    run_due();
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    if (waiting_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto left = waiting_.begin()->first - clock_.reading();
    if (left > std::chrono::nanoseconds(0)) changed_.wait_for(lock, left);
  }
}

}  // namespace annal
