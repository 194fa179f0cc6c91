#include "annal/sqlite/stream_cache.hpp"

#include <cstring>
#include <functional>
#include <utility>

namespace annal::sqlite {

namespace {

constexpr std::size_t fewest_slots = 1024;
using NameSize = std::uint16_t;  // a stream's name has no more than limits::stream_bytes

std::uint32_t name_hash(std::string_view name) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>{}(name));
}

}  // namespace

void StreamCache::prefetch(std::string_view name) const { young_.prefetch(name_hash(name)); }

StreamCache::Stream* StreamCache::find(std::string_view name) {
  const std::uint32_t hash = name_hash(name);
  if (Stream* const known = young_.find(name, hash)) return known;
  if (const Stream* const known = old_.find(name, hash)) return &young_.put(name, hash, *known);
  return nullptr;
}

StreamCache::Stream& StreamCache::put(std::string_view name, Stream stream) {
  return young_.put(name, name_hash(name), stream);
}

void StreamCache::age() {
  if (young_.bytes() > generation_bytes_) old_ = std::exchange(young_, {});
}

void StreamCache::clear() noexcept { young_ = {}, old_ = {}; }

// --- a generation --------------------------------------------------------------------------------

void StreamCache::Generation::prefetch(std::uint32_t hash) const {
  if (!slots_.empty()) __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
}

StreamCache::Stream* StreamCache::Generation::find(std::string_view name, std::uint32_t hash) {
  if (slots_.empty()) return nullptr;
  Slot& slot = slot_of(name, hash);
  return slot.name == 0 ? nullptr : &slot.stream;
}

StreamCache::Stream& StreamCache::Generation::put(std::string_view name, std::uint32_t hash,
                                                  Stream stream) {
  if (4 * (used_ + 1) > 3 * slots_.size()) grow();
  const auto begin = static_cast<std::uint32_t>(names_.size());
  const auto size = static_cast<NameSize>(name.size());
  names_.append(reinterpret_cast<const char*>(&size), sizeof size).append(name);
  Slot& slot = slot_of(name, hash);
  slot = {hash, begin + 1, stream};
  ++used_;
  return slot.stream;
}

// The slot that has the name, or the free one where it belongs.
StreamCache::Generation::Slot& StreamCache::Generation::slot_of(std::string_view name,
                                                                std::uint32_t hash) {
  for (std::size_t at = hash;; ++at) {
    Slot& slot = slots_[at & (slots_.size() - 1)];
    if (slot.name == 0 || (slot.hash == hash && has_name(slot, name))) return slot;
  }
}

bool StreamCache::Generation::has_name(const Slot& slot, std::string_view name) const {
  const char* const there = names_.data() + slot.name - 1;
  NameSize size = 0;
  std::memcpy(&size, there, sizeof size);
  return name == std::string_view(there + sizeof size, size);
}

void StreamCache::Generation::grow() {
  std::vector<Slot> grown(slots_.empty() ? fewest_slots : 2 * slots_.size());
  for (const Slot& slot : slots_) {
    if (slot.name == 0) continue;
    std::size_t at = slot.hash;
    while (grown[at & (grown.size() - 1)].name != 0) ++at;
    grown[at & (grown.size() - 1)] = slot;
  }
  slots_ = std::move(grown);
}

}  // namespace annal::sqlite
