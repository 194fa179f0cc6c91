// The bus: tells subscribers what happened; lets middleware and control see events before they are
// recorded or told; records what is to be recorded. Boost.Signals2 carries every event.
//
//   annal::Bus bus(catalogue);
//   auto typed = bus.subscribe<Updated>([](const Updated& change, const Envelope& event) { … });
//   auto all = bus.subscribe(TopicPattern::of("document.*"), [](const Envelope& event) { … });
//
// Guide: docs/guides/bus.md
#pragma once

#include "annal/bus/connection.hpp"
#include "annal/bus/control.hpp"
#include "annal/bus/expectation.hpp"
#include "annal/bus/observers.hpp"
#include "annal/bus/recorder.hpp"
#include "annal/bus/rules.hpp"
#include "annal/bus/statistics.hpp"
#include "annal/error.hpp"
#include "annal/event/catalogue.hpp"
#include "annal/event/randomness.hpp"
#include "annal/event/topic.hpp"
#include "annal/log/query.hpp"
#include "annal/time/clock.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace annal {

// Called by whichever thread dispatches the event, so by several at once where several publish.
// What it throws is a dead letter.
using EventHandler = std::function<void(const Envelope&)>;

// Sees an event before it is recorded or, if transient, before it is dispatched.
//   returns   the event, enriched or replaced by another of its type; nothing to drop it
//   threads   called by any number at once
using Middleware = std::function<std::optional<Envelope>(Envelope)>;

struct SubscribeOptions {
  std::string name = {};  // in dead letters and statistics; the interest as text when empty
  // When it is gone, the subscription is; while a handler runs, it is kept. One that nobody else keeps
  // when the handler returns ends on a thread of the bus, where it may wait.
  std::optional<std::weak_ptr<void>> owner = std::nullopt;
  // As in Boost.Signals2: first those without a group at the front, then the groups by number, then
  // those without a group; in each of these in the order they came, or the other way at the front.
  std::optional<int> group = std::nullopt;
  bool at_front = false;
};

// Which events of the history; newest first.
struct HistoryRequest {
  std::optional<TopicPattern> type = std::nullopt;
  std::optional<std::string> source = std::nullopt;
  std::optional<std::string> stream = std::nullopt;
  std::optional<Timestamp> since = std::nullopt;  // that happened at this time or later
  std::optional<Timestamp> until = std::nullopt;  // and before this one
  std::size_t limit = 100;
};

// An event that a subscriber or observer failed to take: it reached neither the publisher nor
// another subscriber.
struct DeadLetter {
  std::string subscriber;
  Envelope event;
  std::string what;       // the last failure
  unsigned attempts = 1;  // in all
};

// What became of one event. Events that its handlers publish have reports of their own.
struct DispatchReport {
  // Subscribers' handlers that returned, and that threw: see Bus::dead_letters. Observers, rules and
  // expectations are not counted.
  std::size_t delivered = 0, failed = 0;
  std::optional<std::string> dropped_by;  // the middleware that dropped or spoilt it
  std::optional<std::string> vetoed_by;   // the control handler that skipped or rejected it
  bool skipped = false;                   // by that handler, which is no fault
  std::optional<std::string>
      replaced_by;  // the control handler whose fallback went out in its place
  std::string why;  // as Bus::Admission::why
  // Its turn is still to come, so that who takes it is not known yet, and failures show in
  // Bus::dead_letters alone: it was published inside a handler of this bus, or in an observer, or
  // recorded, and not told within BusOptions::patience.
  bool queued = false;
  bool duplicate = false;   // an event of this id was published before: nobody was told again
  bool coalesced = false;   // it is held back, to go out with others
  Position position;        // where it was recorded; 0: it was not
  bool unrecorded = false;  // that was to be, and failed: it went out all the same
  // What the log said of an event that had to be recorded, and was not; nobody was told.
  std::shared_ptr<const AppendOutcome> not_recorded = nullptr;

  // Whether it went out, or will when its turn comes.
  bool accepted() const { return !dropped_by && !vetoed_by && !duplicate && !not_recorded; }
};

