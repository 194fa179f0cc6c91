// ULID: 128-bit identifiers that sort by the time they were made and read as 26 characters.
#pragma once

#include "annal/event/randomness.hpp"
#include "annal/time/clock.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace annal {

// Bytes 0–5 are milliseconds since the Unix epoch, big-endian; bytes 6–15 are random.
// Source: the ULID specification (ulid/spec)
struct Ulid {
  std::array<std::uint8_t, 16> bytes{};

  // 26 characters of Crockford's base 32, upper case.
  std::string to_string() const;
  // Accepts upper and lower case; refuses other lengths, other characters and values over 128 bits.
  static std::optional<Ulid> parse(std::string_view text);

  bool is_nil() const { return bytes == std::array<std::uint8_t, 16>{}; }
  friend auto operator<=>(const Ulid&, const Ulid&) = default;
};

// Makes ULIDs each greater than the one before: within one millisecond, and while the clock stands
// still or goes back, the random part is incremented.
//   cost      one lock; 10 random bytes a millisecond
//   threads   any number of callers; clock and randomness must outlive the generator
class UlidGenerator {
 public:
  UlidGenerator(const Clock& clock, Randomness& randomness);
  Ulid next();

 private:
  const Clock& clock_;
  Randomness& randomness_;
  std::mutex mutex_;
  std::uint64_t milliseconds_ = 0;
  Ulid last_;
};

}  // namespace annal
