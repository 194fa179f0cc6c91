#include "annal/event/randomness.hpp"

#include "annal/error.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <climits>

namespace annal {
namespace {

class SystemRandomness : public Randomness {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    while (!bytes.empty()) {
      const auto size = std::min<std::size_t>(bytes.size(), INT_MAX);
      if (RAND_bytes(bytes.data(), static_cast<int>(size)) != 1)
        throw StorageError(
            "the operating system has no random bytes to give; is /dev/urandom there?");
      bytes = bytes.subspan(size);
    }
  }
};

}  // namespace

Randomness& system_randomness() {
  static SystemRandomness randomness;
  return randomness;
}

}  // namespace annal
