// The aspect that tells a log of every call: its beginning, its end, its failure.
#pragma once

#include "annal/call/join_point.hpp"
#include "annal/severity.hpp"
#include "annal/time/monotonic.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace annal {

// The text as part of one line of a log: control characters (C0, DEL, C1), which could end the line
// or steer a terminal, become `\x0a`, a byte each; in what is no UTF-8 every byte beyond ASCII does.
std::string one_line(std::string_view text);

// Writes lines of this shape, control characters escaped:
//   debug  enter DocumentService::create request=01J… arguments=orders/7
//   info   exit DocumentService::create request=01J… duration_us=412
//   error  error DocumentService::create request=01J… duration_us=90 message=disk full
// An exception is told of and passes on.
//   threads   any number of callers
class LoggingAspect : public Interceptor {
 public:
  // Takes one line without its end. Called by many threads at once; what it throws leaves the call.
  using Sink = std::function<void(Severity, std::string_view line)>;

  explicit LoggingAspect(Sink sink, const MonotonicClock& clock = monotonic_clock());
  void around(const JoinPoint& point, const std::function<void()>& proceed) override;

 private:
  Sink sink_;
  const MonotonicClock* clock_;
};

}  // namespace annal
