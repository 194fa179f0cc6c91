#include "annal/event/randomness.hpp"

#include "annal/error.hpp"
#include "annal/owned_here.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <climits>

namespace annal {
namespace {

void draw(std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const auto size = std::min<std::size_t>(bytes.size(), INT_MAX);
    if (RAND_bytes(bytes.data(), static_cast<int>(size)) != 1)
      throw StorageError(
          "the operating system has no random bytes to give; is /dev/urandom there?");
    bytes = bytes.subspan(size);
  }
}

// Bytes drawn ahead for this thread: to draw 16 costs almost as much as to draw a thousand. What was
// given away is wiped, and a forked child, which has the same stock, draws its own.
class Stock {
 public:
  void take(std::span<std::uint8_t> bytes) {
    if (!birthplace_.is_here()) *this = Stock();
    if (bytes.size() > left_) {
      draw(bytes_);
      left_ = bytes_.size();
    }
    const auto taken = std::span(bytes_).subspan(left_ - bytes.size(), bytes.size());
    std::copy(taken.begin(), taken.end(), bytes.begin());
    OPENSSL_cleanse(taken.data(), taken.size());
    left_ -= bytes.size();
  }

 private:
  Birthplace birthplace_;
  std::array<std::uint8_t, 1024> bytes_{};
  std::size_t left_ = 0;
};

class SystemRandomness : public Randomness {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    constexpr std::size_t taken_from_stock = 64;
    thread_local Stock stock;
    if (bytes.size() > taken_from_stock)
      draw(bytes);
    else
      stock.take(bytes);
  }
};

}  // namespace

Randomness& system_randomness() {
  static SystemRandomness randomness;
  return randomness;
}

}  // namespace annal
