// What is published without waiting: done in order on a thread of its own.
#pragma once

#include "annal/event/envelope.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace annal {

// The thread begins with the first event.
//   threads   every member: any number of callers; destroyed by one, and not by `publish`
class Backlog {
 public:
  struct Waiting {
    Envelope event;
    unsigned depth = 1;
  };
  // Takes all that waits, at most `together`; must not throw.
  using Publish = std::function<void(std::vector<Waiting>)>;

  Backlog(std::size_t limit, std::size_t together, Publish publish)
      : limit_(limit), together_(together), publish_(std::move(publish)) {}
  ~Backlog() { stop(); }
  Backlog(const Backlog&) = delete;
  Backlog& operator=(const Backlog&) = delete;

  // Publishes what waits, and takes nothing more.
  void stop();
  //   returns   false if as many wait as may, or it has stopped
  bool add(Waiting waiting);
  // Waits until everything added before is published.
  //   returns   false if the time is up before
  bool wait_until_empty(std::chrono::milliseconds timeout);
  bool is_thread_of_this() const { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  void run();

  const std::size_t limit_, together_;
  const Publish publish_;
  std::mutex mutex_;
  std::condition_variable added_, done_;
  std::deque<Waiting> waiting_;
  bool is_publishing_ = false, stopping_ = false;
  std::thread thread_;
};

}  // namespace annal
