// Observers: told of events on threads of their own, so that they may take their time. They only look:
// what they do, and whether they fail, is nothing to the publisher or to each other.
//
//   auto mails = bus.observers().add(
//       annal::Query::of_types({annal::TopicPattern::of("order.>")}),
//       [](const annal::Envelope& event, std::stop_token) { send(event); },
//       {.name = "mails", .timeout = 10s});
//
// Guide: docs/guides/bus.md
#pragma once

#include "annal/bus/connection.hpp"
#include "annal/bus/figures.hpp"
#include "annal/event/envelope.hpp"
#include "annal/log/query.hpp"
#include "annal/log/retry.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace annal {

// Looks at an event. What it throws is a failed attempt.
//   stop      asked for when the call is overdue, or the bus ends; a std::stop_callback of it runs on
//             the thread of the alarms, and must be short
//   threads   called by several at once, as its concurrency says; of one key one at a time, in order
using ObserverHandler = std::function<void(const Envelope& event, std::stop_token stop)>;

// What becomes of events while an observer's queue is full.
enum class WhenFull {
  // Whoever dispatches waits for room. Not an observer that publishes, nor who does what is due on a bus
  // with a clock of its own: for them the oldest is dropped.
  block,
  drop_oldest,  // the oldest event that waits becomes a dead letter
  spill,  // recorded events are read from the log again later; transient ones are dead letters
};

struct ObserverOptions {
  std::string name = {};         // in dead letters and status; must not be empty
  std::size_t concurrency = 10;  // calls at a time, as far as BusOptions::observer_threads go
  // Events of one key are told one after another, in their order; by default those of one stream.
  // It is called wherever the event comes from, without locks; an event for which it throws is a dead
  // letter.
  std::function<std::string(const Envelope&)> key = {};
  // That wait; where calls are tried again and nothing is dropped, `concurrency` more.
  std::size_t queue_events = 1000;
  WhenFull when_full = WhenFull::drop_oldest;
  std::chrono::milliseconds timeout{5000};  // then a call is overdue; zero: never
  // Overdue calls; then it is told nothing more until it is released; zero: never.
  unsigned quarantine_after = 3;
  RetryPolicy retry = {.attempts = 1};  // then an event becomes a dead letter
  // When it is gone, the observer is; while it is told, it is kept.
  std::optional<std::weak_ptr<void>> owner = std::nullopt;
};

struct ObserverStatus {
  std::string name;
  std::string interest;  // as text
  bool quarantined = false;
  std::optional<Position> behind;  // it is told again from here on, from the log
  std::size_t queued = 0, running = 0;
  double per_minute = 0;       // attempts, in the last 60 seconds
  std::uint64_t told = 0;      // calls that returned
  std::uint64_t failures = 0;  // attempts that threw
  std::uint64_t overdue = 0;   // calls
  std::uint64_t dropped = 0;   // events that became dead letters because the queue was full
  Latencies latencies;         // of all calls
};

// All observers of a bus. What still waits for them when the bus ends is dropped: who must miss
// nothing is a Subscription to the log.
//   threads   every member: any number of callers
class Observers {
 public:
  // Throws InvalidInput for a handler that holds no function, a name that is empty or taken, bounds of
  // zero, pauses that cannot be; ConfigurationError for `spill` on a bus without a log, and on a bus
  // without threads for observers. Once the connection is cut no call begins, of the handler or of
  // `key`, and nobody waits for room; its disconnect_and_wait waits for calls of these alone, and throws
  // WouldDeadlock inside one of them.
  Connection add(Query interest, ObserverHandler handler, ObserverOptions options);

  std::vector<ObserverStatus> status() const;
  // Tells a quarantined observer of events again; those of the meantime are dead letters, or if it
  // spills are read from the log.
  //   returns   false if nobody has that name
  bool release(const std::string& name);
  // Waits until nothing is queued for anybody who is not quarantined, and nobody is being told.
  //   returns   false if the time is up before
  //   throws    WouldDeadlock inside an observer
  bool wait_until_idle(std::chrono::milliseconds timeout) const;

  struct State;
  explicit Observers(std::shared_ptr<State> state);
  ~Observers();
  Observers(const Observers&) = delete;
  Observers& operator=(const Observers&) = delete;

 private:
  const std::shared_ptr<State> state_;
};

}  // namespace annal
