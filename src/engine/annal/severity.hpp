// How much a message matters to whoever reads it.
#pragma once

#include <cstdint>
#include <string_view>

namespace annal {

enum class Severity : std::uint8_t { debug, info, warning, error };

constexpr std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::debug:
      return "debug";
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "unknown";
}

}  // namespace annal
