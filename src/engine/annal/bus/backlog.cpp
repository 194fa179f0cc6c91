#include "annal/bus/backlog.hpp"

#include <algorithm>
#include <utility>

namespace annal {

void Backlog::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  added_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Backlog::add(Waiting waiting) {
  std::lock_guard lock(mutex_);
  if (stopping_ || waiting_.size() >= limit_) return false;
  waiting_.push_back(std::move(waiting));
  if (!thread_.joinable())
    thread_ = std::thread([this] { run(); });
  else if (waiting_.size() == 1)
    added_.notify_one();
  return true;
}

bool Backlog::wait_until_empty(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return done_.wait_for(lock, timeout, [&] { return waiting_.empty() && !is_publishing_; });
}

void Backlog::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    added_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;  // it stops, and nothing is left
    const auto taken = std::min(waiting_.size(), together_);
    std::vector<Waiting> events(
        std::make_move_iterator(waiting_.begin()),
        std::make_move_iterator(waiting_.begin() + static_cast<std::ptrdiff_t>(taken)));
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(taken));
    is_publishing_ = true;
    lock.unlock();
    publish_(std::move(events));
    lock.lock();
    is_publishing_ = false;
    if (waiting_.empty()) done_.notify_all();
  }
}

}  // namespace annal
