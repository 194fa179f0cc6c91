// Calls into the functions of a live rule, which can be cut off and waited for.
#pragma once

#include "annal/bus/turn.hpp"
#include "annal/error.hpp"

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>

namespace annal {

//   threads   every member: any number of callers
class RuleCalls {
 public:
  // On the stack of the thread that calls the rule's functions, which it may only where this is true.
  class Call {
   public:
    explicit Call(RuleCalls& calls)
        : calls_(calls), began_(calls.begin()), outer_(std::exchange(innermost_, this)) {}
    ~Call() {
      innermost_ = outer_;
      if (began_) calls_.end();
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    explicit operator bool() const { return began_; }

   private:
    friend class RuleCalls;
    RuleCalls& calls_;
    const bool began_;
    const Call* const outer_;
  };

  //   bus   what its turns are known by
  explicit RuleCalls(const void* bus) : bus_(bus) {}
  RuleCalls(const RuleCalls&) = delete;
  RuleCalls& operator=(const RuleCalls&) = delete;

  // No call begins afterwards.
  void cut() noexcept {
    std::lock_guard lock(mutex_);
    cut_ = true;
  }
  bool is_cut() const {
    std::lock_guard lock(mutex_);
    return cut_;
  }
  // Waits until those that run have returned.
  //   throws    WouldDeadlock inside a handler of the bus, or a function of one of its rules
  void wait() {
    if (Turn::inside(bus_) || is_inside())
      throw WouldDeadlock(
          "a handler waits for a rule of its own bus to return: disconnect() does not wait");
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [&] { return running_ == 0; });
  }

 private:
  bool begin() {
    std::lock_guard lock(mutex_);
    if (!cut_) ++running_;
    return !cut_;
  }
  void end() {
    std::lock_guard lock(mutex_);
    if (--running_ == 0) ended_.notify_all();
  }
  bool is_inside() const {
    for (const Call* call = innermost_; call; call = call->outer_)
      if (call->calls_.bus_ == bus_) return true;
    return false;
  }

  static inline constinit thread_local const Call* innermost_ = nullptr;

  const void* const bus_;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t running_ = 0;
  bool cut_ = false;
};

}  // namespace annal
