#include "annal/aspects/logging.hpp"

#include "annal/error.hpp"
#include "annal/event/json.hpp"

#include <chrono>
#include <exception>
#include <string>

namespace annal {
namespace {

void append_escaped(std::string& line, unsigned char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  line += "\\x";
  line += digits[byte >> 4];
  line += digits[byte & 0x0f];
}

std::string begin_line(std::string_view what, const JoinPoint& point) {
  std::string line(what);
  line += ' ';
  line += point.name;
  line += " request=";
  line += point.request_id.empty() ? "-" : point.request_id;
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

std::string one_line(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  const bool utf8 = is_utf8(text);
  unsigned char before = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool begins_c1 = byte == 0xc2 && utf8 && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    const bool ends_c1 = before == 0xc2 && utf8 && byte < 0xa0;
    if (byte < 0x20 || byte == 0x7f || begins_c1 || ends_c1 || (byte >= 0x80 && !utf8))
      append_escaped(line, byte);
    else
      line += text[i];
    before = byte;
  }
  return line;
}

LoggingAspect::LoggingAspect(Sink sink, const MonotonicClock& clock)
    : sink_(std::move(sink)), clock_(&clock) {
  if (!sink_)
    throw ConfigurationError("a logging aspect needs a sink: pass a function that takes lines");
}

void LoggingAspect::around(const JoinPoint& point, const std::function<void()>& proceed) {
  std::string enter = begin_line("enter", point);
  if (!point.arguments.empty()) enter.append(" arguments=").append(point.arguments);
  sink_(Severity::debug, one_line(enter));

  const auto start = clock_->reading();
  const auto line_after = [&](std::string_view what) {
    const auto duration = clock_->reading() - start;
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(duration);
    return begin_line(what, point) + " duration_us=" + std::to_string(microseconds.count());
  };
  try {
    proceed();
  } catch (...) {
    const auto message = message_of(std::current_exception());
    sink_(Severity::error, one_line(line_after("error") + " message=" + message));
    throw;
  }
  sink_(Severity::info, one_line(line_after("exit")));
}

}  // namespace annal
