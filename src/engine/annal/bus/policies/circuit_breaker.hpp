// A circuit breaker: what keeps failing is left alone for a while, then tried with care.
//
//   annal::CircuitBreaker mail({.name = "mail",
//                               .success_events = {annal::TopicPattern::of("mail.sent")},
//                               .failure_events = {annal::TopicPattern::of("mail.bounced")}});
//   auto guard = bus.control().add(
//       mail.handler(annal::Query::of_types({annal::TopicPattern::of("mail.requested")})),
//       {.name = "mail", .priority = 100});
//   auto outcomes = bus.subscribe(annal::TopicPattern::of("mail.*"),
//                                 [&](const annal::Envelope& event) { mail.note(event); });
//
// Closed, it lets everything through. It opens after enough failures, and then lets nothing
// through. After a while it is half-open and lets a few trials through: enough of them that succeed
// close it, one that fails opens it again, and so does one that nobody tells the outcome of in
// time.
//
// Register its handler behind the others (a high priority number): a trial that a later handler
// refuses has no outcome. A retry of the event that is a trial is the same trial.
#pragma once

#include "annal/bus/control.hpp"
#include "annal/event/topic.hpp"
#include "annal/log/query.hpp"
#include "annal/time/monotonic.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace annal {

enum class CircuitState : std::uint8_t { closed, open, half_open };
// `closed`, `open`, `half-open`
std::string_view to_string(CircuitState state);

struct CircuitOptions {
  std::string name = "circuit";  // in reasons; must not be empty
  // It opens when both are reached among the outcomes of the window, which moves on by tenths.
  std::size_t failures = 5;   // 1 or more
  double failure_rate = 0.5;  // failures among outcomes, 0–1; 0: only their number counts
  std::chrono::milliseconds window{10'000};    // 10 or more
  std::chrono::milliseconds open_for{30'000};  // 1 or more
  std::size_t trials = 1;                      // let through at a time while half-open; 1–1000
  std::size_t successes = 1;                   // of trials, that close it; 1 or more
  std::chrono::milliseconds trial_timeout{60'000};  // an outcome is due by then; 1 or more
  std::vector<TopicPattern> success_events = {};    // for note(); none: none
  std::vector<TopicPattern> failure_events = {};    // asked first
  const MonotonicClock* clock = nullptr;  // null: the machine's; must outlive the handlers
};

struct CircuitStatistics {
  CircuitState state = CircuitState::closed;
  std::size_t window_successes = 0;  // while closed, within the window
  std::size_t window_failures = 0;
  std::uint64_t succeeded = 0;  // outcomes that were told, ever
  std::uint64_t failed = 0;
  std::uint64_t opened = 0;      // how often
  std::uint64_t trials = 0;      // that were let through
  std::uint64_t unanswered = 0;  // times it opened because a trial had no outcome in time
  std::uint64_t refused = 0;     // events that were not let through
  std::chrono::milliseconds until_half_open{};  // while open
};

// What a handler answers instead of PROCEED.
//   wait      until it is worth asking again; 1 ms or more
//   reason    `circuit mail is open for another 1200 ms`
//   threads   called by any number at once
using WhenOpen = std::function<ControlDecision(const Envelope& event,
                                               std::chrono::milliseconds wait, std::string reason)>;
WhenOpen fail_when_open();
WhenOpen retry_when_open();
// Throws InvalidInput for no function.
WhenOpen fall_back_when_open(std::function<Envelope(const Envelope& event)> instead);

//   threads   every member: any number of callers
// Source: resilience4j's and Polly's breakers, whose failure rate counts only above a number of
// calls
class CircuitBreaker {
 public:
  // Throws InvalidInput for options out of their bounds.
  explicit CircuitBreaker(CircuitOptions options = {});

  // The outcome of what was let through. While half-open it is that of the oldest trial without
  // one; it is ignored while no trial is under way, and while open.
  //   cost      a reading of the clock under a lock
  void succeeded();
  void failed();
  // What was let through last came to no outcome: it was given up. While half-open another trial may
  // take its place.
  void withdrawn();
  // The same, if the event's type is among those of the options.
  void note(const Envelope& event);

  const std::string& name() const;
  CircuitState state() const;
  CircuitStatistics statistics() const;

  // For calls that are no events: why one is not let through; nothing if it is, and then its outcome is
  // to be told.
  //   context   remembers a trial, so that asking again about it is the same one
  std::optional<std::string> refusal(ControlContext& context) const;

  // A handler that answers PROCEED while closed and to trials, and `when_open` otherwise. May
  // outlive the breaker.
  //   guarded   whom it concerns; all others PROCEED
  //   cost      while closed one atomic load, no clock and no lock; otherwise a lock
  ControlHandler handler(Query guarded = {}, WhenOpen when_open = fail_when_open()) const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace annal
