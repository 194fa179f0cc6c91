#include "annal/sqlite/page_checksum.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace annal::sqlite {

namespace {

// The five primes of XXH64.
constexpr std::uint64_t prime_1 = 0x9E3779B185EBCA87, prime_2 = 0xC2B2AE3D27D4EB4F,
                        prime_3 = 0x165667B19E3779F9, prime_4 = 0x85EBCA77C2B2AE63,
                        prime_5 = 0x27D4EB2F165667C5;

template <class Number>
Number in_stored_order(Number number) noexcept {
  if constexpr (std::endian::native == std::endian::little) return number;
  std::array<unsigned char, sizeof number> bytes{};
  std::memcpy(bytes.data(), &number, sizeof number);
  std::reverse(bytes.begin(), bytes.end());
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

template <class Number>
Number number_at(const void* at) noexcept {
  Number number = 0;
  std::memcpy(&number, at, sizeof number);
  return in_stored_order(number);
}

template <class Number>
void put_number(void* at, Number number) noexcept {
  number = in_stored_order(number);
  std::memcpy(at, &number, sizeof number);
}

inline std::uint64_t round_of(std::uint64_t lane, std::uint64_t input) noexcept {
  return std::rotl(lane + input * prime_2, 31) * prime_1;
}

inline std::uint64_t merged(std::uint64_t hash, std::uint64_t lane) noexcept {
  return (hash ^ round_of(0, lane)) * prime_1 + prime_4;
}

// Four lanes of 8 bytes each, as far as they can all be filled.
std::uint64_t hash_of_stripes(std::string_view& rest, std::uint64_t seed) noexcept {
  std::uint64_t first = seed + prime_1 + prime_2, second = seed + prime_2, third = seed,
                fourth = seed - prime_1;
  for (; rest.size() >= 32; rest.remove_prefix(32)) {
    first = round_of(first, number_at<std::uint64_t>(rest.data()));
    second = round_of(second, number_at<std::uint64_t>(rest.data() + 8));
    third = round_of(third, number_at<std::uint64_t>(rest.data() + 16));
    fourth = round_of(fourth, number_at<std::uint64_t>(rest.data() + 24));
  }
  std::uint64_t hash =
      std::rotl(first, 1) + std::rotl(second, 7) + std::rotl(third, 12) + std::rotl(fourth, 18);
  for (const std::uint64_t lane : {first, second, third, fourth}) hash = merged(hash, lane);
  return hash;
}

// Where a page ends, from its last byte back: the checksum, and before that its kind.
constexpr std::size_t checksum_at = page_bytes - 8, kind_at = page_bytes - sealed_page_reserve;
constexpr std::uint32_t kind_xxh64 = 1;

std::uint64_t checksum_of(ConstPageBytes page, std::uint32_t number) noexcept {
  return xxh64({reinterpret_cast<const char*>(page.data()), checksum_at}, number);
}

}  // namespace

std::uint64_t xxh64(std::string_view bytes, std::uint64_t seed) noexcept {
  std::string_view rest = bytes;
  std::uint64_t hash = rest.size() >= 32 ? hash_of_stripes(rest, seed) : seed + prime_5;
  hash += bytes.size();
  for (; rest.size() >= 8; rest.remove_prefix(8))
    hash = std::rotl(hash ^ round_of(0, number_at<std::uint64_t>(rest.data())), 27) * prime_1 +
           prime_4;
  if (rest.size() >= 4) {
    hash =
        std::rotl(hash ^ number_at<std::uint32_t>(rest.data()) * prime_1, 23) * prime_2 + prime_3;
    rest.remove_prefix(4);
  }
  for (const char c : rest)
    hash = std::rotl(hash ^ static_cast<unsigned char>(c) * prime_5, 11) * prime_1;
  hash = (hash ^ hash >> 33) * prime_2;
  hash = (hash ^ hash >> 29) * prime_3;
  return hash ^ hash >> 32;
}

void seal(PageBytes page, std::uint32_t number) noexcept {
  put_number(&page[kind_at], kind_xxh64);
  put_number(&page[checksum_at], checksum_of(page, number));
}

PageState state_of(ConstPageBytes page, std::uint32_t number) noexcept {
  const auto kind = number_at<std::uint32_t>(&page[kind_at]);
  const auto checksum = number_at<std::uint64_t>(&page[checksum_at]);
  if (kind == kind_xxh64 && checksum == checksum_of(page, number)) return PageState::sound;
  return kind == 0 && checksum == 0 ? PageState::unsealed : PageState::damaged;
}

}  // namespace annal::sqlite
