// Why an effect, or a whole program, came to nothing.
#pragma once

#include "annal/error.hpp"

#include <cstdint>
#include <exception>
#include <source_location>
#include <string>
#include <string_view>

namespace annal::effects {

enum class FailureKind : std::uint8_t {
  permanent,        // something was thrown that does not say more
  transient,        // Transient was: another attempt may succeed
  timeout,          // nobody waited any longer
  missing_handler,  // nobody handles the effect
  circuit_open,     // it was left alone because it has failed too often
  rate_limited,     // too many in too short a time
  overloaded,       // too many at once
  vetoed,           // control said no
  cancelled,        // the run was asked to stop
  in_doubt,         // it may have been performed, and must not be twice
  nondeterminism    // the program is not the one that was recorded
};
// `permanent`, `missing handler`, …
std::string_view to_string(FailureKind kind);

// Thrown by handlers for what may go well the next time: a busy server, a lost connection.
class Transient : public Error {
 public:
  using Error::Error;
};

struct Failure {
  FailureKind kind = FailureKind::permanent;
  std::string effect = {};  // its name; empty: a function of the program threw
  std::string what = {};
  unsigned attempts = 0;  // of the effect
  // Where the program performs it.
  std::source_location origin = {};
  std::exception_ptr cause = {};  // what was thrown

  // `charge failed after 3 attempts (transient): the bank is busy [orders.cpp:31]`
  std::string to_string() const;
};

// What is thrown by whatever surrounds a handler: its timeout, its circuit breaker, control.
class EffectFailed : public Error {
 public:
  explicit EffectFailed(Failure failure);
  const Failure& failure() const { return failure_; }

 private:
  Failure failure_;
};

// What an exception says of itself; it knows neither effect nor origin unless it is EffectFailed.
Failure failure_of(std::exception_ptr exception);

}  // namespace annal::effects
