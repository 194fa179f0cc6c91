// SHA-256, and the two hashes every store is sealed with. What enters them, byte by byte, is
// written in docs/decisions/0006-hashes.md and never changes.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace annal {

struct Hash {
  std::array<std::uint8_t, 32> bytes{};
  std::string to_hex() const;
  static std::optional<Hash> from_hex(std::string_view text);
  friend bool operator==(const Hash&, const Hash&) = default;
};

// Fresh randomness hashed in front of an event's payload, so that the digest left behind by an
// erasure says nothing about what was erased.
using Salt = std::array<std::uint8_t, 16>;

// Two hexadecimal digits a byte, in lower case.
std::string to_hex(std::span<const std::uint8_t> bytes);

// SHA-256 over the parts, one after another.
//   cost      ≈ 0.3 µs, and 3 ns a byte on a machine without SHA instructions
//   threads   any number of callers
Hash sha256(std::initializer_list<std::string_view> parts);

}  // namespace annal
