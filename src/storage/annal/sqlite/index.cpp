#include "annal/sqlite/index.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/database.hpp"
#include "annal/sqlite/key_filter.hpp"

#include <algorithm>

namespace annal::sqlite {

Index::Index(SQLite::Database& database, RunMaps& maps)
    : database_(database),
      maps_(maps),
      state_row_(database, "SELECT generation,indexed_to,named_to FROM index_state"),
      block_(database, "SELECT block FROM index_blocks WHERE id=?1") {}

void Index::reset() noexcept {
  state_row_.tryReset();
  block_.tryReset();
}

const IndexState& Index::refresh() {
  state_row_.reset();
  if (!state_row_.executeStep())
    throw CorruptionError("the index has no state: run `annal verify`");
  IndexState now{state_row_.getColumn(0).getInt64(), position_of(state_row_.getColumn(1)),
                 state_row_.getColumn(2).getInt64()};
  state_row_.reset();
  if (now.generation == state_.generation) return state_;
  std::vector<Run> runs;
  SQLite::Statement rows(database_,
                         "SELECT id,first_position,last_position,first_block,blocks,postings "
                         "FROM index_runs WHERE state=0 ORDER BY first_position");
  while (rows.executeStep())
    runs.push_back({rows.getColumn(0).getInt64(), position_of(rows.getColumn(1)),
                    position_of(rows.getColumn(2)), rows.getColumn(3).getInt64(),
                    rows.getColumn(4).getInt64(),
                    static_cast<std::uint64_t>(rows.getColumn(5).getInt64())});
  std::vector<std::shared_ptr<const RunMap>> maps(runs.size());
  for (std::size_t old = 0; old < runs_.size(); ++old)
    for (std::size_t i = 0; i < runs.size(); ++i)
      if (runs[i].id == runs_[old].id) maps[i] = std::move(run_maps_[old]);
  run_maps_ = std::move(maps);
  runs_ = std::move(runs);
  state_ = now;
  return state_;
}

const IndexState& Index::reread() {
  state_.generation = -1;
  return refresh();
}

const RunMap& Index::map_of(const Run& run) {
  return map_at(static_cast<std::size_t>(&run - runs_.data()));
}

const RunMap& Index::map_at(std::size_t which) {
  auto& map = run_maps_[which];
  if (!map) map = maps_.of(database_, runs_[which]);
  return *map;
}

template <class Use>
void Index::with_block(const Run& run, std::int64_t block, Use use) {
  block_.reset();
  block_.bind(1, run.first_block + block);
  if (!block_.executeStep())
    throw CorruptionError("a block of the index is missing: run `annal verify`");
  const SQLite::Column column = block_.getColumn(0);
  use(BlockReader(blob_of(column), run.first));
  block_.reset();
}

void Index::decode(const Run& run, std::int64_t block, std::vector<Posting>& postings) {
  with_block(run, block, [&](const BlockReader& reader) { reader.decode(postings); });
}

void Index::find(IndexKey key, Position from, Position to, Direction direction, std::size_t limit,
                 std::vector<Entry>& entries) {
  const auto begins_after = [](Position at, const Run& run) { return at < run.first; };
  const auto ends_before = [](const Run& run, Position at) { return run.last < at; };
  const auto first = std::lower_bound(runs_.begin(), runs_.end(), from, ends_before);
  const auto last = std::upper_bound(first, runs_.end(), to, begins_after);
  const auto count = static_cast<std::size_t>(last - first);
  const auto begin = static_cast<std::size_t>(first - runs_.begin());
  for (std::size_t i = 0; i < count && entries.size() < limit; ++i) {
    const std::size_t which = direction == Direction::forwards ? begin + i : begin + count - 1 - i;
    find_in(which, key, from, to, direction, limit, entries);
  }
}

void Index::find_in(std::size_t which, IndexKey key, Position from, Position to,
                    Direction direction, std::size_t limit, std::vector<Entry>& entries) {
  const Run& run = runs_[which];
  const RunMap& map = map_at(which);
  const auto [begin, end, at_fence] = map.blocks_of(key, from, to);
  if (begin == end) return;
  if (begin + 1 == end && !at_fence && !may_contain(map.filter(database_, begin), key)) return;

  const bool forwards = direction == Direction::forwards;
  for (std::int64_t i = 0; i < end - begin && entries.size() < limit; ++i) {
    found_.clear();
    with_block(run, forwards ? begin + i : end - 1 - i,
               [&](const BlockReader& reader) { reader.find(key, from, to, found_); });
    if (!forwards) std::reverse(found_.begin(), found_.end());
    const std::size_t taken = std::min(limit - entries.size(), found_.size());
    entries.insert(entries.end(), found_.begin(),
                   found_.begin() + static_cast<std::ptrdiff_t>(taken));
  }
}

std::optional<Entry> Index::newest(IndexKey key, Position at_most) {
  std::vector<Entry> entries;
  find(key, Position{1}, at_most, Direction::backwards, 1, entries);
  if (entries.empty()) return std::nullopt;
  return entries.front();
}

}  // namespace annal::sqlite
