#include "annal/bus/rules/keyed_run.hpp"

#include "annal/error.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace annal::rules {
namespace {

constexpr std::size_t longest_key = 1024;

// The years 1 to 9999: sums of these and of spans that rules take do not overflow.
constexpr Timestamp earliest = std::chrono::sys_days(std::chrono::year(1) / 1 / 1);
constexpr Timestamp latest = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31);

Timestamp within_years(Timestamp time) { return std::clamp(time, earliest, latest); }

Timestamp clock_of(const Envelope& event) {
  return within_years(event.position.value == 0 ? event.happened_at() : event.recorded_at);
}

Timestamp time_of(const Envelope& event) {
  return std::min(within_years(event.happened_at()), clock_of(event));
}

}  // namespace

Read reading_of(KeyOf by) {
  return [by = std::move(by)](const Envelope& event) -> std::optional<Reading> {
    auto key = by(event);
    if (!key) return std::nullopt;
    return Reading{.key = std::move(*key)};
  };
}

Read reading_of(KeyOf by, NumberOf number) {
  return [by = std::move(by),
          number = std::move(number)](const Envelope& event) -> std::optional<Reading> {
    auto key = by(event);
    if (!key) return std::nullopt;
    const auto value = number(event);
    if (!value || !std::isfinite(*value)) return std::nullopt;
    return Reading{.key = std::move(*key), .number = *value};
  };
}

Read reading_of(KeyOf by, Query begins, Query ends) {
  return [by = std::move(by), begins = std::move(begins),
          ends = std::move(ends)](const Envelope& event) -> std::optional<Reading> {
    auto key = by(event);
    if (!key) return std::nullopt;
    return Reading{
        .key = std::move(*key), .begins = begins.matches(event), .ends = ends.matches(event)};
  };
}

Query either_of(const Query& one, const Query& other) {
  Query either = one;
  either.items.insert(either.items.end(), other.items.begin(), other.items.end());
  return either;
}

Envelope without_data(const Envelope& event) {
  Envelope slim;
  slim.id = event.id;
  slim.type = event.type;
  slim.schema_version = event.schema_version;
  slim.codec = event.codec;
  slim.content_type = event.content_type;
  slim.stream = event.stream;
  slim.version = event.version;
  slim.position = event.position;
  slim.occurred_at = event.occurred_at;
  slim.recorded_at = event.recorded_at;
  slim.source = event.source;
  slim.correlation_id = event.correlation_id;
  slim.causation_id = event.causation_id;
  slim.tags = event.tags;
  slim.hash = event.hash;
  return slim;
}

std::size_t SeenIds::Hasher::operator()(const Ulid& id) const {
  std::uint64_t parts[2];
  static_assert(sizeof parts == sizeof id.bytes);
  std::memcpy(parts, id.bytes.data(), sizeof parts);
  return static_cast<std::size_t>((parts[0] ^ (parts[1] * 0x9E3779B97F4A7C15U)) *
                                  0xBF58476D1CE4E5B9U);
}

void SeenIds::insert(const Ulid& id, Timestamp clock) {
  if (id.is_nil() || !ids_.insert(id).second) return;
  in_order_.emplace_back(clock, id);
  if (in_order_.size() > limit) forget_oldest();
}

void SeenIds::forget(Timestamp horizon) {
  while (!in_order_.empty() && in_order_.front().first <= horizon) forget_oldest();
}

void SeenIds::forget_oldest() {
  ids_.erase(in_order_.front().second);
  in_order_.pop_front();
}

KeyedRun::KeyedRun(std::shared_ptr<const Kind> kind)
    : kind_(std::move(kind)), own_source_(rule_source(kind_->rule)), clock_(earliest) {}

void KeyedRun::see(const Envelope& event, std::vector<Match>& matches) {
  move_clock(clock_of(event), matches);
  if (!kind_->interest.matches(event) || event.source == own_source_) return;
  ++counts_.seen;
  const Timestamp time = time_of(event);
  if (ids_.contains(event.id))
    ++counts_.duplicates;
  else if (time <= horizon())
    ++counts_.late;
  else
    look(event, time, matches);
}

