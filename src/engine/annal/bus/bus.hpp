// The bus: tells subscribers what happened, and lets middleware see events before they are
// recorded. Boost.Signals2 carries every dispatch.
//
//   annal::Bus bus(catalogue);
//   auto typed = bus.subscribe<Updated>([](const Updated& change, const Envelope& event) { … });
//   auto all = bus.subscribe(TopicPattern::of("document.*"), [](const Envelope& event) { … });
//
// Guide: docs/guides/bus.md
#pragma once

#include "annal/error.hpp"
#include "annal/event/catalogue.hpp"
#include "annal/event/randomness.hpp"
#include "annal/event/topic.hpp"
#include "annal/time/clock.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace annal {

// Keeps a subscription or a middleware in place; cut when destroyed. May outlive the bus.
//   threads   one at a time; whatever the bus is doing meanwhile on others
class [[nodiscard]] Connection {
 public:
  Connection() = default;
  explicit Connection(std::function<void()> cut) : cut_(std::move(cut)) {}
  Connection(Connection&& other) noexcept : cut_(std::exchange(other.cut_, nullptr)) {}
  Connection& operator=(Connection&& other) noexcept;
  ~Connection() { disconnect(); }

  // A handler already running finishes, and is not waited for; none starts afterwards.
  void disconnect();
  // Leaves the subscription in place for as long as the bus, and its owner if it names one, lives.
  void release() { cut_ = nullptr; }
  // True until disconnect() or release(); an owner that is gone is not noticed here.
  bool connected() const { return static_cast<bool>(cut_); }

 private:
  std::function<void()> cut_;
};

// Called by whichever thread dispatches the event, so by several at once where several publish.
// What it throws is a HandlerFailure.
using EventHandler = std::function<void(const Envelope&)>;

// Sees an event before it is recorded or, if transient, before it is dispatched.
//   returns   the event, enriched or replaced by another of its type; nothing to drop it
//   threads   called by any number at once
using Middleware = std::function<std::optional<Envelope>(Envelope)>;

struct SubscribeOptions {
  std::string name = {};  // in failures and statistics; the pattern or stream when empty
  // When it is gone, the subscription is; while a handler runs, it is kept.
  std::optional<std::weak_ptr<void>> owner = std::nullopt;
};

// Which events of the history; newest first.
struct HistoryRequest {
  std::optional<TopicPattern> type = std::nullopt;
  std::optional<std::string> source = std::nullopt;
  std::optional<std::string> stream = std::nullopt;
  std::size_t limit = 100;
};

// A subscriber's exception: it never reaches the publisher or another subscriber.
struct HandlerFailure {
  std::string subscriber;
  Envelope event;
  std::string what;
};

// What became of one event. Events that its handlers publish have reports of their own.
struct DispatchReport {
  std::size_t delivered = 0;              // handlers that returned
  std::size_t failed = 0;                 // handlers that threw; see Bus::failures
  std::optional<std::string> dropped_by;  // what dropped or spoilt it; nobody was told
  std::string why;                        // as Bus::Admission::why
  // Published inside a handler of this bus: its turn comes once the event being dispatched has been
  // told to everybody. Who takes it is not known yet; failures show in Bus::failures alone.
  bool queued = false;
};

struct BusOptions {
  std::size_t history_events = 1000;          // kept in memory, newest
  std::size_t failures = 256;                 // likewise
  std::size_t kept_bytes = 16 * 1024 * 1024;  // of either; its newest is kept whatever its size
  std::size_t topics = 1024;                  // whose subscribers are remembered, the last used
  std::size_t queued_events = 10'000;  // published inside handlers and not told yet, a thread
  const Clock* clock = nullptr;        // the machine's when null; must outlive the bus
  Randomness* randomness = nullptr;    // the system's when null; must outlive the bus
};

// Thrown to a handler that publishes what its bus does not take: one event caused by another more
// than Bus::causation_limit deep, or more events than may wait.
class PublishRefused : public Error {
 public:
  using Error::Error;
};

// One event is told to its subscribers in the order they subscribed, on the thread that dispatches
// it. Publishing and dispatching inside a handler is allowed: the event is queued on this thread
// behind the one being dispatched, and the outermost call returns when the queue is empty.
// Subscribing and disconnecting there is allowed too: a new subscriber is told from the next event
// on, a cut one no more.
//   threads   any number of callers; destroyed by one, when no call is under way
//   cost      one Signals2 emission and a look-up by topic and stream, then each subscriber's call
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

  // Throws InvalidInput for a handler that holds no function.
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

  struct Admission {
    std::optional<Envelope> event;  // what came out; nothing if it may not be recorded
    std::string by;  // the middleware that dropped or spoilt it; "bus" if it is refused
    // Set if it may not be recorded: "dropped", "failed: …", "changed the type …", "refused: …".
    std::string why;
    bool failed = false;  // the middleware threw
  };
  // Runs the middleware only. An event that comes back under another type or stream is refused.
  Admission admit(Envelope event) const;

  // Tells every subscriber, in the order they subscribed, on this thread. For recorded events.
  //   throws    PublishRefused, only inside a handler of this bus
  DispatchReport dispatch(Envelope event);
  // A transient event, never recorded: middleware, then dispatch. id and occurred_at are filled in
  // where they are missing.
  //   throws    InvalidInput if its type is no topic
  //             PublishRefused, only inside a handler or middleware
  DispatchReport publish(Envelope event);

  // What was dispatched, recorded and transient.
  std::vector<Envelope> history(const HistoryRequest& request = {}) const;  // newest first
  std::vector<HandlerFailure> failures() const;                             // newest first
  std::size_t subscriber_count() const;
  // Whether anybody would be told of an event of the type, not counting those who subscribed to
  // streams. True for an owner that is gone until the next event of the type.
  //   cost      a look-up
  bool has_subscriber(const std::string& type) const;

 private:
  const Catalogue& catalogue() const;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace annal
