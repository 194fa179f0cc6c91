// What an expectation and its subscription share.
#pragma once

#include "annal/bus/expectation.hpp"
#include "annal/bus/subscriber.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace annal {

struct Expectation::State {
  // What the predicate throws is a failure of the subscription.
  void take(const EventPointer& candidate);
  // Waits for calls of the predicate on other threads; none begins afterwards.
  void end();

  const void* bus = nullptr;  // what turns are known by
  std::function<bool(const Envelope&)> predicate;
  std::mutex mutex;
  std::condition_variable changed;
  EventPointer event;
  std::vector<std::thread::id> asking;  // threads that are in the predicate
  bool ended = false;
};

}  // namespace annal
