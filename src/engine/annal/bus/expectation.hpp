// An event somebody waits for.
#pragma once

#include "annal/bus/connection.hpp"
#include "annal/event/envelope.hpp"

#include <chrono>
#include <memory>
#include <optional>

namespace annal {

// Made by Bus::expect before whatever brings the event about, so that it is not missed. Once it is
// gone its predicate is asked no more.
//   threads   one at a time
class Expectation {
 public:
  Expectation(Expectation&&) noexcept = default;
  Expectation& operator=(Expectation&& other) noexcept;
  // Waits for calls of the predicate that have begun, unless this is one.
  ~Expectation() { end(); }

  // Waits for the first event that was expected.
  //   returns   nothing if the time is up before
  //   throws    WouldDeadlock inside a handler of the bus: it would wait for itself
  std::optional<Envelope> wait(std::chrono::milliseconds timeout);

  struct State;
  Expectation(std::shared_ptr<State> state, Connection connection)
      : state_(std::move(state)), connection_(std::move(connection)) {}

 private:
  void end() noexcept;

  std::shared_ptr<State> state_;
  Connection connection_;
};

}  // namespace annal
