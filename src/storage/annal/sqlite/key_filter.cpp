#include "annal/sqlite/key_filter.hpp"

#include <algorithm>

namespace annal::sqlite {

namespace {

constexpr std::size_t bits_a_key = 10;
constexpr int probes = 6;

constexpr std::uint64_t offset = 0x9e3779b97f4a7c15;

// The key's bits in a filter of so many, one after another, until `each` says false.
template <class Each>
bool every_bit(IndexKey key, std::size_t bits, Each each) {
  const std::uint64_t number = spread(static_cast<std::uint64_t>(key) + offset);
  std::size_t at = (number & UINT32_MAX) % bits;
  const std::size_t step = (number >> 32 | 1) % bits;
  for (int i = 0; i < probes; ++i) {
    if (!each(at)) return false;
    at += step;
    if (at >= bits) at -= bits;
  }
  return true;
}

}  // namespace

std::string filter_of(std::span<const IndexKey> keys) {
  std::string filter((std::max<std::size_t>(keys.size(), 1) * bits_a_key + 7) / 8, '\0');
  for (const IndexKey key : keys)
    every_bit(key, filter.size() * 8, [&](std::size_t bit) {
      filter[bit / 8] = static_cast<char>(filter[bit / 8] | 1 << bit % 8);
      return true;
    });
  return filter;
}

bool may_contain(std::string_view filter, IndexKey key) {
  if (filter.empty()) return true;
  return every_bit(key, filter.size() * 8,
                   [&](std::size_t bit) { return (filter[bit / 8] >> bit % 8 & 1) != 0; });
}

}  // namespace annal::sqlite
