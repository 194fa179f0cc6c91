#include "annal/bus/backlog.hpp"

#include "annal/time/bounded_wait.hpp"

#include <algorithm>
#include <iterator>
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
  if (waiting_.size() >= limit_) return Added::full;
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
  while (!waiting_.empty()) {
    const auto taken = std::min(waiting_.size(), together_);
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(taken);
    std::vector<Waiting> events(std::make_move_iterator(waiting_.begin()),
                                std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
    lock.unlock();
    publish_(std::move(events));
    lock.lock();
    published_ += taken;
    done_.notify_all();
  }
  is_publishing_ = false;
}

}  // namespace annal
