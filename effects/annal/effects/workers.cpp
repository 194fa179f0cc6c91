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

bool Workers::try_begin(std::function<void()> work, std::function<void()> done, std::size_t times) {
  std::lock_guard lock(mutex_);
  if (ending_ || times > idle_ + at_most_ - threads_.size()) return false;
  // Threads that are begun in vain find nothing to do, and are idle.
  try {
    threads_.reserve(at_most_);
    for (; idle_ < times; ++idle_) threads_.emplace_back([this] { run(); });
  } catch (const std::system_error&) {
    return false;
  }
  idle_ -= times;
  for (std::size_t i = 0; i < times; ++i) begun_work_.push_back({work, done});
  if (times == 1)
    begun_.notify_one();
  else
    begun_.notify_all();
  return true;
}

void Workers::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    begun_.wait(lock, [&] { return ending_ || !begun_work_.empty(); });
    if (begun_work_.empty()) return;
    Work next = std::move(begun_work_.front());
    begun_work_.pop_front();
    lock.unlock();
    next.work();
    next.work = nullptr;  // what it holds may end here
    lock.lock();
    ++idle_;
    lock.unlock();
    if (next.done) next.done();
    next.done = nullptr;
    lock.lock();
  }
}

std::size_t Workers::free() const {
  std::lock_guard lock(mutex_);
  return ending_ ? 0 : idle_ + at_most_ - threads_.size();
}

WorkerStatistics Workers::statistics() const {
  std::lock_guard lock(mutex_);
  return {threads_.size(), threads_.size() - idle_};
}

}  // namespace annal::effects
