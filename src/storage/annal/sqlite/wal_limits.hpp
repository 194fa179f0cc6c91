// How long the write-ahead log of a store may become.
#pragma once

#include <cstdint>

namespace annal::sqlite {

// In bytes. Reads under way in other processes, or for longer than a moment, can make it longer.
struct WalLimits {
  std::uint64_t copied = 4 << 20;       // grown by so much, it is copied into the database
  std::uint64_t begun_anew = 32 << 20;  // so long, new reads wait until the others are done
  std::uint64_t kept = 8 << 20;         // longer, it is cut while nothing is being written
};

}  // namespace annal::sqlite
