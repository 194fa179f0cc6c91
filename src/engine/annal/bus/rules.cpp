#include "annal/bus/rules.hpp"

#include "annal/bus/rules/rule_history.hpp"
#include "annal/bus/rules_state.hpp"
#include "annal/failure_text.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace annal {

class LiveRule : public std::enable_shared_from_this<LiveRule> {
 public:
  LiveRule(Rules::State& around, Rule rule)
      : around_(around), rule_(std::move(rule)), run_(rule_.start()) {}

  const std::string& name() const { return rule_.name; }
  const Query& interest() const { return rule_.interest; }

  // Looks at what the log holds up to a position. What is told meanwhile is looked at afterwards.
  void begin(const EventLog* log, Position through);
  // The next event that is told.
  void take(const EventPointer& event);
  RuleStatus status() const;

 private:
  void look_at(const Envelope& event, std::vector<Match>& matches);
  void wait_for_time();
  void time_has_come();
  void emit(const std::vector<Match>& matches);
  void note_failure(std::string what);

  Rules::State& around_;
  const Rule rule_;
  mutable std::mutex mutex_;
  std::unique_ptr<RuleRun> run_;
  bool has_begun_ = false;
  Position begun_after_;
  std::vector<EventPointer> early_;  // told before it had begun
  std::optional<Timestamp> awaited_;
  std::uint64_t published_ = 0, failures_ = 0;
  std::string last_failure_;
};

void LiveRule::begin(const EventLog* log, Position through) {
  auto run = rule_.start();
  if (log && through.value > 0) warm(*run, rule_, *log, through);
  std::vector<Match> matches;
  {
    std::lock_guard lock(mutex_);
    run_ = std::move(run);
    begun_after_ = through;
    for (const auto& event : std::exchange(early_, {})) try {
        look_at(*event, matches);
      } catch (...) {
        ++failures_;
        last_failure_ = text_of_current_exception();
      }
    has_begun_ = true;
    wait_for_time();
  }
  emit(matches);
}

void LiveRule::take(const EventPointer& event) {
  std::vector<Match> matches;
  std::exception_ptr failure;
  {
    std::lock_guard lock(mutex_);
    if (!has_begun_) {
      early_.push_back(event);
      return;
    }
    try {
      look_at(*event, matches);
    } catch (...) {
      ++failures_;
      last_failure_ = text_of_current_exception();
      failure = std::current_exception();
    }
    wait_for_time();
  }
  emit(matches);
  if (failure) std::rethrow_exception(failure);  // the event is a dead letter
}

void LiveRule::look_at(const Envelope& event, std::vector<Match>& matches) {
  const bool is_recorded = event.position.value > 0;
  if (is_recorded && event.position <= begun_after_) return;  // it was read
  const Timestamp now = around_.clock.now();
  if (is_recorded || event.happened_at() <= now) return run_->see(event, matches);
  // A transient event that claims to come from the future would take the rule's clock there.
  Envelope corrected = event;
  corrected.occurred_at = now;
  run_->see(corrected, matches);
}

// With the mutex.
void LiveRule::wait_for_time() {
  const auto due = run_->due();
  if (!due || (awaited_ && *awaited_ <= *due)) return;
  awaited_ = due;
  const auto left = *due + Rules::margin - around_.clock.now();
  around_.alarms.after(std::max<std::chrono::nanoseconds>(left, std::chrono::nanoseconds(0)),
                       [weak = weak_from_this()] {
                         if (const auto self = weak.lock()) self->time_has_come();
                       });
}

// Everything recorded up to then was told, unless the dispatcher is behind: then it waits on.
void LiveRule::time_has_come() {
  std::vector<Match> matches;
  {
    std::lock_guard lock(mutex_);
    awaited_.reset();
    const Timestamp reached = around_.clock.now() - Rules::margin;
    const EventLog* log = around_.log();
    const bool is_behind = log && log->head() > around_.told();
    const auto due = run_->due();
    if (due && (is_behind || reached < *due)) {
      awaited_ = due;
      const auto left = is_behind ? std::chrono::nanoseconds(Rules::margin)
                                  : std::chrono::nanoseconds(*due - reached);
      return around_.alarms.after(left, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->time_has_come();
      });
    }
    run_->advance(reached, matches);
    wait_for_time();
  }
  emit(matches);
}

void LiveRule::emit(const std::vector<Match>& matches) {
  for (const auto& match : matches) try {
      auto emitted = emission(rule_, match);
      if (emitted && around_.publish(*std::move(emitted))) {
        std::lock_guard lock(mutex_);
        ++published_;
      }
    } catch (...) {
      note_failure(text_of_current_exception());
    }
}

void LiveRule::note_failure(std::string what) {
  std::lock_guard lock(mutex_);
  ++failures_;
  last_failure_ = std::move(what);
}

RuleStatus LiveRule::status() const {
  std::lock_guard lock(mutex_);
  return {rule_.name, run_->counts(), published_, failures_, last_failure_};
}

Rules::Rules(std::shared_ptr<State> state) : state_(std::move(state)) {}
Rules::~Rules() = default;

Connection Rules::add(Rule rule) {
  auto live = std::make_shared<LiveRule>(*state_, std::move(rule));
  {
    std::lock_guard lock(state_->mutex);
    std::erase_if(state_->rules, [](const auto& each) { return each.expired(); });
    for (const auto& each : state_->rules)
      if (const auto known = each.lock(); known && known->name() == live->name())
        throw InvalidInput("there is a rule called \"" + live->name() +
                           "\" already: each needs a name of its own");
    state_->rules.push_back(live);
  }
  auto connection = state_->subscriptions.add(
      live->interest(), EventTaker([live](const EventPointer& event) { live->take(event); }),
      {.name = rule_source(live->name())});
  live->begin(state_->log(), state_->told());
  return connection;
}

std::vector<RuleStatus> Rules::status() const {
  std::vector<std::shared_ptr<LiveRule>> rules;
  {
    std::lock_guard lock(state_->mutex);
    for (const auto& each : state_->rules)
      if (auto rule = each.lock()) rules.push_back(std::move(rule));
  }
  std::vector<RuleStatus> result;
  for (const auto& rule : rules) result.push_back(rule->status());
  return result;
}

}  // namespace annal
