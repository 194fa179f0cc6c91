#include "annal/bus/live_rule.hpp"

#include "annal/bus/rules/rule_history.hpp"
#include "annal/failure_text.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace annal {

namespace {

using std::chrono::microseconds;

// A log that is centuries ahead of the clock would take the alarms' arithmetic beyond its bounds.
constexpr microseconds longest_nap = std::chrono::hours(24);

}  // namespace

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
  if (!due) return;
  if (awaited_ && *awaited_ <= *due) return around_.alarms.keep_going();
  wake(*due, *due + Rules::margin - around_.clock.now());
}

// With the mutex. Alarms cannot be taken back: the one before is passed over when it comes.
void LiveRule::wake(Timestamp due, microseconds left) {
  const std::uint64_t alarm = ++last_alarm_;  // first: one that cannot be set comes never
  around_.alarms.after(std::clamp(left, microseconds(0), longest_nap),
                       [weak = weak_from_this(), alarm] {
                         if (const auto self = weak.lock()) self->time_has_come(alarm);
                       });
  awaited_ = due;
}

void LiveRule::time_has_come(std::uint64_t alarm) {
  const RuleCalls::Call call(calls_);
  if (!call) return;
  std::vector<Match> matches;
  {
    std::lock_guard lock(mutex_);
    if (alarm != last_alarm_) return;
    const Timestamp due = *std::exchange(awaited_, std::nullopt);
    try {
      move_clock(matches);
    } catch (...) {
      ++failures_;
      last_failure_ = text_of_current_exception();
      wake(due, Rules::margin);
    }
  }
  if (!matches.empty()) emit_later(std::move(matches));
}

// With the mutex. Where not everything recorded by then was told, as far as that is certain.
void LiveRule::move_clock(std::vector<Match>& matches) {
  const Timestamp settled = around_.clock.now() - Rules::margin;
  const Timestamp certain = around_.told_until(settled);
  auto due = run_->due();
  if (due && *due <= certain) {
    run_->advance(certain, matches);
    due = run_->due();
  }
  if (due) wake(*due, *due > settled ? *due - settled : microseconds(Rules::margin));
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

// Publishing takes its time, and other alarms wait for this one.
void LiveRule::emit_later(std::vector<Match> matches) {
  const bool is_given = around_.later([weak = weak_from_this(), matches = std::move(matches)] {
    const auto self = weak.lock();
    if (!self) return;
    if (const RuleCalls::Call call(self->calls_); call) self->emit(matches);
  });
  if (!is_given) note_failure("nothing is published any more, or there is no memory to do so");
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
