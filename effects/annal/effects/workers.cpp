#include "annal/effects/workers.hpp"

#include "annal/error.hpp"

#include <system_error>
#include <utility>

namespace annal::effects {

Workers::Workers(std::size_t at_most) : at_most_(at_most) {
  if (at_most == 0) throw InvalidInput("workers need a thread: at_most is 0; use 1 at least");
}

Workers::~Workers() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  begun_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool Workers::try_begin(std::function<void()> work) {
  std::lock_guard lock(mutex_);
  if (idle_ == 0) {
    if (threads_.size() == at_most_) return false;
    threads_.reserve(threads_.size() + 1);
    begun_work_.push_back(std::move(work));
    try {
      threads_.emplace_back([this] { run(); });
    } catch (const std::system_error&) {
      begun_work_.pop_back();
      return false;
    }
    return true;
  }
  begun_work_.push_back(std::move(work));
  --idle_;
  begun_.notify_one();
  return true;
}

void Workers::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    begun_.wait(lock, [&] { return ending_ || !begun_work_.empty(); });
    if (begun_work_.empty()) return;
    auto work = std::move(begun_work_.front());
    begun_work_.pop_front();
    lock.unlock();
    work();
    work = nullptr;  // what it holds may end here
    lock.lock();
    ++idle_;
  }
}

std::size_t Workers::free() const {
  std::lock_guard lock(mutex_);
  return idle_ + at_most_ - threads_.size();
}

WorkerStatistics Workers::statistics() const {
  std::lock_guard lock(mutex_);
  return {threads_.size(), threads_.size() - idle_};
}

}  // namespace annal::effects
