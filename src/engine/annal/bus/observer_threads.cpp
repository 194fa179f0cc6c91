// The threads on which observers are told: as many as asked for, and one more for each call that is
// overdue.
#include "annal/bus/observer_pool.hpp"
#include "annal/time/bounded_wait.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace annal {

namespace {

// About what waking a thread costs: where events come faster, none has to be woken.
constexpr std::chrono::microseconds longest_look_out{50};
constexpr std::chrono::milliseconds pause_before_next_thread{100};

}  // namespace

void ObserverPool::wake_one() {
  has_turns_ = true;
  if (waking_ || looking_out_) return;  // whoever takes a turn wakes the next
  if (sleeping_ > 0) {
    waking_ = true;
    work_.notify_one();
  } else if (wants_thread() && !closing_) {
    begin_thread();
  }
}

// Where there are no more threads to have, those there are go on, and it is tried again.
void ObserverPool::begin_thread() {
  try {
    threads_.reserve(threads_.size() + 1);
    std::function<void()> run = [self = shared_from_this()] { self->work(); };
    threads_.push_back(with_.begin_thread ? with_.begin_thread(std::move(run))
                                          : std::thread(std::move(run)));
    ++alive_;
  } catch (const std::system_error&) {
    if (std::exchange(begins_again_, true)) return;
    with_.alarms->after(pause_before_next_thread, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      std::lock_guard lock(self->mutex_);
      self->begins_again_ = false;
      if (!self->turns_.empty()) self->wake_one();
    });
  }
}

void ObserverPool::work() {
  Lock lock(mutex_);
  while (!closing_ && alive_ <= with_.threads + stuck_) {
    if (turns_.empty() && !looking_out_) look_out(lock);
    if (turns_.empty() && !closing_) {
      ++sleeping_;
      work_.wait(lock);  // once: whoever was woken in vain must say that it woke
      --sleeping_;
      waking_ = false;
      continue;
    }
    if (closing_) break;
    Shared observer = std::move(turns_.front());
    turns_.pop_front();
    has_turns_ = !turns_.empty();
    if (!turns_.empty()) wake_one();
    tell_next(lock, observer);
    if (!observer->gone && !closing_) continue;
    lock.unlock();  // its handler may end here
    observer.reset();
    lock.lock();
  }
  --alive_;
  auto before = retire();
  if (!turns_.empty() && !closing_) wake_one();
  idle_.notify_all();
  lock.unlock();
  if (before.joinable()) before.join();
}

std::thread ObserverPool::retire() {
  const auto own = std::find_if(threads_.begin(), threads_.end(), [](const auto& thread) {
    return thread.get_id() == std::this_thread::get_id();
  });
  if (own == threads_.end()) return {};  // close() did not wait for it
  auto before = std::exchange(ended_, std::move(*own));
  threads_.erase(own);
  return before;
}

std::size_t ObserverPool::threads() const {
  std::lock_guard lock(mutex_);
  return threads_.size() + (ended_.joinable() ? 1 : 0);
}

void ObserverPool::look_out(Lock& lock) {
  looking_out_ = true;
  lock.unlock();
  const auto until = std::chrono::steady_clock::now() + longest_look_out;
  while (!has_turns_ && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  lock.lock();
  looking_out_ = false;
}

void ObserverPool::close() {
  std::vector<std::stop_source> stops;
  Lock lock(mutex_);
  if (closing_) return;
  closing_ = true;
  for (const auto& observer : observers_)
    for (const auto& call : observer->calls) stops.push_back(call.stop);
  lock.unlock();
  for (auto& stop : stops) stop.request_stop();
  lock.lock();
  work_.notify_all();
  room_.notify_all();
  idle_.notify_all();
  idle_.wait_for(lock, bounded_wait(with_.patience), [&] { return alive_ == 0; });
  auto running = std::move(threads_);
  threads_.clear();
  auto ended = std::move(ended_);
  const auto turns = std::move(turns_);  // destroyed without the lock, as are the observers
  turns_.clear();
  const auto observers = std::move(observers_);
  observers_.clear();
  lock.unlock();
  for (auto& thread : running) thread.detach();  // it holds what it still uses
  if (ended.joinable()) ended.join();
}

}  // namespace annal
