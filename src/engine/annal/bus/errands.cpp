#include "annal/bus/errands.hpp"

#include <exception>
#include <utility>

namespace annal {

namespace {

// The bus for which this thread does what nobody waits for.
constinit thread_local const void* unawaited_for = nullptr;

}  // namespace

Unawaited::Unawaited(const void* bus) : outer_(std::exchange(unawaited_for, bus)) {}
Unawaited::~Unawaited() { unawaited_for = outer_; }
bool Unawaited::is_here(const void* bus) { return unawaited_for == bus; }

bool Errands::add(Work work) noexcept try {
  std::lock_guard lock(mutex_);
  if (stopping_) return false;
  if (has_thread_ && !thread_.joinable()) thread_ = std::thread([this] { run(); });
  waiting_.push_back(std::move(work));
  added_.notify_one();
  return true;
} catch (const std::exception&) {
  return false;
}

void Errands::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  added_.notify_all();
  if (thread_.joinable()) thread_.join();
  run_all();
}

void Errands::run_all() {
  std::unique_lock lock(mutex_);
  while (!waiting_.empty()) run_next(lock);
}

void Errands::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    added_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;  // it stops, and nothing is left
    run_next(lock);
  }
}

void Errands::run_next(std::unique_lock<std::mutex>& lock) {
  Work work = std::move(waiting_.front());
  waiting_.pop_front();
  lock.unlock();
  try {
    const Unawaited unawaited(bus_);
    work();
  } catch (...) {
    // Nobody waits for it. What can be told of, whoever gave it has told; this is a lack of memory.
  }
  work = nullptr;  // what it holds may end here
  lock.lock();
}

}  // namespace annal
