// ULID: 128-bit identifiers that sort by the time they were made and read as 26 characters.
#pragma once

#include "annal/event/randomness.hpp"
#include "annal/time/clock.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
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

  bool is_nil() const {
    std::array<std::uint64_t, 2> halves;
    std::memcpy(halves.data(), bytes.data(), bytes.size());
    return (halves[0] | halves[1]) == 0;
  }
  friend auto operator<=>(const Ulid&, const Ulid&) = default;
};

// Makes ULIDs each greater than the one before: within one millisecond, and while the time stands
// still or goes back, the random part is incremented.
//   cost      10 random bytes a millisecond
//   threads   one at a time; the randomness must outlive the sequence
class UlidSequence {
 public:
  explicit UlidSequence(Randomness& randomness) : randomness_(randomness) {}
  Ulid next(Timestamp now);

 private:
  Randomness& randomness_;
  std::uint64_t milliseconds_ = 0;
  Ulid last_;
};

// The same for several threads.
//   cost      one lock
//   threads   any number of callers; clock and randomness must outlive the generator
class UlidGenerator {
 public:
  UlidGenerator(const Clock& clock, Randomness& randomness)
      : clock_(clock), sequence_(randomness) {}
  Ulid next();

 private:
  const Clock& clock_;
  std::mutex mutex_;
  UlidSequence sequence_;
};

}  // namespace annal
