#include "annal/projection/projection_records.hpp"

#include "annal/error.hpp"
#include "annal/event/json.hpp"

#include <algorithm>
#include <charconv>

namespace annal {

namespace {

constexpr std::size_t rows_erased_at_once = 512;  // so that no writer waits for long

std::uint64_t number_from(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// A member of the JSON object that a record holds; empty if it has none of that name.
std::string_view member(const Record& record, std::string_view key) {
  for (const auto& one : json_members(record.value))
    if (one.key == key) return one.value;
  return {};
}

std::string key_of(const std::string& projection, std::uint64_t generation) {
  return projection + '@' + std::to_string(generation);
}

}  // namespace

std::uint64_t ProjectionRecords::number_in(const char* name) const {
  const auto record = log_.record(projection_space().name, projection_.name);
  return record ? number_from(member(*record, name)) : 0;
}

std::optional<Generation> ProjectionRecords::generation(std::uint64_t number) const {
  const auto record = log_.record(projection_space().name, key_of(projection_.name, number));
  if (!record) return std::nullopt;
  Generation found;
  found.number = number;
  found.version = static_cast<std::uint32_t>(number_from(member(*record, "version")));
  found.checkpoint = record->derived_at;
  for (const auto space : json_elements(member(*record, "spaces")))
    found.spaces.push_back(json_unquote(space));
  return found;
}

std::optional<Generation> ProjectionRecords::current() const {
  return generation(number_in("current"));
}

std::optional<Generation> ProjectionRecords::unfinished() const {
  const auto newest = number_in("newest");
  return newest == number_in("current") ? std::nullopt : generation(newest);
}

// As they are called while another generation is the current one.
std::vector<SpaceDeclaration> ProjectionRecords::spaces_of(std::uint64_t generation) const {
  auto spaces = projection_.spaces;
  for (auto& space : spaces) space.name += "__" + std::to_string(generation);
  return spaces;
}

bool ProjectionRecords::is_of_today(const Generation& generation) const {
  const bool current = generation.number == number_in("current");
  const auto spaces = current ? projection_.spaces : spaces_of(generation.number);
  const auto is_as_declared = [&](const SpaceDeclaration& space, const std::string& there) {
    const auto layout = log_.record(space_space().name, there);
    return space.name == there && layout && layout->value == layout_text(space);
  };
  return generation.version == projection_.version &&
         std::equal(spaces.begin(), spaces.end(), generation.spaces.begin(),
                    generation.spaces.end(), is_as_declared);
}

std::optional<Generation> ProjectionRecords::retired() const {
  const auto number = number_in("retired");
  return number == 0 ? std::nullopt : generation(number);
}

RecordChange ProjectionRecords::names(std::uint64_t current, std::uint64_t newest,
                                      std::uint64_t retired) const {
  RecordChange change;
  change.space = projection_space().name;
  change.key = projection_.name;
  change.value = "{\"current\":" + std::to_string(current) +
                 ",\"newest\":" + std::to_string(newest) +
                 ",\"retired\":" + std::to_string(retired) + '}';
  return change;
}

RecordChange ProjectionRecords::state(const Generation& generation) const {
  std::string spaces;
  for (const auto& space : generation.spaces)
    spaces += (spaces.empty() ? "" : ",") + json_quote(space);
  RecordChange change = no_state(generation);
  change.value =
      "{\"version\":" + std::to_string(generation.version) + ",\"spaces\":[" + spaces + "]}";
  change.derived_at = generation.checkpoint;
  return change;
}

RecordChange ProjectionRecords::no_state(const Generation& generation) const {
  RecordChange change;
  change.space = projection_space().name;
  change.key = key_of(projection_.name, generation.number);
  change.expected = generation.checkpoint;
  return change;
}

Generation ProjectionRecords::begin_first() {
  Generation first{1, projection_.version, {}, {}};
  Commit commit;
  for (const auto& space : projection_.spaces) {
    commit.spaces.push_back(CreateSpace{space});
    first.spaces.push_back(space.name);
  }
  commit.records = {names(1, 1, 0), state(first)};
  append(std::move(commit));
  return first;
}

Generation ProjectionRecords::begin_next() {
  Generation next{number_in("newest") + 1, projection_.version, {}, {}};
  Commit commit;
  for (auto& space : spaces_of(next.number)) {
    next.spaces.push_back(space.name);
    commit.spaces.push_back(CreateSpace{std::move(space)});
  }
  commit.records = {names(number_in("current"), next.number, 0), state(next)};
  append(std::move(commit));
  return next;
}

void ProjectionRecords::keep(Generation& generation, std::vector<RecordChange> rows,
                             Position checkpoint) {
  Commit commit;
  commit.records = std::move(rows);
  commit.records.push_back(state(generation));
  commit.records.back().derived_at = checkpoint;
  append(std::move(commit));
  generation.checkpoint = checkpoint;
}

Generation ProjectionRecords::swap(const Generation& current, const Generation& next) {
  Generation then = current, now = next;
  Commit commit;
  for (auto& space : then.spaces) {
    const auto layout = log_.record(space_space().name, space);
    if (!layout) throw CorruptionError("the log does not know how its space " + space + " lies");
    auto away = space_from_layout(space + "__" + std::to_string(then.number), layout->value);
    commit.spaces.push_back(RenameSpace{space, away});
    space = away.name;
  }
  for (std::size_t i = 0; i < next.spaces.size(); ++i) {
    commit.spaces.push_back(RenameSpace{next.spaces[i], projection_.spaces[i]});
    now.spaces[i] = projection_.spaces[i].name;
  }
  commit.records = {names(next.number, next.number, then.number), discarded(then), state(now)};
  append(std::move(commit));
  return now;
}

// It is of no version of the code, and its checkpoint not where anybody expects it.
RecordChange ProjectionRecords::discarded(const Generation& generation) const {
  Generation nobodys = generation;
  nobodys.version = 0;
  RecordChange change = state(nobodys);
  change.derived_at = Position{};
  return change;
}

void ProjectionRecords::discard(Generation& unfinished) {
  Commit commit;
  commit.records = {discarded(unfinished)};
  append(std::move(commit));
  unfinished.checkpoint = {};
}

bool ProjectionRecords::erase_some(const Generation& generation) {
  Commit commit;
  for (const auto& space : generation.spaces) {
    if (commit.records.size() >= rows_erased_at_once) break;
    RecordRequest request;
    request.space = space;
    request.limit = rows_erased_at_once - commit.records.size();
    for (auto& record : log_.records(request).records) {
      commit.records.emplace_back();
      commit.records.back().space = space;
      commit.records.back().key = std::move(record.key);
    }
  }
  const bool last = commit.records.empty();
  if (last) {
    for (const auto& space : generation.spaces) commit.spaces.push_back(DropSpace{space});
    commit.records = {names(number_in("current"), number_in("newest"), 0), no_state(generation)};
  }
  append(std::move(commit));
  return last;
}

void ProjectionRecords::append(Commit commit) const {
  // What a crash of the machine takes away here it takes together with nothing but rows.
  commit.durability = Durability::process;
  const auto outcome = log_.append(std::move(commit));
  if (const auto* unknown = std::get_if<Unknown>(&outcome)) throw StorageError(unknown->what);
  const auto* rejected = std::get_if<Rejected>(&outcome);
  if (!rejected) return;
  if (std::holds_alternative<RecordConflict>(rejected->reason))
    throw ProjectionTaken("another instance keeps the projection " + projection_.name +
                          ": close one of them");
  if (std::holds_alternative<Malformed>(rejected->reason) ||
      std::holds_alternative<TooLarge>(rejected->reason))
    throw ConfigurationError("the projection " + projection_.name +
                             " cannot be kept: " + rejected->message());
  throw StorageError("the projection " + projection_.name +
                     " cannot be kept just now: " + rejected->message());
}

}  // namespace annal
