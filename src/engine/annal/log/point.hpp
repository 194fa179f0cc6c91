// Points in time, as people write them: `@1234`, `@head~3`, `@2026-01-02`, `@"2 hours ago"`,
// `@commit:1f3a…` (a tag), `@occurred:2026-01-02`, and for one document `@v5`.
//
// Guide: docs/guides/time-travel.md
#pragma once

#include "annal/log/event_log.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace annal {

// `head`, `head~3`: so many events before the newest.
struct AtHead {
  std::uint64_t back = 0;
  friend bool operator==(const AtHead&, const AtHead&) = default;
};

// `1234`.
struct AtPosition {
  Position position;
  friend bool operator==(const AtPosition&, const AtPosition&) = default;
};

// `v5`: of the stream it is asked about.
struct AtVersion {
  Version version;
  friend bool operator==(const AtVersion&, const AtVersion&) = default;
};

// `2026-01-02`: the last commit recorded at or before it.
struct AtTime {
  Timestamp time;
  friend bool operator==(const AtTime&, const AtTime&) = default;
};

// `occurred:2026-01-02`: the last event that occurred at or before it.
struct AtOccurred {
  Timestamp time;
  friend bool operator==(const AtOccurred&, const AtOccurred&) = default;
};

// `commit:1f3a`: the last position that carries the tag.
struct AtTag {
  std::string tag;
  friend bool operator==(const AtTag&, const AtTag&) = default;
};

using Point = std::variant<AtHead, AtPosition, AtVersion, AtTime, AtOccurred, AtTag>;

// A half-open range: after `from`, up to and including `to`.
struct PointRange {
  Point from, to;
  friend bool operator==(const PointRange&, const PointRange&) = default;
};

// Reads a point, with or without its leading `@`, and in single or double quotes or none. Nothing
// if the text does not read as one.
//   now       what "ago" is counted from
std::optional<Point> parse_point(std::string_view text, Timestamp now);
// `A..B`; a side left out is the beginning or the head. Where there are several `..`, the first
// that has a point on either side parts them.
std::optional<PointRange> parse_range(std::string_view text, Timestamp now);

// Splits `orders/7@v5` at the last `@` if what follows reads as a point and something stands before
// it; otherwise all of it is the name.
std::pair<std::string, std::optional<Point>> split_name(std::string_view text, Timestamp now);

// As parse_point reads it, without `@`; times in RFC 3339.
std::string to_string(const Point& point);

// Thrown for a point the log cannot answer for: beyond the head, before the first event, a tag
// nobody carries, a version the stream does not have. The message says what there is instead.
class UnknownPoint : public InvalidInput {
 public:
  using InvalidInput::InvalidInput;
};

// The position a point stands for. AtVersion needs the stream; AtPosition 0 is before everything,
// and the head of an empty log is that too. A time after the last commit is the head.
//   throws    UnknownPoint
//   cost      O(log n) look-ups; AtOccurred reads backwards until it finds its event
Position resolve(const Point& point, const EventLog& log, std::string_view stream = {});

}  // namespace annal
