#include "annal/aspects/logging.hpp"

#include "annal/error.hpp"

#include <chrono>
#include <exception>
#include <string>

namespace annal {
namespace {

// Text from outside must not end the line or steer a terminal.
void append_escaped(std::string& line, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte >= 0x20 && byte != 0x7f) {
      line += character;
    } else {
      line += "\\x";
      line += digits[byte >> 4];
      line += digits[byte & 0x0f];
    }
  }
}

std::string begin_line(std::string_view what, const JoinPoint& point) {
  std::string line(what);
  line += ' ';
  line += point.name;
  line += " request=";
  append_escaped(line, point.request_id.empty() ? "-" : point.request_id);
  return line;
}

std::string message_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of an unknown type";
  }
}

}  // namespace

LoggingAspect::LoggingAspect(Sink sink, const MonotonicClock& clock)
    : sink_(std::move(sink)), clock_(&clock) {
  if (!sink_)
    throw ConfigurationError("a logging aspect needs a sink: pass a function that takes lines");
}

void LoggingAspect::around(const JoinPoint& point, const std::function<void()>& proceed) {
  std::string enter = begin_line("enter", point);
  if (!point.arguments.empty()) append_escaped(enter += " arguments=", point.arguments);
  sink_(Severity::debug, enter);

  const auto start = clock_->reading();
  const auto line_after = [&](std::string_view what) {
    const auto duration = clock_->reading() - start;
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(duration);
    return begin_line(what, point) + " duration_us=" + std::to_string(microseconds.count());
  };
  try {
    proceed();
  } catch (...) {
    std::string line = line_after("error");
    append_escaped(line += " message=", message_of(std::current_exception()));
    sink_(Severity::error, line);
    throw;
  }
  sink_(Severity::info, line_after("exit"));
}

}  // namespace annal
