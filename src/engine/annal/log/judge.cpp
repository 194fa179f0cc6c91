#include "annal/log/judge.hpp"

#include <algorithm>
#include <map>

namespace annal {

namespace {

constexpr std::size_t positions_told = 16;

using std::chrono::microseconds;

std::optional<AppendOutcome> answer_for_key(const Commit& commit, LogState& state) {
  if (!commit.idempotency_key) return std::nullopt;
  auto earlier = state.keyed_commit(*commit.idempotency_key);
  if (!earlier) return std::nullopt;
  if (earlier->request_hash != *commit.request_hash)
    return Rejected{IdempotencyMismatch{*commit.idempotency_key, earlier->outcome.last}};
  earlier->outcome.replayed = true;
  return earlier->outcome;
}

//   newest    the head once the commit is in the log
std::optional<AppendOutcome> fault_in_record(const RecordChange& change, Position newest,
                                             LogState& state) {
  const SpaceDeclaration* space = state.space(change.space);
  if (space == nullptr)
    return Rejected{Malformed{"the log has no space of records named \"" + change.space +
                              "\": declare it when opening"}};
  const auto known = [&](const auto& column) {
    return std::find(space->columns.begin(), space->columns.end(), column.first) !=
           space->columns.end();
  };
  if (change.value && (change.columns.size() != space->columns.size() ||
                       !std::all_of(change.columns.begin(), change.columns.end(), known)))
    return Rejected{Malformed{"the record " + change.space + ' ' + change.key +
                              " does not give the columns its space declares"}};
  if (change.derived_at && *change.derived_at > newest)
    return Rejected{Malformed{"the record " + change.space + ' ' + change.key +
                              " is derived at position " +
                              std::to_string(change.derived_at->value) + ", beyond the log's end"}};
  if (!change.expected) return std::nullopt;
  const Position actual = state.record_position(change.space, change.key);
  if (actual == *change.expected) return std::nullopt;
  return Rejected{RecordConflict{change.space, change.key, *change.expected, actual}};
}

}  // namespace

std::optional<AppendOutcome> judge(const Commit& commit, const LogHead& head, LogState& state) {
  if (auto answer = answer_for_key(commit, state)) return answer;
  for (const auto& [stream, expected] : commit.conditions) {
    const Version actual = state.stream_version(stream);
    if (!expected.holds(actual)) return Rejected{VersionConflict{stream, expected, actual}};
  }
  for (const auto& [query, after] : commit.query_conditions)
    if (after < head.position)
      if (auto found = state.matching(query, after, positions_told); !found.empty())
        return Rejected{QueryConflict{query, after, std::move(found)}};
  if (commit.tracking) {
    const auto& [source, position] = *commit.tracking;
    if (const Position tracked = state.tracked(source); tracked >= position)
      return Rejected{TrackingConflict{source, position, tracked}};
  }
  const Position newest{head.position.value + commit.events.size()};
  for (const auto& change : commit.records)
    if (auto fault = fault_in_record(change, newest, state)) return fault;
  return std::nullopt;
}

Appended seal(Commit& commit, LogState& state, LogHead& head, Timestamp now,
              Durability durability) {
  Appended appended;
  appended.durability = durability;
  appended.first = next(head.position);
  if (!commit.events.empty()) {
    const Timestamp earliest = head.recorded_at + microseconds(1);
    const Timestamp asked = commit.recorded_at.value_or(now);
    // A clock that went back must not move time back; an import may not record the future.
    const Timestamp recorded_at = std::max(earliest, std::min(asked, std::max(now, earliest)));
    appended.clamped = commit.recorded_at && recorded_at != *commit.recorded_at;

    std::map<std::string_view, Version> versions;
    for (auto& event : commit.events) {
      auto [entry, first_here] = versions.try_emplace(event.stream);
      if (first_here) entry->second = state.stream_version(event.stream);
      event.version = entry->second = next(entry->second);
      event.position = head.position = next(head.position);
      event.recorded_at = recorded_at;
    }
    head.recorded_at = recorded_at;
    head.hash = commit_hash(head.hash, recorded_at, commit.events);
    appended.version = commit.events.back().version;
  }
  appended.last = head.position;
  appended.recorded_at = head.recorded_at;
  appended.hash = head.hash;
  return appended;
}

}  // namespace annal
