#include "annal/bus/rules/keyed_run.hpp"
#include "annal/bus/rules/moving_mean.hpp"
#include "annal/bus/rules/timeline.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace annal::rules {
namespace {

struct Sample {
  Timestamp time;
  double number;
};

class ValueAnomalyState final : public KeyState {
 public:
  explicit ValueAnomalyState(std::shared_ptr<const ValueAnomaly> rule) : rule_(std::move(rule)) {}

  void forget(Timestamp horizon) override { samples_.forget(horizon); }

  bool see(const Sighting& sighting, std::vector<Match>& matches) override {
    const double number = sighting.reading.number;
    // As many again, so that what comes late finds the samples before it.
    const auto index = samples_.put({sighting.time, number}, 2 * rule_->samples);
    if (!index) return false;
    const Verdict verdict = judge(number, samples_before(*index), tolerance_of(*rule_));
    if (verdict.unusual) matches.push_back(match_of(sighting, verdict));
    return true;
  }

 private:
  std::vector<double> samples_before(std::size_t end) const {
    std::vector<double> numbers;
    numbers.reserve(rule_->samples);
    for (std::size_t i = end - std::min(end, rule_->samples); i < end; ++i)
      numbers.push_back(samples_[i].number);
    return numbers;
  }

  static Match match_of(const Sighting& sighting, const Verdict& verdict) {
    Match match;
    match.count = 1;
    match.value = sighting.reading.number;
    match.mean = verdict.mean;
    match.deviation = verdict.deviation;
    match.from = match.to = match.at = sighting.time;
    match.caused_by = {sighting.event.id};
    match.event = sighting.event;
    return match;
  }

  const std::shared_ptr<const ValueAnomaly> rule_;
  Timeline<Sample> samples_;
};

}  // namespace

Rule value_anomaly(ValueAnomaly options) {
  const RuleChecks checks(options.name);
  checks.query("of", options.of);
  checks.given("by", static_cast<bool>(options.by));
  checks.given("number", static_cast<bool>(options.number));
  check_tolerance(checks, options);
  checks.span("memory", options.memory);
  checks.number("keys", options.keys, 1, most_keys);
  checks.given("emit", static_cast<bool>(options.emit));
  auto rule = std::make_shared<const ValueAnomaly>(std::move(options));
  Kind kind{.rule = rule->name,
            .interest = rule->of,
            .memory = rule->memory,
            .keys = rule->keys,
            .read = reading_of(rule->by, rule->number),
            .begin = [rule] { return std::make_unique<ValueAnomalyState>(rule); }};
  return rule_of(std::move(kind), rule->emit);
}

}  // namespace annal::rules
