#include "annal/bus/backlog.hpp"

#include "annal/time/bounded_wait.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace annal {

void Backlog::stop() {
  {
    std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  thread_.stop();
}

Backlog::Added Backlog::add(Waiting waiting) {
  std::lock_guard lock(mutex_);
  if (is_stopped_) return Added::stopped;
  if (added_ - published_ >= limit_) return Added::full;
  if (!is_publishing_ && !thread_.add([this] { publish_next(); })) return Added::no_thread;
  is_publishing_ = true;
  waiting_.push_back(std::move(waiting));
  ++added_;
  return Added::yes;
}

bool Backlog::wait_until_done(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return done_.wait_for(lock, bounded_wait(timeout),
                        [this, before = added_] { return published_ >= before; });
}

void Backlog::publish_next() {
  std::unique_lock lock(mutex_);
  struct Ending {
    ~Ending() { is_publishing = false; }
    bool& is_publishing;
  } const ending{is_publishing_};  // also where there is no memory: the next to come tries again
  while (!waiting_.empty()) {
    std::vector<Waiting> events = take();
    const auto taken = events.size();
    lock.unlock();
    try {
      publish_(std::move(events));
    } catch (...) {
      // There is no memory, and nobody to be told.
    }
    lock.lock();
    published_ += taken;
    done_.notify_all();
  }
}

// Fewer where there is no memory for more.
std::vector<Backlog::Waiting> Backlog::take() {
  std::vector<Waiting> events;
  try {
    events.reserve(std::min(waiting_.size(), together_));
  } catch (const std::bad_alloc&) {
    events.reserve(1);
  }
  const auto most = std::min(events.capacity(), together_);
  while (!waiting_.empty() && events.size() < most) {
    events.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return events;
}

}  // namespace annal
