#include "annal/bus/rules/sequence_rule.hpp"

#include "annal/bus/rules/keyed_run.hpp"
#include "annal/bus/rules/rule_checks.hpp"
#include "annal/bus/rules/timeline.hpp"

#include <memory>
#include <utility>

namespace annal::rules {
namespace {

// An event that begins or ends a pair. Whether it already has is not remembered: with late events that
// would depend on others ever further back, and a run after a restart would say something else.
struct Partner {
  Timestamp time;
  Ulid id;
  bool begins = false, ends = false;
};

class SequenceState final : public KeyState {
 public:
  explicit SequenceState(std::shared_ptr<const Sequence> rule) : rule_(std::move(rule)) {}

  void forget(Timestamp horizon) override { events_.forget(horizon); }

  bool see(const Sighting& sighting, std::vector<Match>& matches) override {
    const auto index = events_.put({.time = sighting.time,
                                    .id = sighting.event.id,
                                    .begins = sighting.reading.begins,
                                    .ends = sighting.reading.ends},
                                   rule_->events_per_key);
    if (!index) return false;
    const Partner& event = events_[*index];
    const Partner* const before = events_.before(*index);
    const Partner* const after = events_.after(*index);
    if (before != nullptr && are_pair(*before, event))
      matches.push_back(match_of(*before, event, sighting.event));
    if (after != nullptr && are_pair(event, *after))
      matches.push_back(match_of(event, *after, sighting.event));
    return true;
  }

 private:
  // Of two neighbours: whatever stood between them would be nearer to one.
  bool are_pair(const Partner& first, const Partner& then) const {
    return first.begins && then.ends && then.time - first.time < rule_->within;
  }

  static Match match_of(const Partner& first, const Partner& then, const Envelope& event) {
    Match match;
    match.count = 2;
    match.from = first.time;
    match.to = match.at = then.time;
    match.value = static_cast<double>(match.duration().count());
    match.caused_by = {first.id, then.id};
    match.event = event;
    return match;
  }

  const std::shared_ptr<const Sequence> rule_;
  Timeline<Partner> events_;
};

}  // namespace

Rule sequence(Sequence options) {
  const RuleChecks checks(options.name);
  checks.query("first", options.first);
  checks.query("then", options.then);
  checks.given("by", static_cast<bool>(options.by));
  checks.span("within", options.within);
  checks.span("lateness", options.lateness, true);
  checks.number("events_per_key", options.events_per_key, 2, most_events_per_key);
  checks.number("keys", options.keys, 1, most_keys);
  checks.given("emit", static_cast<bool>(options.emit));
  auto rule = std::make_shared<const Sequence>(std::move(options));
  Kind kind{.rule = rule->name,
            .interest = either_of(rule->first, rule->then),
            .memory = rule->within + rule->lateness,
            .keys = rule->keys,
            .read = reading_of(rule->by, rule->first, rule->then),
            .begin = [rule] { return std::make_unique<SequenceState>(rule); }};
  return rule_of(std::move(kind), rule->emit);
}

Rule completion(Completion options) {
  return sequence({.name = std::move(options.name),
                   .first = std::move(options.start),
                   .then = std::move(options.end),
                   .by = std::move(options.by),
                   .within = options.within,
                   .lateness = options.lateness,
                   .events_per_key = options.events_per_key,
                   .keys = options.keys,
                   .emit = std::move(options.emit)});
}

}  // namespace annal::rules
