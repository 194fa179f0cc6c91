#include "annal/bus/errands.hpp"

#include <chrono>
#include <exception>
#include <system_error>
#include <utility>

namespace annal {

namespace {

constexpr std::chrono::milliseconds pause_before_next_thread{100};

// The bus for which this thread does what nobody waits for.
constinit thread_local const void* unawaited_for = nullptr;

}  // namespace

Unawaited::Unawaited(const void* bus) : outer_(std::exchange(unawaited_for, bus)) {}
Unawaited::~Unawaited() { unawaited_for = outer_; }
bool Unawaited::is_here(const void* bus) { return unawaited_for == bus; }

bool Errands::add(Work work) noexcept try {
  std::lock_guard lock(mutex_);
  if (stopping_) return false;
  waiting_.push_back(std::move(work));
  if (has_thread_ && !thread_.joinable() && !begin()) {
    waiting_.pop_back();
    return false;
  }
  added_.notify_one();
  return true;
} catch (const std::exception&) {
  return false;
}

bool Errands::begin() {
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    if (!alarms_) return false;
    alarms_->after(pause_before_next_thread, [this] {
      std::lock_guard lock(mutex_);
      if (!stopping_ && !waiting_.empty() && !thread_.joinable()) begin();
    });
  }
  return true;
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
  done_.wait(lock, [&] { return !is_running_all_; });
  is_running_all_ = true;
  while (!waiting_.empty()) run_next(lock);
  is_running_all_ = false;
  done_.notify_all();
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
