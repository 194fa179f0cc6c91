// What is published without waiting: done in order on a thread of its own.
#pragma once

#include "annal/bus/errands.hpp"
#include "annal/event/envelope.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

namespace annal {

//   threads   every member: any number of callers; destroyed by one, and not by `publish`
class Backlog {
 public:
  struct Waiting {
    Envelope event;
    unsigned depth = 1;
  };
  // Takes all that waits, at most `together`. What it throws is dropped with what it was given.
  using Publish = std::function<void(std::vector<Waiting>)>;

  Backlog(std::size_t limit, std::size_t together, Publish publish)
      : limit_(limit), together_(together), publish_(std::move(publish)) {}

  // Publishes what waits, and takes nothing more.
  void stop();
  enum class Added { yes, full, stopped, no_thread };
  Added add(Waiting waiting);
  // Waits until everything added before is published.
  //   returns   false if the time is up before
  bool wait_until_done(std::chrono::milliseconds timeout);

 private:
  void publish_next();
  std::vector<Waiting> take();

  const std::size_t limit_, together_;
  const Publish publish_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::deque<Waiting> waiting_;
  std::uint64_t added_ = 0, published_ = 0;
  bool is_publishing_ = false, is_stopped_ = false;
  Errands thread_{nullptr, true, nullptr};  // last: it uses all of the above
};

}  // namespace annal
