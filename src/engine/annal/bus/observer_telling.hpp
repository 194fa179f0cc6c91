// What this thread is doing for the observers of a bus.
#pragma once

#include <utility>

namespace annal {

// Lives on the stack of a thread that runs what an observer was given: its handler or its key; or
// lets go of an owner, who may end there. What it publishes there does not wait for observers.
class ObserverTelling {
 public:
  enum class Of { call, letting_go };

  //   pool    whatever stands for it
  explicit ObserverTelling(const void* pool, Of of = Of::call)
      : pool_(pool), of_(of), outer_(std::exchange(innermost_, this)) {}
  ~ObserverTelling() { innermost_ = outer_; }
  ObserverTelling(const ObserverTelling&) = delete;
  ObserverTelling& operator=(const ObserverTelling&) = delete;

  // Whether this thread runs anything of the pool's observers.
  static bool inside(const void* pool) {
    for (const auto* telling = innermost_; telling; telling = telling->outer_)
      if (telling->pool_ == pool) return true;
    return false;
  }
  // Whether it is in a call that others may wait for.
  static bool in_a_call(const void* pool) {
    for (const auto* telling = innermost_; telling; telling = telling->outer_)
      if (telling->pool_ == pool && telling->of_ == Of::call) return true;
    return false;
  }

 private:
  static inline constinit thread_local const ObserverTelling* innermost_ = nullptr;

  const void* const pool_;
  const Of of_;
  const ObserverTelling* const outer_;
};

}  // namespace annal
