#include "annal/bus/rules/count_rule.hpp"

#include "annal/bus/rules/keyed_run.hpp"
#include "annal/bus/rules/rule_checks.hpp"
#include "annal/bus/rules/timeline.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

namespace annal::rules {
namespace {

struct Counting {
  std::size_t at_least;
  std::chrono::microseconds window;
  Says says;
  std::size_t events_per_key;
  double value_of_one;
};

struct Counted {
  Timestamp time;
  Ulid id;
};

// Events from `first` to before `end`.
struct FullestWindow {
  std::size_t first = 0, end = 0;
  std::size_t count() const { return end - first; }
};

class CountState final : public KeyState {
 public:
  explicit CountState(std::shared_ptr<const Counting> rule) : rule_(std::move(rule)) {}

  void forget(Timestamp horizon) override { events_.forget(horizon); }

  bool see(const Sighting& sighting, std::vector<Match>& matches) override {
    const auto index = events_.put({sighting.time, sighting.event.id}, rule_->events_per_key);
    if (!index) return false;
    const FullestWindow window = fullest_with(*index);
    if (holds(window.count())) matches.push_back(match_in(window, sighting.event));
    return true;
  }

 private:
  bool holds(std::size_t count) const {
    // Without this event there was one less: it held before, or it begins to.
    return rule_->says == Says::once ? count == rule_->at_least : count >= rule_->at_least;
  }

  // Of the windows that hold the event, the earliest of the fullest.
  //   cost      O(log n), and a step for each event remembered that is later
  FullestWindow fullest_with(std::size_t index) {
    const Timestamp time = events_[index].time;
    FullestWindow fullest;
    std::size_t first = events_.first_within(rule_->window, time);
    for (std::size_t last = index;
         last < events_.size() && events_[last].time - time < rule_->window; ++last) {
      while (events_[last].time - events_[first].time >= rule_->window) ++first;
      if (last + 1 - first > fullest.count()) fullest = {first, last + 1};
    }
    return fullest;
  }

  Match match_in(const FullestWindow& window, const Envelope& event) const {
    Match match;
    match.count = window.count();
    match.value = static_cast<double>(match.count) * rule_->value_of_one;
    match.from = events_[window.first].time;
    match.to = match.at = events_[window.end - 1].time;
    for (std::size_t i = window.end - std::min(window.count(), causes_limit); i < window.end; ++i)
      match.caused_by.push_back(events_[i].id);
    match.event = event;
    return match;
  }

  const std::shared_ptr<const Counting> rule_;
  Timeline<Counted> events_;
};

Rule counting(Count options, double value_of_one) {
  options.events_per_key = std::max(options.events_per_key, options.at_least + 1);
  const RuleChecks checks(options.name);
  checks.query("of", options.of);
  checks.given("by", static_cast<bool>(options.by));
  checks.number("at_least", options.at_least, 1, most_events_per_key - 1);
  checks.span("window", options.window);
  checks.span("lateness", options.lateness, true);
  checks.number("events_per_key", options.events_per_key, 1, most_events_per_key);
  checks.number("keys", options.keys, 1, most_keys);
  checks.given("emit", static_cast<bool>(options.emit));
  auto rule = std::make_shared<const Counting>(Counting{
      options.at_least, options.window, options.says, options.events_per_key, value_of_one});
  Kind kind{.rule = options.name,
            .interest = options.of,
            .memory = options.window + options.lateness,
            .keys = options.keys,
            .read = reading_of(std::move(options.by)),
            .begin = [rule] { return std::make_unique<CountState>(rule); }};
  return rule_of(std::move(kind), std::move(options.emit));
}

double in_units(std::chrono::microseconds span, std::chrono::microseconds unit) {
  return static_cast<double>(span.count()) / static_cast<double>(unit.count());
}

}  // namespace

Rule count(Count options) { return counting(std::move(options), 1); }

Rule rate(Rate options) {
  const RuleChecks checks(options.name);
  checks.number("at_least", options.at_least, true);
  checks.span("per", options.per);
  checks.span("window", options.window);
  const double needed = std::ceil(options.at_least * in_units(options.window, options.per) - 1e-9);
  if (needed >= static_cast<double>(most_events_per_key))
    checks.refuse("at_least", std::to_string(options.at_least),
                  "at most 9999 events are counted in a window; give it a shorter one");
  return counting({.name = std::move(options.name),
                   .of = std::move(options.of),
                   .by = std::move(options.by),
                   .at_least = static_cast<std::size_t>(std::max(needed, 1.0)),
                   .window = options.window,
                   .says = options.says,
                   .lateness = options.lateness,
                   .events_per_key = options.events_per_key,
                   .keys = options.keys,
                   .emit = std::move(options.emit)},
                  1 / in_units(options.window, options.per));
}

}  // namespace annal::rules
