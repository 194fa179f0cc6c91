// Ctrl-C and SIGTERM, asked of a long command that clears up before it ends.
#pragma once

#include <signal.h>

#include <atomic>
#include <stop_token>
#include <thread>

namespace annal::cli {

// While it lives the first of the two signals does not end the process; the second does, for who will
// not wait. Made before other threads are.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // Asked to stop when one of the signals has come.
  std::stop_token token() const { return stop_.get_token(); }

 private:
  void wait();

  sigset_t signals_{}, before_{};
  std::stop_source stop_;
  std::atomic<bool> ending_{false};
  std::thread waiting_;
};

}  // namespace annal::cli
