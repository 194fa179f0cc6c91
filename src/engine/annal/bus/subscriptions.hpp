// Who is told of which event. Boost.Signals2 keeps every subscription and carries every event.
#pragma once

#include "annal/bus/bus.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <variant>

namespace annal {

// All events of one stream.
struct EntityStream {
  std::string name;
};
// What a subscriber wants to be told of.
using Interest = std::variant<TopicPattern, EntityStream>;

//   threads   any number of callers
class Subscriptions {
 public:
  // A subscriber threw.
  using OnFailure = std::function<void(const std::string& subscriber, std::string what)>;

  //   topics    at most so many have their subscribers looked up ready
  explicit Subscriptions(std::size_t topics);

  // The handler must hold a function.
  Connection add(Interest interest, EventHandler handler, SubscribeOptions options);
  // Tells those who subscribed before the call began, in that order, of one event.
  //   on_failure  called on this thread for each that throws
  DispatchReport tell(const Envelope& event, const OnFailure& on_failure);

  // Those whose owners live.
  std::size_t count() const;
  std::size_t remembered_topics() const;
  // By a pattern that matches the type.
  bool has_subscriber(const std::string& type) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace annal
