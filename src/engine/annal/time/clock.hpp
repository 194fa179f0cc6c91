// Time as annal records it: microseconds since the Unix epoch, UTC, read from an injected clock.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace annal {

using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

// Where "now" comes from. Tests pass a clock they move by hand.
//   threads   any number of callers
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
};

// The machine's clock. Lives as long as the program.
const Clock& system_clock();

// `2026-01-02T03:04:05.678901Z`; the fraction has six digits and is left out when it is zero.
std::string to_iso8601(Timestamp time);

// Reads RFC 3339 (`2026-01-02T03:04:05Z`, a fraction of 1–9 digits, `Z` or an offset such as
// `+02:00`) and a bare date (`2026-01-02`, its midnight UTC). Nothing else; digits beyond the sixth
// of the fraction are cut. Years 1–9999.
std::optional<Timestamp> parse_iso8601(std::string_view text);

}  // namespace annal
