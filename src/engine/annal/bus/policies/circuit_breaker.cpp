#include "annal/bus/policies/circuit_breaker.hpp"

#include "annal/error.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace annal {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::size_t slices = 10;

void check(const CircuitOptions& options) {
  const auto refuse = [&](const std::string& what) {
    throw InvalidInput("the circuit breaker \"" + options.name + "\": " + what);
  };
  constexpr milliseconds longest = std::chrono::hours(24 * 365);
  const auto within = [&](const char* what, milliseconds time, milliseconds least) {
    if (time < least || time > longest)
      refuse(std::string(what) + " of " + std::to_string(time.count()) + " ms; use " +
             std::to_string(least.count()) + " ms to a year");
  };
  if (options.name.empty()) refuse("give it a name");
  if (options.failures == 0) refuse("0 failures; use 1 at least");
  if (!(options.failure_rate >= 0 && options.failure_rate <= 1))
    refuse("the failure rate " + std::to_string(options.failure_rate) + "; use 0–1");
  within("a window", options.window, milliseconds(slices));
  within("open_for", options.open_for, milliseconds(1));
  within("a trial_timeout", options.trial_timeout, milliseconds(1));
  if (options.trials == 0 || options.trials > 1000)
    refuse(std::to_string(options.trials) + " trials at a time; use 1–1000");
  if (options.successes == 0) refuse("0 successes close it; use 1 at least");
}

// Outcomes of a moving window of time, counted by tenths of it.
class OutcomeWindow {
 public:
  explicit OutcomeWindow(nanoseconds length) : slice_length_(length / slices) {}

  void add(nanoseconds now, bool success) {
    const auto number = now / slice_length_;
    Slice& slice = slices_[static_cast<std::size_t>(number) % slices];
    if (slice.number != number) slice = Slice{number, 0, 0};
    ++(success ? slice.successes : slice.failures);
  }

  struct Count {
    std::size_t successes = 0;
    std::size_t failures = 0;
  };
  Count count(nanoseconds now) const {
    const auto oldest = now / slice_length_ - static_cast<std::int64_t>(slices) + 1;
    Count count;
    for (const Slice& slice : slices_) {
      if (slice.number < oldest) continue;
      count.successes += slice.successes;
      count.failures += slice.failures;
    }
    return count;
  }

  void clear() { slices_.fill({}); }

 private:
  struct Slice {
    std::int64_t number = -1;
    std::size_t successes = 0;
    std::size_t failures = 0;
  };

  nanoseconds slice_length_;
  std::array<Slice, slices> slices_{};
};

// Never 0, so that who waits so long is not too early.
milliseconds whole_milliseconds(nanoseconds time) {
  return std::max(std::chrono::ceil<milliseconds>(time), milliseconds(1));
}

// The name under which events of this breaker remember their trial.
std::string trial_key(const std::string& name) {
  static std::atomic<std::uint64_t> breakers = 0;
  return "circuit " + name + " #" + std::to_string(++breakers);
}

}  // namespace

class CircuitBreaker::State {
 public:
  explicit State(CircuitOptions options)
      : options_(std::move(options)),
        clock_(options_.clock ? *options_.clock : monotonic_clock()),
        trial_key_(trial_key(options_.name)),
        window_(options_.window) {}

  const std::string& name() const { return options_.name; }
  bool is_closed() const { return state_.load(std::memory_order_relaxed) == CircuitState::closed; }

  struct Refusal {
    milliseconds wait;
    std::string reason;
  };
  // Nothing if the event is let through.
  std::optional<Refusal> refusal(ControlContext& context) {
    std::lock_guard lock(mutex_);
    const nanoseconds now = advance();
    if (state_ == CircuitState::closed) return std::nullopt;
    if (state_ == CircuitState::half_open && may_try(now, context)) return std::nullopt;
    ++counted_.refused;
    if (state_ == CircuitState::open)
      return refusal(opened_at_ + options_.open_for - now, " is open for another ");
    const nanoseconds until_free = trials_.front().began + options_.trial_timeout - now;
    return refusal(std::min<nanoseconds>(until_free, options_.open_for),
                   " is being tried; ask again in ");
  }

  void told(bool success) {
    std::lock_guard lock(mutex_);
    const nanoseconds now = advance();
    ++(success ? counted_.succeeded : counted_.failed);
    if (state_ == CircuitState::closed)
      told_while_closed(now, success);
    else if (state_ == CircuitState::half_open && !trials_.empty())
      told_of_trial(now, success);
  }

  void withdrawn() {
    std::lock_guard lock(mutex_);
    advance();
    if (state_ == CircuitState::half_open && !trials_.empty()) trials_.pop_back();
  }

  void note(const Envelope& event) {
    const auto among = [&](const std::vector<TopicPattern>& patterns) {
      return !patterns.empty() && matches_any(patterns, event.type);
    };
    if (among(options_.failure_events))
      told(false);
    else if (among(options_.success_events))
      told(true);
  }

  CircuitStatistics statistics() {
    std::lock_guard lock(mutex_);
    const nanoseconds now = advance();
    CircuitStatistics result = counted_;
    result.state = state_;
    const auto count = window_.count(now);
    result.window_successes = count.successes;
    result.window_failures = count.failures;
    if (state_ == CircuitState::open)
      result.until_half_open = whole_milliseconds(opened_at_ + options_.open_for - now);
    return result;
  }

