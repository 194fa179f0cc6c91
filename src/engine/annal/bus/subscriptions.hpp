// Who is told of which event. Boost.Signals2 keeps every subscription and carries every event.
#pragma once

#include "annal/bus/audience.hpp"
#include "annal/bus/bus.hpp"
#include "annal/bus/dead_letters.hpp"
#include "annal/bus/desk.hpp"
#include "annal/bus/subscriber.hpp"
#include "annal/time/monotonic.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace annal {

//   threads   every member: any number of callers
class Subscriptions {
 public:
  using Audience = annal::Audience<Subscriber, Topic, Desk>;
  using Visit = Audience::Visit;
  // Takes an owner who ends with a call: he may wait for others to return, as nobody can who tells
  // them.
  using Part = std::function<void(std::shared_ptr<void> owner)>;

  //   remembered     types, streams and tags whose subscribers each publishing thread finds ready
  //   dead_letters   of subscribers that throw; must outlive this
  //   monotonic      null: the machine's; must outlive this
  Subscriptions(std::size_t remembered, Desk::Options options, DeadLetters& dead_letters, Part part,
                const MonotonicClock* monotonic = nullptr);
  ~Subscriptions();
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;

  // The handler must hold a function.
  Connection add(Query interest, EventHandler handler, SubscribeOptions options);
  Connection add(Query interest, EventTaker taker, SubscribeOptions options);

  Audience& audience() const;
  // Tells those who subscribed before the call began, in their order, of one event, and counts it.
  //   is_new    nobody knows the event's id yet: it is made known
  void tell(Visit& visit, const EventPointer& event, bool is_new, Timestamp now,
            DispatchReport& report);

  // Whether anybody is found by the type.
  bool has_subscriber(const std::string& type);
  // Those whose owners live.
  std::size_t count() const;
  static std::vector<SubscriberFigures> figures(const Audience::Table& members,
                                                const Audience::Look& look, Timestamp now);

 private:
  Connection connect(std::shared_ptr<Subscriber> subscriber);

  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace annal
