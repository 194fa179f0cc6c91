// The aspects the service is woven with beside metrics:
// lines, errors as events, executions as events.
#pragma once

#include "annal/aspects/logging.hpp"
#include "annal/bus/bus.hpp"
#include "annal/call/join_point.hpp"
#include "annal/service/log_lines.hpp"
#include "annal/service/vocabulary.hpp"
#include "annal/time/monotonic.hpp"

#include <string>
#include <string_view>

namespace annal {

// Publishes `error.raised`; never throws.
void raise_error(Bus& bus, const Catalogue& catalogue, const ErrorRaised& error) noexcept;

// The name of the type of the exception being handled.
std::string current_exception_type();

// What came of the call under way on this thread, for `command.executed` and `query.executed`.
//   outcome   must outlive the call
void note_outcome(std::string_view outcome);

// LoggingAspect's lines at debug level. Where nobody takes those, only errors are told of.
class ServiceLogging : public Interceptor {
 public:
  explicit ServiceLogging(const LogLines& lines);
  void around(const JoinPoint& point, const std::function<void()>& proceed) override;

 private:
  const LogLines& lines_;
  LoggingAspect every_call_;
};

// An exception becomes an `error.raised` event as well, and passes on.
class ErrorEvents : public Interceptor {
 public:
  ErrorEvents(Bus& bus, const Catalogue& catalogue) : bus_(bus), catalogue_(catalogue) {}
  void around(const JoinPoint& point, const std::function<void()>& proceed) override;

 private:
  Bus& bus_;
  const Catalogue& catalogue_;
};

// A call becomes a `command.executed` or `query.executed` event, if somebody subscribes to those.
class ExecutionEvents : public Interceptor {
 public:
  ExecutionEvents(Bus& bus, const Catalogue& catalogue) : bus_(bus), catalogue_(catalogue) {}
  void around(const JoinPoint& point, const std::function<void()>& proceed) override;

 private:
  template <class Executed>
  void observe(const JoinPoint& point, const std::function<void()>& proceed);

  Bus& bus_;
  const Catalogue& catalogue_;
};

}  // namespace annal
