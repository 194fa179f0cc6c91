// The one thread of a store that hands recorded events to its bus, in log order.
//
//   annal::Dispatcher dispatcher(log, bus, log.head());
//   dispatcher.wait_until(appended.last, std::chrono::seconds(5));
#pragma once

#include "annal/bus/bus.hpp"
#include "annal/log/event_log.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace annal {

// Every event after the first position is dispatched, none left out and none before another. Where
// the log cannot be read, the dispatcher says so in failure() and tries again from where it was,
// after 10 ms and then after twice the time before, up to a second.
//   threads   every member: any number of callers; log and bus must outlive it
class Dispatcher {
 public:
  // Starts with the first event after `from`.
  Dispatcher(const EventLog& log, Bus& bus, Position from);
  // Stops after the event being dispatched; what is left is dispatched by nobody. Waits for the
  // handler that is running, and a tenth of a second at most for the log. No handler may call it.
  ~Dispatcher();

  // The newest position that every subscriber has been handed; at first `from`.
  Position dispatched() const;
  // Waits until everything up to the position has been handed to every subscriber.
  //   returns   false if the time is up before
  //   throws    WouldDeadlock when called from inside a handler that this thread runs
  bool wait_until(Position position, std::chrono::milliseconds timeout) const;
  // Why the log cannot be read at present; nothing once it can.
  std::optional<std::string> failure() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace annal
