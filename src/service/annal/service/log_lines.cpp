#include "annal/service/log_lines.hpp"

#include "annal/aspects/logging.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <memory>
#include <string>
#include <utility>

namespace annal {
namespace {

spdlog::level::level_enum level_of(Severity severity) {
  switch (severity) {
    case Severity::debug:
      return spdlog::level::debug;
    case Severity::info:
      return spdlog::level::info;
    case Severity::warning:
      return spdlog::level::warn;
    case Severity::error:
      break;
  }
  return spdlog::level::err;
}

LogSink standard_error() {
  auto logger =
      std::make_shared<spdlog::logger>("annal", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(spdlog::level::debug);
  return [logger = std::move(logger)](Severity severity, std::string_view line) {
    logger->log(level_of(severity), spdlog::string_view_t(line.data(), line.size()));
  };
}

}  // namespace

LogLines::LogLines(LogSink sink, Severity lowest)
    : sink_(sink ? std::move(sink) : standard_error()), lowest_(lowest) {}

void LogLines::write(Severity severity, std::string_view line,
                     std::string_view request_id) const noexcept {
  if (!takes(severity)) return;
  try {
    std::string text(line);
    if (!request_id.empty()) text.append(" request=").append(request_id);
    sink_(severity, one_line(text));
  } catch (...) {
    // There is no other place to say it.
  }
}

}  // namespace annal
