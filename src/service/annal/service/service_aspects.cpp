#include "annal/service/service_aspects.hpp"

#include "annal/event/type_name.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace annal {
namespace {

thread_local std::string_view outcome_of_call;

// Of what the service tells of itself, where a policy records it.
const std::string service_stream = "annal/service";

constexpr std::array<std::string_view, 6> queries{"get",     "list", "collections",
                                                  "history", "diff", "verify_rows"};

std::uint64_t microseconds(std::chrono::nanoseconds duration) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

// `DocumentService` and `create`.
std::pair<std::string_view, std::string_view> class_and_method(std::string_view name) {
  const auto colons = name.rfind("::");
  if (colons == std::string_view::npos) return {{}, name};
  return {name.substr(0, colons), name.substr(colons + 2)};
}

bool is_query(const JoinPoint& point) {
  return std::find(queries.begin(), queries.end(), class_and_method(point.name).second) !=
         queries.end();
}

std::optional<std::string> unless_empty(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return std::string(text);
}

template <class Payload>
void publish(Bus& bus, const Catalogue& catalogue, const Payload& payload,
             const std::string& request_id) noexcept {
  try {
    auto event = catalogue.wrap(payload);
    event.stream = service_stream;
    event.source = "annal";
    event.correlation_id = request_id;
    bus.publish_or_warn(std::move(event));
  } catch (...) {
    // There is no memory: what is told of must not fail for it.
  }
}

}  // namespace

void raise_error(Bus& bus, const Catalogue& catalogue, const ErrorRaised& error) noexcept {
  publish(bus, catalogue, error, error.request_id.value_or(""));
}

std::string current_exception_type() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  return type ? readable_name(*type) : "";
}

void note_outcome(std::string_view outcome) { outcome_of_call = outcome; }

ServiceLogging::ServiceLogging(const LogLines& lines)
    : lines_(lines), every_call_([&lines](Severity severity, std::string_view line) {
        lines.write(severity == Severity::error ? severity : Severity::debug, line);
      }) {}

void ServiceLogging::around(const JoinPoint& point, const std::function<void()>& proceed) {
  if (lines_.takes(Severity::debug)) return every_call_.around(point, proceed);
  try {
    proceed();
  } catch (const std::exception& error) {
    lines_.write(Severity::error,
                 "error " + std::string(point.name) + ' ' + std::string(point.arguments) + ": " +
                     error.what(),
                 point.request_id);
    throw;
  }
}

void ErrorEvents::around(const JoinPoint& point, const std::function<void()>& proceed) {
  const auto start = monotonic_clock().reading();
  try {
    proceed();
  } catch (const std::exception& error) {
    const auto [class_name, method] = class_and_method(point.name);
    raise_error(bus_, catalogue_,
                {error.what(), unless_empty(point.request_id), unless_empty(class_name),
                 unless_empty(method), current_exception_type(),
                 microseconds(monotonic_clock().reading() - start)});
    throw;
  }
}

void ExecutionEvents::around(const JoinPoint& point, const std::function<void()>& proceed) {
  if (is_query(point))
    observe<QueryExecuted>(point, proceed);
  else
    observe<CommandExecuted>(point, proceed);
}

template <class Executed>
void ExecutionEvents::observe(const JoinPoint& point, const std::function<void()>& proceed) {
  if (!bus_.wants(catalogue_.of<Executed>().name)) return proceed();
  const auto start = monotonic_clock().reading();
  const auto tell = [&](std::string_view outcome) {
    publish(bus_, catalogue_,
            Executed{std::string(class_and_method(point.name).second), std::string(point.arguments),
                     std::string(outcome), microseconds(monotonic_clock().reading() - start)},
            std::string(point.request_id));
  };
  note_outcome("completed");
  try {
    proceed();
  } catch (...) {
    tell("failed");
    throw;
  }
  tell(outcome_of_call);
}

}  // namespace annal
