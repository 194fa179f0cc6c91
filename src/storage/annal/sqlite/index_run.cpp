#include "annal/sqlite/index_run.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/database.hpp"
#include "annal/sqlite/key_filter.hpp"

#include <algorithm>
#include <cstring>

namespace annal::sqlite {

namespace {

constexpr std::size_t fence_bytes = 12;  // a key, and a position of 32 bits

RunMap::Fence fence_in(const char* bytes, Position base) {
  RunMap::Fence fence;
  std::uint32_t position = 0;
  std::memcpy(&fence.key, bytes, sizeof fence.key);
  std::memcpy(&position, bytes + sizeof fence.key, sizeof position);
  fence.position.value = base.value + position;
  return fence;
}

[[noreturn]] void raise_incomplete(std::int64_t run) {
  throw CorruptionError("run " + std::to_string(run) +
                        " of the index is incomplete: run `annal verify`");
}

}  // namespace

std::string packed_fences(const std::vector<RunMap::Fence>& fences, Position base) {
  std::string bytes;
  for (const auto& fence : fences) {
    const auto position = static_cast<std::uint32_t>(fence.position.value - base.value);
    bytes.append(reinterpret_cast<const char*>(&fence.key), sizeof fence.key);
    bytes.append(reinterpret_cast<const char*>(&position), sizeof position);
  }
  return bytes;
}

RunMap::RunMap(SQLite::Database& database, const Run& run) : run_(run.id) {
  SQLite::Statement parts(database, "SELECT fences FROM index_parts WHERE run=?1 ORDER BY part");
  parts.bind(1, run.id);
  while (parts.executeStep()) {
    const SQLite::Column column = parts.getColumn(0);
    const std::string_view bytes = blob_of(column);
    for (std::size_t at = 0; at + fence_bytes <= bytes.size(); at += fence_bytes)
      fences_.push_back(fence_in(bytes.data() + at, run.first));
  }
  if (static_cast<std::int64_t>(fences_.size()) != run.blocks) raise_incomplete(run_);
  filters_.resize((fences_.size() + blocks_a_part - 1) / blocks_a_part);
}

RunMap::Blocks RunMap::blocks_of(IndexKey key, Position from, Position to) const {
  // How many blocks begin at or before the key's entry at the position.
  const auto up_to = [&](Position position) {
    const Fence wanted{key, position};
    return static_cast<std::int64_t>(std::upper_bound(fences_.begin(), fences_.end(), wanted) -
                                     fences_.begin());
  };
  const auto begins_with_key = [&](std::int64_t block) {
    return fences_[static_cast<std::size_t>(block)].key == key;
  };
  const std::int64_t end = up_to(to);
  if (end == 0) return {};
  const std::int64_t begin =
      begins_with_key(end - 1) ? std::max<std::int64_t>(up_to(from) - 1, 0) : end - 1;
  return {begin, end, begins_with_key(begin)};
}

bool RunMap::excludes(IndexKey key) const {
  const auto [begin, end, at_fence] = blocks_of(key, Position{0}, Position{UINT64_MAX});
  if (begin == end) return true;
  if (begin + 1 < end || at_fence) return false;
  std::lock_guard lock(mutex_);
  return !may_contain(filters_[static_cast<std::size_t>(begin / blocks_a_part)], key);
}

const std::string& RunMap::filter(SQLite::Database& database, std::int64_t block) const {
  const auto part = static_cast<std::size_t>(block / blocks_a_part);
  std::lock_guard lock(mutex_);
  std::string& filter = filters_[part];
  if (!filter.empty()) return filter;  // and never changed any more
  SQLite::Statement select(database, "SELECT filter FROM index_parts WHERE run=?1 AND part=?2");
  select.bind(1, run_);
  select.bind(2, static_cast<std::int64_t>(part));
  if (!select.executeStep()) raise_incomplete(run_);
  filter = blob_of(select.getColumn(0));
  if (filter.empty()) raise_incomplete(run_);
  return filter;
}

std::shared_ptr<const RunMap> RunMaps::of(SQLite::Database& database, const Run& run) {
  std::lock_guard lock(mutex_);
  auto& known = maps_[run.id];
  if (auto map = known.lock()) return map;
  auto map = std::make_shared<const RunMap>(database, run);
  known = map;
  std::erase_if(maps_, [](const auto& item) { return item.second.expired(); });
  return map;
}

void RunMaps::see(Position covered, const std::vector<Run>& runs) {
  std::vector<std::int64_t> ids;
  for (const Run& run : runs) ids.push_back(run.id);
  std::lock_guard lock(mutex_);
  seen_ = std::move(ids);
  covered_ = covered;
}

bool RunMaps::exclude(IndexKey key, Position up_to) const {
  std::lock_guard lock(mutex_);
  if (covered_ < up_to) return false;
  return std::all_of(seen_.begin(), seen_.end(), [&](std::int64_t id) {
    const auto known = maps_.find(id);
    const auto map = known == maps_.end() ? nullptr : known->second.lock();
    return map && map->excludes(key);
  });
}

}  // namespace annal::sqlite