void KeyedRun::advance(Timestamp now, std::vector<Match>& matches) {
  move_clock(within_years(now), matches);
}

void KeyedRun::move_clock(Timestamp to, std::vector<Match>& matches) {
  if (to <= clock_) return;
  clock_ = to;
  decide_what_is_due(matches);
  forget_what_is_old();
}

void KeyedRun::decide_what_is_due(std::vector<Match>& matches) {
  while (!agenda_.empty() && agenda_.begin()->first.first <= clock_) {
    Key& key = *agenda_.begin()->second;
    const std::size_t first = matches.size();
    key.second.state->decide(matches);
    sign(key, first, matches);
    plan(key);
  }
}

void KeyedRun::look(const Envelope& event, Timestamp time, std::vector<Match>& matches) {
  const std::optional<Reading> reading = kind_->read(event);
  if (!reading) return;
  if (reading->key.size() > longest_key)
    throw InvalidInput("the key of " + event.type + " in " + event.stream + " has " +
                       std::to_string(reading->key.size()) + " bytes for the rule " + kind_->rule +
                       ": group by what has at most " + std::to_string(longest_key));
  ids_.insert(event.id, clock_);
  Key& key = use(reading->key);
  const std::size_t first = matches.size();
  key.second.state->forget(horizon());
  if (!key.second.state->see({event, *reading, time, clock_}, matches)) ++counts_.late;
  sign(key, first, matches);
  plan(key);
  decide_what_is_due(matches);  // what is so old that it was due before it came
  if (keys_.size() > kind_->keys) {
    forget_least_used();
    ++counts_.forgotten_keys;
  }
}

KeyedRun::Key& KeyedRun::use(const std::string& name) {
  const auto [place, added] = keys_.try_emplace(name);
  Memory& memory = place->second;
  if (added) {
    memory.state = kind_->begin();
    memory.use = by_use_.insert(by_use_.end(), &*place);
  } else {
    by_use_.splice(by_use_.end(), by_use_, memory.use);
  }
  memory.used = clock_;
  return *place;
}

void KeyedRun::plan(Key& key) {
  auto& [name, memory] = key;
  const auto due = memory.state->due();
  if (due == memory.due) return;
  if (memory.due) agenda_.erase({*memory.due, name});
  if (due) agenda_.emplace(std::pair(*due, std::string_view(name)), &key);
  memory.due = due;
}

void KeyedRun::sign(const Key& key, std::size_t first, std::vector<Match>& matches) {
  counts_.matches += matches.size() - first;
  for (std::size_t i = first; i < matches.size(); ++i) {
    matches[i].rule = kind_->rule;
    matches[i].key = key.first;
  }
}

// A key not used since the horizon has nothing left to remember, and nothing is due for it.
void KeyedRun::forget_what_is_old() {
  ids_.forget(horizon());
  while (!by_use_.empty() && by_use_.front()->second.used <= horizon()) forget_least_used();
}

void KeyedRun::forget_least_used() {
  const auto& [name, memory] = *by_use_.front();
  if (memory.due) agenda_.erase({*memory.due, name});
  by_use_.pop_front();
  keys_.erase(keys_.find(name));
}

std::optional<Timestamp> KeyedRun::due() const {
  if (agenda_.empty()) return std::nullopt;
  return agenda_.begin()->first.first;
}

RuleCounts KeyedRun::counts() const {
  RuleCounts counts = counts_;
  counts.keys = keys_.size();
  return counts;
}

Rule rule_of(Kind kind, Rule::Emit emit) {
  Rule rule;
  rule.name = kind.rule;
  rule.interest = kind.interest;
  rule.memory = kind.memory;
  rule.emit = std::move(emit);
  rule.start = [shared = std::make_shared<const Kind>(std::move(kind))] {
    return std::make_unique<KeyedRun>(shared);
  };
  return rule;
}

}  // namespace annal::rules
