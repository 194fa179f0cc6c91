#include "annal/log/judge.hpp"

#include <algorithm>
#include <map>

namespace annal {

namespace {

constexpr std::size_t positions_told = 16;

using std::chrono::microseconds;

std::optional<AppendOutcome> answer_for_key(const Commit& commit, LogState& state) {
  if (!commit.idempotency_key) return std::nullopt;
  const auto earlier = state.keyed_commit(*commit.idempotency_key);
  if (!earlier) return std::nullopt;
  return earlier->answer(commit);
}

//   newest    the head once the commit is in the log
std::optional<AppendOutcome> fault_in_record(const RecordChange& change, Position newest,
                                             LogState& state) {
  const SpaceDeclaration* space = state.space(change.space);
  if (space == nullptr)
    return Rejected{Malformed{"the log has no space of records named \"" + change.space +
                              "\": declare it when opening"}};
  const auto known = [&](const auto& given) {
    const Column* const column = space->column(given.first);
    return column && given.second.index() == static_cast<std::size_t>(column->kind);
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

// The spaces as the changes of one commit leave them, change by change.
class ChangedSpaces {
 public:
  explicit ChangedSpaces(LogState& state) : state_(state) {}

  // Why the change cannot be made; empty once it is.
  std::string make(const SpaceChange& change) {
    if (const auto* created = std::get_if<CreateSpace>(&change)) return come(created->space);
    if (const auto* dropped = std::get_if<DropSpace>(&change)) return go(dropped->name);
    const auto& [from, to] = std::get<RenameSpace>(change);
    const SpaceDeclaration* const before = find(from);
    if (before && layout_text(*before) != layout_text(to))
      return "the space \"" + from + "\" cannot be renamed to \"" + to.name +
             "\", for that is declared otherwise";
    if (auto fault = go(from); !fault.empty()) return fault;
    return come(to);
  }

 private:
  const SpaceDeclaration* find(const std::string& name) {
    const auto changed = changed_.find(name);
    if (changed == changed_.end()) return state_.space(name);
    return changed->second ? &*changed->second : nullptr;
  }

  std::string come(const SpaceDeclaration& space) {
    if (find(space.name))
      return "there is a space of records named \"" + space.name + "\" already: use another name";
    if (!left_room_for(space) && state_.is_in_the_way_of(space))
      return "something else in the log is named \"" + space.name + "\": use another name";
    changed_[space.name] = space;
    return {};
  }

  std::string go(const std::string& name) {
    const SpaceDeclaration* const space = find(name);
    if (!space) return "the log has no space of records named \"" + name + '"';
    if (state_.is_permanent(name))
      return "the space \"" + name +
             "\" was declared when the log was opened: only one made by a commit can go";
    left_.push_back(*space);
    changed_[name].reset();
    return {};
  }

  bool left_room_for(const SpaceDeclaration& space) const {
    return std::any_of(left_.begin(), left_.end(), [&](const SpaceDeclaration& left) {
      return left.name == space.name && left.plain.has_value() == space.plain.has_value();
    });
  }

  LogState& state_;
  std::map<std::string, std::optional<SpaceDeclaration>> changed_;
  std::vector<SpaceDeclaration> left_;
};

std::optional<AppendOutcome> fault_in_spaces(const Commit& commit, LogState& state) {
  ChangedSpaces spaces(state);
  for (const auto& change : commit.spaces)
    if (auto fault = spaces.make(change); !fault.empty()) return Rejected{Malformed{fault}};
  return std::nullopt;
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
  for (const auto& [position, note] : commit.purges)
    if (position > head.position)
      return Rejected{Malformed{"there is no event to purge at position " +
                                std::to_string(position.value) + ": the log ends at " +
                                std::to_string(head.position.value)}};
  if (auto fault = fault_in_spaces(commit, state)) return fault;
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

    for (auto& event : commit.events) {
      event.version = state.next_version(event.stream);
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
