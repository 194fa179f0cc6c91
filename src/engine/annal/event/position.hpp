// Places in the log.
// Position and Version are different types so that one is never taken for the other.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace annal {

// A place in the whole log: from 1, gapless, never reused. 0 stands for "before the first event".
struct Position {
  std::uint64_t value = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

// A place in one stream: from 1, gapless. 0 stands for "before the first event of the stream".
struct Version {
  std::uint64_t value = 0;
  friend auto operator<=>(const Version&, const Version&) = default;
};

inline Position next(Position position) { return {position.value + 1}; }
inline Version next(Version version) { return {version.value + 1}; }

}  // namespace annal
