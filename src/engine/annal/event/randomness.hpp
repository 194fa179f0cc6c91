// Where random bytes come from: the operating system's generator, or a seed in tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace annal {

//   threads   any number of callers
class Randomness {
 public:
  virtual ~Randomness() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;
};

// Cryptographically strong bytes. Lives as long as the program.
//   throws    StorageError if the operating system has no randomness to give
Randomness& system_randomness();

}  // namespace annal
