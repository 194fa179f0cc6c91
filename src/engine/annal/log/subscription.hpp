// A named reader of the log that misses nothing: it catches up from where it was, goes on live, and
// remembers how far it is.
//
//   annal::SubscriptionOptions options{.name = "mails"};
//   options.query = annal::Query::of_types({annal::TopicPattern::of("order.*")});
//   annal::Subscription mails(log, options, [](const annal::Envelope& event) { send(event); });
#pragma once

#include "annal/log/event_log.hpp"
#include "annal/log/retry.hpp"
#include "annal/owned_here.hpp"
#include "annal/time/monotonic.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace annal {

// What becomes of an event whose handler has failed as often as it may.
enum class AfterFailure {
  park,  // put aside, to be looked at and replayed; the subscription goes on behind it
  halt,  // nothing further is handled until resume()
};

struct SubscriptionOptions {
  std::string name;  // 1–256 visible ASCII characters, no `@`; two of one name are refused
  Query query = {};
  Position after = {};  // where it begins the first time; later where it was
  // Handlers that run at a time. Events of one stream are handled in order, one at a time.
  std::size_t workers = 1;
  RetryPolicy retry = {};
  AfterFailure after_failure = AfterFailure::park;
  std::chrono::milliseconds stuck_after{60'000};  // a handler that runs longer is told of
  std::chrono::milliseconds patience{10'000};     // closing waits so long for handlers that run
  const MonotonicClock* clock = nullptr;          // what says how long; the machine's when null
};

struct SubscriptionStatus {
  enum class State { catching_up, live, halted, closed };
  State state = State::catching_up;
  Position checkpoint;               // this and everything before it is handled or parked
  Position head;                     // of the log
  std::uint64_t handled = 0;         // since it was opened
  std::uint64_t failures = 0;        // attempts that failed, likewise
  std::uint64_t parked = 0;          // waiting to be replayed
  std::uint64_t in_hand = 0;         // read and not handled yet
  std::optional<Position> stuck_at;  // handled for longer than stuck_after
  std::string failure;               // why it is halted, or cannot use the log just now

  std::uint64_t lag() const { return head.value - checkpoint.value; }
};

struct ParkedEvent {
  Position position;
  std::string error;  // of the last attempt
};

// What a log keeps of a subscription, whether it is open or not.
struct KeptSubscription {
  std::string name;
  Position checkpoint;
  std::uint64_t parked = 0;  // events waiting to be replayed
};

// Every subscription that has kept a checkpoint in the log, by name.
//   cost      a look at each of them, and at each of the events they have parked
std::vector<KeptSubscription> kept_subscriptions(const EventLog& log);

// Each event of the query once the log holds it durably, at least once, in the order of the log
// within a stream (across all streams with one worker). The checkpoint is kept in the log's records
// and written now and then, so after a crash the newest events come again: a handler must bear that,
// or have its effect in the log under an idempotency key or with `Commit::tracking`.
//   threads   every member: any number of callers, also from a handler but for close, the destructor
//             and wait_until
class Subscription {
 public:
  // Anything it throws is a failed attempt.
  using Handler = std::function<void(const Envelope&)>;

  //   log       must outlive the subscription
  //   throws    InvalidInput for options no subscription has; ConfigurationError if the name is
  //             taken; CorruptionError if the checkpoint is ahead of the log, which has then lost
  //             events
  Subscription(EventLog& log, SubscriptionOptions options, Handler handler);
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  SubscriptionStatus status() const;
  // Waits until everything up to the position is handled or parked.
  //   returns   false if the time is up, or it is halted or closed
  bool wait_until(Position position, std::chrono::milliseconds timeout) const;

  // The oldest parked events beyond a position; at most `limit`, 1–4096.
  std::vector<ParkedEvent> parked(std::size_t limit = 100, Position after = {}) const;
  // Hands parked events to the handler again, oldest first, one attempt each, on the caller's
  // thread; those it takes are parked no more. The checkpoint stays.
  //   returns   how many it took
  std::size_t replay_parked();
  // Gives a parked event up.
  void drop_parked(Position position);
  // Goes on after a halt, with the event that failed.
  void resume();

  // Lets running handlers finish, leaves what is queued for the next time, and writes the checkpoint.
  // A handler that has not returned within the options' patience is left behind: it keeps its
  // thread, what it refers to must outlive it, and its event comes again. The destructor closes too.
  //   returns   the events whose handlers were left behind
  std::vector<Position> close();

 private:
  struct State;
  struct Open;
  State& state() const;

  OwnedHere<Open> open_;
};

}  // namespace annal
