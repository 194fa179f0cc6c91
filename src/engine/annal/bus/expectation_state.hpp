// What an expectation and its subscription share.
#pragma once

#include "annal/bus/expectation.hpp"
#include "annal/bus/subscriber.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>

namespace annal {

struct Expectation::State {
  // What the predicate throws is a failure of the subscription.
  void take(const EventPointer& candidate);

  const void* bus = nullptr;  // what turns are known by
  std::function<bool(const Envelope&)> predicate;
  std::mutex mutex;
  std::condition_variable came;
  EventPointer event;
};

}  // namespace annal
