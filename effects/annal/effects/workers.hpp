// Threads on which runs do several things at once.
//
//   annal::effects::Workers workers;
//   all(std::move(charges)).run(handlers, {.workers = &workers});
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace annal::effects {

struct WorkerStatistics {
  std::size_t threads = 0;  // begun so far; they stay
  std::size_t busy = 0;
};

// Outlives the runs that are given it; destroyed when what it does is done, also what a timeout left
// behind.
//   threads   every member: any number of callers
class Workers {
 public:
  //   at_most   threads; they begin as they are needed
  // Throws InvalidInput for none.
  explicit Workers(std::size_t at_most = 32);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Begins the work at once, so many times or not at all; once the end has come, not at all.
  //   work      must not throw
  //   done      called after it, when the thread is to be had again; must not throw
  //   returns   false if so many threads are not to be had
  bool try_begin(std::function<void()> work, std::function<void()> done = {},
                 std::size_t times = 1);

  // Threads that have nothing to do, or could be begun.
  std::size_t free() const;
  WorkerStatistics statistics() const;

 private:
  void run();

  const std::size_t at_most_;
  mutable std::mutex mutex_;
  std::condition_variable begun_;
  struct Work {
    std::function<void()> work, done;
  };
  std::deque<Work> begun_work_;  // that no thread has taken yet
  std::size_t idle_ = 0;         // threads without work, and without one begun
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace annal::effects
