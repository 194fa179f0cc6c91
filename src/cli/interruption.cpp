#include "interruption.hpp"

namespace annal::cli {

Interruption::Interruption() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  waiting_ = std::thread([this] { wait(); });
}

void Interruption::wait() {
  int signal = 0;
  sigwait(&signals_, &signal);
  if (ending_) return;
  stop_.request_stop();
  sigwait(&signals_, &signal);
  if (ending_) return;
  pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  ::raise(signal);  // ends the process
}

Interruption::~Interruption() {
  ending_ = true;
  pthread_kill(waiting_.native_handle(), SIGTERM);  // ends its wait, and nothing else
  waiting_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace annal::cli
