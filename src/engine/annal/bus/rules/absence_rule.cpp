#include "annal/bus/rules/keyed_run.hpp"
#include "annal/bus/rules/rule_checks.hpp"
#include "annal/bus/rules/sequence_rule.hpp"
#include "annal/bus/rules/timeline.hpp"

#include <memory>
#include <utility>

namespace annal::rules {
namespace {

// An event that begins or ends a wait.
struct Waiting {
  Timestamp time;
  bool begins = false, ends = false;
  std::shared_ptr<const Envelope> event;  // while it is not decided whether it waits in vain
  std::optional<bool> reminds;            // where what was before it has been forgotten
};

class AbsenceState final : public KeyState {
 public:
  explicit AbsenceState(std::shared_ptr<const Absence> rule) : rule_(std::move(rule)) {}

  void forget(Timestamp horizon) override { events_.forget(horizon); }

  bool see(const Sighting& sighting, std::vector<Match>&) override {
    const std::size_t index = events_.put({.time = sighting.time,
                                           .begins = sighting.reading.begins,
                                           .ends = sighting.reading.ends,
                                           .event = {},
                                           .reminds = {}});
    // What was decided for the next by what was before it is open again.
    if (Waiting* const after = events_.after(index)) after->reminds.reset();
    if (over_for_what_is_before(index)) end_waits_before(index);
    if (sighting.reading.begins && !is_ended(index))
      events_[index].event = std::make_shared<const Envelope>(without_data(sighting.event));
    return events_.size() <= rule_->events_per_key || make_room() != index;
  }

  std::optional<Timestamp> due() const override {
    const auto index = first_waiting();
    if (!index) return std::nullopt;
    return events_[*index].time + rule_->within + rule_->lateness;
  }

  void decide(std::vector<Match>& matches) override {
    const std::size_t index = *first_waiting();
    if (!is_reminder(index)) matches.push_back(match_of(events_[index]));
    events_[index].event.reset();
  }

 private:
  bool are_close(const Waiting& earlier, const Waiting& later) const {
    return later.time - earlier.time < rule_->within;
  }

  bool over_for_what_is_before(std::size_t index) const {
    return events_[index].ends || rule_->again == Again::restarts;
  }

  // Those that waited for what now stands at the index, back to the last end, which the earlier ones
  // had waited for.
  void end_waits_before(std::size_t index) {
    for (std::size_t i = index; i-- > 0 && are_close(events_[i], events_[index]);) {
      events_[i].event.reset();
      if (over_for_what_is_before(i)) break;
    }
  }

  // Whether what ends its wait came before it did.
  bool is_ended(std::size_t index) const {
    for (std::size_t i = index + 1; i < events_.size() && are_close(events_[index], events_[i]);
         ++i)
      if (over_for_what_is_before(i)) return true;
    return false;
  }

  // Whether it belongs to a wait that had begun before.
  bool is_reminder(std::size_t index) {
    const Waiting& event = events_[index];
    if (rule_->again == Again::restarts || event.ends) return false;
    if (event.reminds) return *event.reminds;
    const Waiting* const before = events_.before(index);
    return before != nullptr && before->begins && are_close(*before, event);
  }

  std::optional<std::size_t> first_waiting() const {
    for (std::size_t i = 0; i < events_.size(); ++i)
      if (events_[i].event) return i;
    return std::nullopt;
  }

  // Forgets the oldest that begins no wait, or the oldest of all.
  //   returns   where it stood
  std::size_t make_room() {
    std::size_t index = 0;
    while (index < events_.size() && events_[index].event && !is_reminder(index)) ++index;
    if (index == events_.size()) index = 0;
    if (Waiting* const after = events_.after(index); after != nullptr && !after->reminds)
      after->reminds = is_reminder(index + 1);
    events_.erase(index);
    return index;
  }

  Match match_of(const Waiting& waiting) const {
    Match match;
    match.count = 1;
    match.from = waiting.time;
    match.to = match.at = waiting.time + rule_->within;
    match.value = static_cast<double>(match.duration().count());
    match.event = *waiting.event;
    match.caused_by = {match.event.id};
    return match;
  }

  const std::shared_ptr<const Absence> rule_;
  Timeline<Waiting> events_;
};

}  // namespace

Rule absence(Absence options) {
  constexpr std::size_t most_events = 1000;
  const RuleChecks checks(options.name);
  checks.query("of", options.of);
  checks.query("until", options.until);
  checks.given("by", static_cast<bool>(options.by));
  checks.span("within", options.within);
  checks.span("lateness", options.lateness, true);
  checks.number("events_per_key", options.events_per_key, 4, most_events);
  checks.number("keys", options.keys, 1, most_keys);
  checks.given("emit", static_cast<bool>(options.emit));
  auto rule = std::make_shared<const Absence>(std::move(options));
  const auto looks_back =
      rule->again == Again::reminds ? rule->within : std::chrono::microseconds::zero();
  Kind kind{.rule = rule->name,
            .interest = either_of(rule->of, rule->until),
            .memory = rule->within + rule->lateness + looks_back,
            .keys = rule->keys,
            .read = reading_of(rule->by, rule->of, rule->until),
            .begin = [rule] { return std::make_unique<AbsenceState>(rule); }};
  return rule_of(std::move(kind), rule->emit);
}

}  // namespace annal::rules
