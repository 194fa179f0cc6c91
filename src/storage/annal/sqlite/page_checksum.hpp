// The checksum that every page of a store's file carries in its last bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace annal::sqlite {

inline constexpr std::size_t page_bytes = 4096;
// At a page's end: the number 1, the kind of checksum, in 4 bytes, and the checksum in 8.
inline constexpr std::size_t sealed_page_reserve = 12;
// What stores made with format 1 reserve, whose pages carry no checksum.
inline constexpr std::size_t unsealed_page_reserve = 16;

using PageBytes = std::span<unsigned char, page_bytes>;
using ConstPageBytes = std::span<const unsigned char, page_bytes>;

// XXH64, as https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md defines it.
//   cost      about 0.09 ns a byte: 370 ns a page
std::uint64_t xxh64(std::string_view bytes, std::uint64_t seed) noexcept;

// Puts the checksum into the page: XXH64 of everything before it, with the page's number as the
// seed, so that a page in another one's place is found too.
//   number    from 1, as SQLite counts them
void seal(PageBytes page, std::uint32_t number) noexcept;

enum class PageState {
  sound,
  unsealed,  // nothing where the kind and the checksum would be: zeroed, or another program's
  damaged,   // not what was written there
};
PageState state_of(ConstPageBytes page, std::uint32_t number) noexcept;

}  // namespace annal::sqlite
