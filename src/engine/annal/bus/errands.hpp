// What the bus has to do that nobody waits for: told on a thread of its own, in order.
#pragma once

#include "annal/bus/alarms.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace annal {

// While it lives, this thread does for a bus what nobody waits for: recording does not wait until
// others were told.
class Unawaited {
 public:
  explicit Unawaited(const void* bus);
  ~Unawaited();
  Unawaited(const Unawaited&) = delete;
  Unawaited& operator=(const Unawaited&) = delete;

  // Whether one lives on this thread.
  static bool is_here(const void* bus);

 private:
  const void* const outer_;
};

// The thread begins with the first errand; where none can be made, an alarm tries again. Without one,
// somebody calls run_all.
//   threads   every member: any number of callers; destroyed by one, and not by an errand
class Errands {
 public:
  using Work = std::function<void()>;

  //   bus       whose they are, or null
  //   alarms    stopped before this is; null: what no thread can be made for is refused
  Errands(const void* bus, bool has_thread, Alarms* alarms)
      : bus_(bus), has_thread_(has_thread), alarms_(alarms) {}
  ~Errands() { stop(); }
  Errands(const Errands&) = delete;
  Errands& operator=(const Errands&) = delete;

  // What the work throws is dropped with it.
  //   returns   false once stopped, or without memory: it is not done
  bool add(Work work) noexcept;
  // Does what waits, and takes nothing more.
  void stop();
  // Does what waits on this thread; what another thread has begun so is waited for.
  void run_all();

 private:
  // With the mutex.
  //   returns   false where there is no thread, and nobody will try again
  bool begin();
  void run();
  void run_next(std::unique_lock<std::mutex>& lock);

  const void* const bus_;
  const bool has_thread_;
  Alarms* const alarms_;
  std::mutex mutex_;
  std::condition_variable added_, done_;
  std::deque<Work> waiting_;
  bool stopping_ = false;
  bool is_running_all_ = false;  // somebody is
  std::thread thread_;
};

}  // namespace annal
