#include "annal/owned_here.hpp"

#include <pthread.h>

#include <atomic>
#include <new>

namespace annal {

namespace {

std::atomic<unsigned> forks{0};  // that lie between the first process and this one

void count_fork() { ++forks; }

}  // namespace

Birthplace::Birthplace() : forks_(forks) {
  static const int counted = ::pthread_atfork(nullptr, nullptr, &count_fork);
  if (counted != 0) throw std::bad_alloc();
}

bool Birthplace::is_here() const noexcept {
  return forks_ == forks.load(std::memory_order_relaxed);
}

}  // namespace annal
