#include "annal/bus/rules/threshold_rule.hpp"

#include "annal/bus/rules/keyed_run.hpp"
#include "annal/bus/rules/rule_checks.hpp"
#include "annal/bus/rules/timeline.hpp"

#include <cmath>
#include <memory>
#include <utility>

namespace annal::rules {
namespace {

struct Measured {
  Timestamp time;
  bool meets = false;
};

class ThresholdState final : public KeyState {
 public:
  explicit ThresholdState(std::shared_ptr<const Threshold> rule) : rule_(std::move(rule)) {}

  void forget(Timestamp horizon) override { numbers_.forget(horizon); }

  bool see(const Sighting& sighting, std::vector<Match>& matches) override {
    const double number = sighting.reading.number;
    const bool meets = rule_->limit.is_met_by(number);
    const auto index = numbers_.put({sighting.time, meets}, rule_->events_per_key);
    if (!index) return false;
    if (meets && (rule_->says == Says::each_time || begins(*index)))
      matches.push_back(match_of(sighting, number));
    return true;
  }

 private:
  bool begins(std::size_t index) {
    const Measured* const before = numbers_.before(index);
    const Measured* const after = numbers_.after(index);
    return !(before != nullptr && before->meets) && !(after != nullptr && after->meets);
  }

  static Match match_of(const Sighting& sighting, double number) {
    Match match;
    match.count = 1;
    match.value = number;
    match.from = match.to = match.at = sighting.time;
    match.caused_by = {sighting.event.id};
    match.event = sighting.event;
    return match;
  }

  const std::shared_ptr<const Threshold> rule_;
  Timeline<Measured> numbers_;
};

void check_limit(const RuleChecks& checks, const Limit& limit) {
  const bool bounded = limit.kind != Limit::Kind::none && std::isfinite(limit.low) &&
                       std::isfinite(limit.high) && limit.low <= limit.high;
  if (!bounded)
    checks.refuse("limit", limit.to_string(),
                  "give it at_least, at_most or outside, with finite bounds, the lower one first");
}

}  // namespace

Limit at_least(double bound) { return {Limit::Kind::at_least, bound, bound}; }
Limit at_most(double bound) { return {Limit::Kind::at_most, bound, bound}; }
Limit outside(double lowest, double highest) { return {Limit::Kind::outside, lowest, highest}; }

bool Limit::is_met_by(double number) const {
  switch (kind) {
    case Kind::at_least:
      return number >= low;
    case Kind::at_most:
      return number <= high;
    case Kind::outside:
      return number < low || number > high;
    case Kind::none:
      break;
  }
  return false;
}

std::string Limit::to_string() const {
  switch (kind) {
    case Kind::at_least:
      return "at least " + std::to_string(low);
    case Kind::at_most:
      return "at most " + std::to_string(high);
    case Kind::outside:
      return "outside " + std::to_string(low) + " to " + std::to_string(high);
    case Kind::none:
      break;
  }
  return "nothing";
}

Rule threshold(Threshold options) {
  const RuleChecks checks(options.name);
  checks.query("of", options.of);
  checks.given("by", static_cast<bool>(options.by));
  checks.given("number", static_cast<bool>(options.number));
  check_limit(checks, options.limit);
  checks.span("memory", options.memory);
  checks.number("events_per_key", options.events_per_key, 1, most_events_per_key);
  checks.number("keys", options.keys, 1, most_keys);
  checks.given("emit", static_cast<bool>(options.emit));
  auto rule = std::make_shared<const Threshold>(std::move(options));
  Kind kind{.rule = rule->name,
            .interest = rule->of,
            .memory = rule->memory,
            .keys = rule->keys,
            .read = reading_of(rule->by, rule->number),
            .begin = [rule] { return std::make_unique<ThresholdState>(rule); }};
  return rule_of(std::move(kind), rule->emit);
}

}  // namespace annal::rules
