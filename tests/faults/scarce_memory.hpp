// Memory that runs out on demand: operator new and SQLite's own allocations, which a test program
// that is linked with this asks first.
#pragma once

#include <cstdint>

namespace annal::test {

enum class Shortage { once, for_good };
enum class Whose { this_thread, other_threads };

// While it lives, the n-th allocation (from 1) of the threads meant fails, or that and all after it.
// One at a time.
class ScarceMemory {
 public:
  ScarceMemory(std::uint64_t nth, Shortage shortage, Whose whose = Whose::this_thread);
  ~ScarceMemory();
  ScarceMemory(const ScarceMemory&) = delete;
  ScarceMemory& operator=(const ScarceMemory&) = delete;

  // From here on there is memory again.
  void heal();
  // How many allocations have failed.
  std::uint64_t failed() const;
};

}  // namespace annal::test
