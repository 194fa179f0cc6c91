#include "annal/sqlite/matches.hpp"

#include "annal/sqlite/database.hpp"
#include "annal/sqlite/event_rows.hpp"

#include <algorithm>
#include <set>

namespace annal::sqlite {

namespace {

constexpr std::size_t step = 256;  // postings taken at a time

}  // namespace

Matches::Matches(SQLite::Database& database, Names& names, Index& index, const IndexTail& tail)
    : names_(names),
      index_(index),
      tail_(tail),
      types_(database, "SELECT type FROM event_types"),
      event_(database,
             std::string("SELECT ") + posting_columns + " FROM events WHERE position=?1") {}

std::vector<Position> Matches::first(const Query& query, Position after, std::size_t limit) {
  static const std::vector<QueryItem> everything(1);
  std::set<Position> found;
  for (const QueryItem& item : query.items.empty() ? everything : query.items) {
    const auto keys = keys_of(item);
    std::size_t of_item = 0;
    for (Position from = after; !keys.empty() && of_item < limit;) {
      const auto positions = led_to(keys, from);
      for (const Position position : positions)
        if (of_item < limit && is_matched(item, position)) {
          found.insert(position);
          ++of_item;
        }
      if (positions.size() < step) break;
      from = positions.back();
    }
  }
  std::vector<Position> first(found.begin(), found.end());
  first.resize(std::min(first.size(), limit));
  return first;
}

std::vector<IndexKey> Matches::keys_of(const QueryItem& item) {
  if (item.stream || !item.tags.empty()) {
    const auto id = names_.find(item.stream ? *item.stream : item.tags.front());
    return id ? std::vector<IndexKey>{*id} : std::vector<IndexKey>{};
  }
  std::vector<IndexKey> keys;
  types_.reset();
  while (types_.executeStep()) {
    const std::int64_t id = types_.getColumn(0).getInt64();
    if (matches_any(item.types, names_.text(id))) keys.push_back(id);
  }
  types_.reset();
  return keys;
}

// The next positions that any of the keys leads to; fewer than `step` only if there are no more.
std::vector<Position> Matches::led_to(const std::vector<IndexKey>& keys, Position after) {
  std::vector<Position> positions;
  std::vector<Entry> merged;
  for (const IndexKey key : keys) {
    merged.clear();
    index_.find(key, next(after), index_.state().indexed_to, Direction::forwards, step, merged);
    for (const Entry& entry : merged) positions.push_back(entry.position);
    if (merged.size() < step)
      for (const Position position : tail_.beyond(key, after, step - merged.size()))
        positions.push_back(position);
  }
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  if (positions.size() > step) positions.resize(step);
  return positions;
}

bool Matches::is_matched(const QueryItem& item, Position position) {
  event_.reset();
  event_.bind(1, signed_of(position));
  const bool matched = event_.executeStep() && item.matches(described_in(event_.row(), names_));
  event_.reset();
  return matched;
}

}  // namespace annal::sqlite
