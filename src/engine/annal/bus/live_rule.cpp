#include "annal/bus/live_rule.hpp"

#include "annal/bus/rules/rule_history.hpp"
#include "annal/failure_text.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace annal {

LiveRule::LiveRule(Rules::State& around, Rule rule)
    : around_(around),
      rule_(std::move(rule)),
      calls_(&around.subscriptions.audience()),
      run_(rule_.start()) {}

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
  const RuleCalls::Call call(calls_);
  if (!call) return;
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
  const RuleCalls::Call call(calls_);
  if (!call) return;
  std::vector<Match> matches;
  {
    std::lock_guard lock(mutex_);
    awaited_.reset();
    const Timestamp reached = around_.clock.now() - Rules::margin;
    const EventLog* log = around_.log();
    const bool is_behind = log && log->head() > around_.begun();
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
      if (calls_.is_cut()) return;
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

}  // namespace annal