struct BusOptions {
  // What each thread that publishes keeps in memory; of all of it, so many are shown.
  std::size_t history_events = 1000;          // the newest
  std::size_t kept_bytes = 16 * 1024 * 1024;  // of history; the newest is kept whatever its size
  std::size_t known_ids = 1024;               // of transient events, to know one that comes twice
  std::size_t topics = 1024;  // types, streams and tags whose subscribers are found ready
  std::size_t names = 1024;   // types, and streams, whose figures are kept
  // Of the bus.
  std::size_t dead_letters = 1000;      // of kept_bytes, too; the oldest make room
  std::size_t queued_events = 10'000;   // published inside handlers and not told yet, a thread
  unsigned control_attempts = 5;        // that a RETRY may make of one event
  std::size_t backlog_events = 10'000;  // published without waiting, and not done yet
  std::size_t observer_threads = 4;     // that tell observers, beside those in overdue calls
  // With observers that run when the bus ends; and how long publish waits for the dispatcher.
  std::chrono::milliseconds patience{10'000};
  const Clock* clock = nullptr;      // the machine's when null; must outlive the bus
  Randomness* randomness = nullptr;  // the system's when null; must outlive the bus
  // What durations are measured with. Where it is given, no thread of the bus waits for time to pass:
  // its owner calls run_due(). Must outlive the bus.
  const MonotonicClock* monotonic = nullptr;
  // How a thread waits for a RETRY; it sleeps when empty.
  std::function<void(std::chrono::nanoseconds)> sleep = {};
};

// What control is to know of an event beside itself.
struct PublishOptions {
  // By when control must have decided; a RETRY beyond it is a rejection.
  std::optional<std::chrono::nanoseconds> deadline = std::nullopt;
  std::map<std::string, std::string> values = {};  // in the context of every handler
};

// What the bus does not take: of a handler, one event caused by another more than
// Bus::causation_limit deep, or more events than may wait; of anybody, more without waiting than may
// wait, or any once it is closed.
class PublishRefused : public Error {
 public:
  using Error::Error;
};

// One event is told to its subscribers in their order, on the thread that dispatches
// it. Publishing and dispatching inside a handler is allowed: the event is queued on this thread
// behind the one being dispatched, and the outermost call returns when the queue is empty.
// Subscribing and disconnecting there is allowed too: a new subscriber is told from the next event
// on, a cut one no more.
//   threads   any number of callers; destroyed by one, when no call is under way
//   cost      one Signals2 emission and a look-up by topic and stream, then each subscriber's call;
//             two threads that publish share nothing, but where events come with ids
// Source: docs/guides/bus.md
class Bus {
 public:
  // An event published outside every handler has depth 1, one published by its handler depth 2.
  static constexpr unsigned causation_limit = 32;

  // The catalogue must outlive the bus.
  explicit Bus(const Catalogue& catalogue, BusOptions options = {});
  ~Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  // Of the events that a query means. Throws InvalidInput for a handler that holds no function.
  Connection subscribe(Query interest, EventHandler handler, SubscribeOptions options = {});
  Connection subscribe(TopicPattern pattern, EventHandler handler, SubscribeOptions options = {});
  // All events of one stream. Throws InvalidInput for a stream or handler that is empty.
  Connection subscribe_entity(std::string stream, EventHandler handler,
                              SubscribeOptions options = {});
  // Typed: the payload decoded, older versions brought up to date. A payload that does not decode,
  // or was purged, is a failure of this subscriber. The handler takes the payload, or payload and
  // envelope.
  //   throws    ConfigurationError if the catalogue does not list T
  template <class T, class Function>
  Connection subscribe(Function handler, SubscribeOptions options = {}) {
    const Catalogue& types = catalogue();
    return subscribe(
        TopicPattern::of(types.of<T>().name),
        [&types, handler = std::move(handler)](const Envelope& event) mutable {
          const auto payload = types.unwrap<T>(event);
          if (!payload) return;
          if constexpr (std::is_invocable_v<Function&, const T&, const Envelope&>)
            handler(*payload, event);
          else
            handler(*payload);
        },
        std::move(options));
  }

  // Middleware runs in the order it was added. Throws InvalidInput for one that holds no function.
  Connection use(std::string name, Middleware middleware);
  // Who may say no. Asked after middleware.
  Control& control();

  // Who is told on threads of his own.
  Observers& observers();
  // What watches for patterns.
  Rules& rules();

  struct Admission {
    std::optional<Envelope> event;  // what came out; nothing if it may not be recorded
    // The middleware that dropped or spoilt it, or the control handler that decided; "bus" if it is
    // refused. With an event, the control handler whose fallback that is.
    std::string by;
    // Set if it may not be recorded: "dropped", "failed: …", "changed the type …", "refused: …".
    std::string why;
    bool failed = false;      // the middleware threw, or control is at fault
    bool by_control = false;  // it was no middleware
    bool skipped = false;     // by control, which is no fault
  };
  // Runs middleware and control only; waits where control wants to be asked again later. What comes
  // out has the type and the stream of what went in, and is to be recorded: it says how deep the chain
  // of causes is that it ends.
  Admission admit(Envelope event) const;

