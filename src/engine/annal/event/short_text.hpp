// Comparing names, which are short: without the call, and the wait for what was just written, that a
// comparison of any two texts costs.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace annal {

//   cost      two or three nanoseconds for texts of up to 16 bytes
inline bool is_same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto eight = [](const char* from) {
    std::uint64_t bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return bytes;
  };
  std::size_t at = 0;
  for (; at + 8 <= a.size(); at += 8)
    if (eight(a.data() + at) != eight(b.data() + at)) return false;
  if (at < a.size() && a.size() >= 8)
    return eight(a.data() + a.size() - 8) == eight(b.data() + b.size() - 8);
  for (; at < a.size(); ++at)
    if (a[at] != b[at]) return false;
  return true;
}

// A number below 256, mostly another one for another name.
//   cost      two nanoseconds, however long the name is
inline std::uint8_t shard_of_name(std::string_view name) {
  std::uint64_t first = 0, last = 0;
  if (name.size() >= 8) {
    std::memcpy(&first, name.data(), 8);
    std::memcpy(&last, name.data() + name.size() - 8, 8);
  } else {
    for (const char c : name) last = last << 8 | static_cast<unsigned char>(c);
  }
  // Odd numbers without a pattern; the highest bits depend on all of them.
  return static_cast<std::uint8_t>(
      ((first * 0x9E3779B97F4A7C15u ^ last ^ name.size()) * 0xD6E8FEB86659FD93u) >> 56);
}

}  // namespace annal
