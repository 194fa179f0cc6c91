// What the tests of observers share: a bus whose clock is moved by hand, observers whose calls last as
// long as they are to, and notes of what they were told.
#pragma once

#include "engine/bus/events.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <string>
#include <utility>

namespace annal::test {

inline constexpr std::chrono::seconds long_enough{20};

// What observers on several threads note, and wait for.
class Notes {
 public:
  void add(std::string note) {
    std::lock_guard lock(mutex_);
    notes_.push_back(std::move(note));
    changed_.notify_all();
  }
  bool wait_for(std::size_t notes) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, long_enough, [&] { return notes_.size() >= notes; });
  }
  Names all() const {
    std::lock_guard lock(mutex_);
    return notes_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Names notes_;
};

inline Envelope numbered(int number, std::string stream) {
  auto event = event_of("task.progress", std::move(stream));
  event.data = std::to_string(number);
  return event;
}

class ObserverRig : public ::testing::Test {
 protected:
  ObserverRig() : bus(catalogue, options()) {}

  BusOptions options() {
    BusOptions made;
    made.monotonic = &monotonic;
    made.patience = long_enough;
    return made;
  }
  Connection observe(ObserverHandler handler, ObserverOptions with = {}) {
    if (with.name.empty()) with.name = "observer";
    return bus.observers().add(interest, std::move(handler), std::move(with));
  }
  // One whose calls last until they may end.
  Connection observe_held(ObserverOptions with = {}) {
    return observe(
        [this](const Envelope& event, std::stop_token) {
          begun.add(event.data);
          may_end.wait();
          ended.add(event.data);
        },
        std::move(with));
  }
  void let_end() {
    if (!is_open.exchange(true)) may_end.count_down();
  }
  ~ObserverRig() override { let_end(); }
  ObserverStatus status() { return bus.observers().status().front(); }
  bool idle() { return bus.observers().wait_until_idle(long_enough); }

  Query interest;  // of those that are added
  Catalogue catalogue;
  ManualMonotonicClock monotonic;
  Notes begun, ended;
  std::latch may_end{1};
  std::atomic<bool> is_open{false};
  Bus bus;
};

}  // namespace annal::test
