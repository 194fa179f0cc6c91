// What is to be done at a time to come: timeouts, delays, windows that close.
#pragma once

#include "annal/time/bounded_wait.hpp"
#include "annal/time/monotonic.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace annal {

// On the machine's clock a thread of its own waits, which begins with the first alarm. On another
// clock somebody calls run_due.
//   threads   every member: any number of callers, also from work that is due; destroyed by one, and
//             not by such work
class Alarms {
 public:
  using Work = std::function<void()>;

  //   clock     null: the machine's; must outlive this
  explicit Alarms(const MonotonicClock* clock);
  ~Alarms() { stop(); }
  Alarms(const Alarms&) = delete;
  Alarms& operator=(const Alarms&) = delete;

  std::chrono::nanoseconds now() const { return clock_.reading(); }
  //   work      must not throw, nor wait for anybody: the next waits for it
  void at(std::chrono::nanoseconds reading, Work work);
  template <class Rep, class Period>
  void after(std::chrono::duration<Rep, Period> delay, Work work) {
    at(now() + bounded_wait(delay), std::move(work));
  }

  // Where no thread could be made for what was set before: tries again. For those who set nothing
  // because an earlier alarm of theirs will do.
  void keep_going();

  // Waits for the work that is being done. What is not due yet is never done, and nothing is taken.
  void stop();

  // Does what is due by now, in the order of the times, on this thread.
  //   returns   how much was done
  std::size_t run_due();
  // Whether it has a thread, or somebody calls run_due.
  bool waits_by_itself() const { return waits_by_itself_; }

 private:
  // With the mutex.
  void begin();
  void wait_and_run();
  // The next that is due, taken out; nothing if there is none.
  Work take_due();

  const MonotonicClock& clock_;
  const bool waits_by_itself_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<std::chrono::nanoseconds, Work> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace annal