  // Tells every subscriber, in their order, on this thread. For recorded events.
  //   throws    PublishRefused, only inside a handler of this bus
  DispatchReport dispatch(Envelope event);
  // Middleware, control, then as the policy of its type says: recorded, and told by the dispatcher; or
  // transient, and told on this thread. Returns when subscribers have run; inside a handler, and in an
  // observer, once it is recorded or queued. id and occurred_at are filled in where they are missing.
  //   throws    InvalidInput if its type is no topic
  //             NotRecorded if it must be recorded and cannot
  //             PublishRefused, only inside a handler or middleware
  DispatchReport publish(Envelope&& event);
  DispatchReport publish(const Envelope& event) { return publish(Envelope(event)); }
  DispatchReport publish(Envelope event, PublishOptions options);
  // The same for an event that tells of something which must not fail for it: where it should have been
  // recorded and was not, `warning.raised` says so; what else keeps it back is counted only.
  void publish_or_warn(Envelope event) noexcept;
  // All of them, in their order. Those to be recorded that stand beside each other are in one commit;
  // where no log takes that, each has one of its own, and so has one that comes with an id, or is
  // coalesced.
  //   returns   a report each; one that must be recorded and cannot be has `not_recorded`
  //   throws    InvalidInput if any type is no topic, PublishRefused as publish: before any goes out
  std::vector<DispatchReport> publish_batch(std::vector<Envelope> events);
  // Returns at once: the rest happens on a thread of the bus, in the order of publishing; but that thread
  // does not wait for the dispatcher, so a transient event may be told before a recorded one that was
  // published before it. While control
  // wants an event to be asked about again later, those behind it wait. What could not be published, or
  // recorded as it must be, is a dead letter of "publish_nowait"; what middleware and control keep
  // back is counted.
  //   throws    InvalidInput if its type is no topic; PublishRefused if as many wait as may
  void publish_nowait(Envelope event);
  // What is held back goes out, what was published without waiting is done, and subscribers were told
  // of all that is recorded by then. Observers may not have been: Observers::wait_until_idle.
  //   returns   false if the time is up before
  //   throws    WouldDeadlock inside a handler
  bool flush(std::chrono::milliseconds timeout);

  // Before whatever the bus records with, and its handlers use, goes: what is held back, or published
  // without waiting, is done, observers that run are waited for; afterwards nobody is told on threads
  // of the bus, publish_nowait is refused, nothing is held back, and control's RETRY is a rejection. The
  // destructor closes too.
  //   throws    WouldDeadlock inside a handler, or what a rule says
  void close();

  // What becomes of events of these types when they are published; of two that fit the newer counts.
  // Without one, events are transient.
  //   throws    ConfigurationError for what cannot be: to record without a log; to require and to hold
  //             back
  Connection record(TopicPattern types, RecordingPolicy policy);
  // Before anything is published. Whoever opens a store need not do this.
  void record_with(std::shared_ptr<Recorder> recorder);

  // The first event that is meant from now on.
  //   predicate   over those that the query means; all of them when empty
  Expectation expect(Query interest, std::function<bool(const Envelope&)> predicate = {});
  // The same where nothing has to be done in between. Guide: docs/guides/bus.md
  //   returns   nothing if the time is up before
  std::optional<Envelope> wait_for(Query interest, std::chrono::milliseconds timeout,
                                   std::function<bool(const Envelope&)> predicate = {});

  // What was dispatched, recorded and transient.
  std::vector<Envelope> history(const HistoryRequest& request = {}) const;  // newest first
  std::vector<DeadLetter> dead_letters() const;                             // newest first
  // Hands the dead letters of a subscriber to him again, oldest first, on this thread; those he
  // takes are dead letters no more. Stops at the first that fails again; those of a namesake who is
  // gone stay where they are.
  //   returns   how many he took; 0 while another thread is at it
  //   throws    WouldDeadlock inside a handler of this bus
  std::size_t redrive(const std::string& subscriber);
  BusStatistics statistics() const;
  // Does what is due by now: for a bus with BusOptions::monotonic; others do it by themselves.
  //   returns   how much was done
  //   throws    WouldDeadlock inside a handler
  std::size_t run_due();
  std::size_t subscriber_count() const;
  // Whether anybody would be told of an event of the type, not counting those who subscribed to
  // streams or tags. True for an owner that is gone until the next event of the type.
  //   cost      a look-up
  bool has_subscriber(const std::string& type) const;
  // Whether an event of the type would be told to anybody so found, or recorded.
  bool wants(const std::string& type) const;

 private:
  const Catalogue& catalogue() const;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace annal