  CircuitState state() {
    std::lock_guard lock(mutex_);
    advance();
    return state_;
  }

 private:
  struct Trial {
    std::uint64_t number;
    nanoseconds began;
  };

  // To the state that the time has brought. A trial without an outcome opened it when it was due,
  // whenever that is noticed.
  nanoseconds advance() {
    const nanoseconds now = clock_.reading();
    if (state_ == CircuitState::half_open && !trials_.empty()) {
      const nanoseconds due = trials_.front().began + options_.trial_timeout;
      if (now >= due) {
        ++counted_.unanswered;
        open(due);
      }
    }
    if (state_ == CircuitState::open && now >= opened_at_ + options_.open_for)
      state_ = CircuitState::half_open;
    return now;
  }

  void open(nanoseconds at) {
    state_ = CircuitState::open;
    opened_at_ = at;
    trials_.clear();
    successes_ = 0;
    window_.clear();
    ++counted_.opened;
  }

  Refusal refusal(nanoseconds time, const char* why) const {
    const milliseconds wait = whole_milliseconds(time);
    return {wait, "circuit " + options_.name + why + std::to_string(wait.count()) + " ms"};
  }

  bool may_try(nanoseconds now, ControlContext& context) {
    if (is_trial(context)) return true;
    if (trials_.size() >= options_.trials) return false;
    trials_.push_back({++counted_.trials, now});
    context.values[trial_key_] = std::to_string(counted_.trials);
    return true;
  }

  bool is_trial(const ControlContext& context) const {
    const auto found = context.values.find(trial_key_);
    return found != context.values.end() &&
           std::any_of(trials_.begin(), trials_.end(), [&](const Trial& trial) {
             return std::to_string(trial.number) == found->second;
           });
  }

  void told_while_closed(nanoseconds now, bool success) {
    window_.add(now, success);
    if (success) return;
    const auto count = window_.count(now);
    const auto outcomes = static_cast<double>(count.successes + count.failures);
    if (count.failures >= options_.failures &&
        static_cast<double>(count.failures) >= options_.failure_rate * outcomes)
      open(now);
  }

  void told_of_trial(nanoseconds now, bool success) {
    if (!success) return open(now);
    trials_.pop_front();
    if (++successes_ < options_.successes) return;
    trials_.clear();
    successes_ = 0;
    state_ = CircuitState::closed;
  }

  const CircuitOptions options_;
  const MonotonicClock& clock_;
  const std::string trial_key_;
  mutable std::mutex mutex_;
  std::atomic<CircuitState> state_ = CircuitState::closed;  // changed under the mutex
  nanoseconds opened_at_{};
  std::deque<Trial> trials_;  // without an outcome, the oldest first
  std::size_t successes_ = 0;
  OutcomeWindow window_;
  CircuitStatistics counted_;
};

std::string_view to_string(CircuitState state) {
  switch (state) {
    case CircuitState::closed:
      return "closed";
    case CircuitState::open:
      return "open";
    case CircuitState::half_open:
      return "half-open";
  }
  return "";
}

WhenOpen fail_when_open() {
  return [](const Envelope&, milliseconds, std::string reason) {
    return ControlDecision::fail(std::move(reason));
  };
}

WhenOpen retry_when_open() {
  return [](const Envelope&, milliseconds wait, std::string reason) {
    return ControlDecision::retry(wait, std::move(reason));
  };
}

WhenOpen fall_back_when_open(std::function<Envelope(const Envelope& event)> instead) {
  if (!instead) throw InvalidInput("the fallback of a circuit breaker holds no function to call");
  return [instead = std::move(instead)](const Envelope& event, milliseconds, std::string reason) {
    return ControlDecision::fallback(instead(event), std::move(reason));
  };
}

CircuitBreaker::CircuitBreaker(CircuitOptions options) {
  check(options);
  state_ = std::make_shared<State>(std::move(options));
}

void CircuitBreaker::succeeded() { state_->told(true); }
void CircuitBreaker::failed() { state_->told(false); }
void CircuitBreaker::withdrawn() { state_->withdrawn(); }
void CircuitBreaker::note(const Envelope& event) { state_->note(event); }
std::optional<std::string> CircuitBreaker::refusal(ControlContext& context) const {
  if (state_->is_closed()) return std::nullopt;
  auto refusal = state_->refusal(context);
  if (!refusal) return std::nullopt;
  return std::move(refusal->reason);
}

const std::string& CircuitBreaker::name() const { return state_->name(); }
CircuitState CircuitBreaker::state() const { return state_->state(); }
CircuitStatistics CircuitBreaker::statistics() const { return state_->statistics(); }

ControlHandler CircuitBreaker::handler(Query guarded, WhenOpen when_open) const {
  if (!when_open)
    throw InvalidInput("what a circuit breaker answers when open holds no function to call");
  return [state = state_, guarded = std::move(guarded), when_open = std::move(when_open)](
             const Envelope& event, ControlContext& context) {
    if (state->is_closed() || !guarded.matches(event)) return ControlDecision::proceed();
    auto refusal = state->refusal(context);
    if (!refusal) return ControlDecision::proceed();
    return when_open(event, refusal->wait, std::move(refusal->reason));
  };
}

}  // namespace annal
