#include "annal/log/point.hpp"

#include "annal/event/ascii.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace annal {

namespace {

using std::chrono::seconds;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Takes the prefix or suffix off, if the text has it.
bool take_front(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_back(std::string_view& text, std::string_view suffix) {
  if (text.size() < suffix.size() || text.substr(text.size() - suffix.size()) != suffix)
    return false;
  text.remove_suffix(suffix.size());
  return true;
}

// Nothing unless all of the text is digits and the number has 64 bits.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

struct Unit {
  std::string_view name, letter;
  seconds length;
};
constexpr std::array units{Unit{"second", "s", seconds{1}}, Unit{"minute", "m", seconds{60}},
                           Unit{"hour", "h", seconds{3600}}, Unit{"day", "d", seconds{86400}},
                           Unit{"week", "w", seconds{7 * 86400}}};

std::optional<seconds> parse_unit(std::string_view text) {
  for (const Unit& unit : units) {
    std::string_view singular = text;
    if (text == unit.letter || text == unit.name ||
        (take_back(singular, "s") && singular == unit.name))
      return unit.length;
  }
  return std::nullopt;
}

// `2 hours ago`, `2h ago`; not before the year 1, where times begin.
std::optional<Timestamp> parse_ago(std::string_view text, Timestamp now) {
  constexpr Timestamp earliest = std::chrono::sys_days{std::chrono::year{1} / 1 / 1};
  if (!take_back(text, " ago")) return std::nullopt;
  const auto digits = std::min(text.size(), text.find_first_not_of("0123456789"));
  const auto count = parse_number(text.substr(0, digits));
  const auto unit = parse_unit(trimmed(text.substr(digits)));
  if (!count || !unit || now < earliest) return std::nullopt;
  const auto farthest = std::chrono::floor<seconds>(now - earliest) / *unit;
  if (*count > static_cast<std::uint64_t>(farthest)) return std::nullopt;
  return now - static_cast<std::int64_t>(*count) * *unit;
}

std::optional<Timestamp> parse_time(std::string_view text, Timestamp now) {
  if (auto time = parse_iso8601(text)) return time;
  const std::string words = lower(text);
  if (words == "now") return now;
  if (words == "today") return std::chrono::floor<std::chrono::days>(now);
  if (words == "yesterday") return now - std::chrono::days{1};
  return parse_ago(words, now);
}

std::optional<Point> parse_head(std::string_view text) {
  const std::string words = lower(text);
  std::string_view rest = words;
  if (!take_front(rest, "head")) return std::nullopt;
  if (rest.empty()) return AtHead{};
  if (!take_front(rest, "~")) return std::nullopt;
  const auto back = parse_number(rest);
  return back ? std::optional<Point>(AtHead{*back}) : std::nullopt;
}

std::optional<Point> parse_version(std::string_view text) {
  if (!take_front(text, "v") && !take_front(text, "V")) return std::nullopt;
  const auto version = parse_number(text);
  return version ? std::optional<Point>(AtVersion{{*version}}) : std::nullopt;
}

// A date that is mistyped is a mistake, not a tag of the key `2026-13-02T03`.
bool begins_like_a_date(std::string_view text) {
  constexpr std::string_view shape = "dddd-dd-dd";
  return text.size() >= shape.size() &&
         std::equal(shape.begin(), shape.end(), text.begin(),
                    [](char wanted, char c) { return wanted == 'd' ? is_digit(c) : c == wanted; });
}

std::optional<Point> parse_tag(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size())
    return std::nullopt;
  const auto key = text.substr(0, colon);
  const bool is_key = std::all_of(key.begin(), key.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '_' || c == '-';
  });
  const bool is_plain = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (!is_key || !is_plain || text.size() > limits::name_bytes || begins_like_a_date(text))
    return std::nullopt;
  return AtTag{std::string(text)};
}

std::optional<Point> parse_unquoted(std::string_view text, Timestamp now) {
  if (auto head = parse_head(text)) return head;
  if (auto version = parse_version(text)) return version;
  if (const auto position = parse_number(text)) return AtPosition{{*position}};
  if (const auto time = parse_time(text, now)) return AtTime{*time};
  if (take_front(text, "occurred:")) {
    const auto time = parse_time(text, now);
    return time ? std::optional<Point>(AtOccurred{*time}) : std::nullopt;
  }
  return parse_tag(text);
}

// One side of a range; the side left out is the point given for it.
std::optional<Point> parse_side(std::string_view text, Timestamp now, Point left_out) {
  return text.empty() ? std::move(left_out) : parse_point(text, now);
}

std::string events_text(std::uint64_t count) {
  return count == 1 ? "1 event" : std::to_string(count) + " events";
}

// What an answer for a point needs.
struct Resolver {
  const EventLog& log;
  std::string_view stream;

  Position operator()(const AtHead& point) const {
    const Position head = log.head();
    if (point.back > 0 && point.back >= head.value)
      throw UnknownPoint(to_string(Point(point)) + " is before the first event: the log holds " +
                         events_text(head.value));
    return {head.value - point.back};
  }

  Position operator()(const AtPosition& point) const {
    const Position head = log.head();
    if (point.position > head)
      throw UnknownPoint("position " + std::to_string(point.position.value) +
                         " is beyond the head, " + std::to_string(head.value));
    return point.position;
  }

  Position operator()(const AtVersion& point) const {
    const std::string version = to_string(Point(point));
    if (stream.empty())
      throw UnknownPoint(version +
                         " is a version of one stream, and none was named: say which, as in "
                         "orders/7@" +
                         version);
    ReadRequest request;
    request.query = Query::of_stream(std::string(stream));
    request.from_version = request.to_version = point.version;
    request.limit = 1;
    if (point.version.value > 0)
      if (const auto page = log.read(request); !page.events.empty())
        return page.events.front().position;
    const Version newest = log.stream_version(stream);
    if (newest.value == 0)
      throw UnknownPoint(version + " is no version of " + std::string(stream) +
                         ": it has no events");
    throw UnknownPoint(version + " is no version of " + std::string(stream) + ": it has v1 to v" +
                       std::to_string(newest.value));
  }

  Position operator()(const AtTime& point) const {
    const Position position = log.position_at(point.time);
    if (position.value > 0) return position;
    const auto first = log.event_at({1});
    if (!first)
      throw UnknownPoint(to_iso8601(point.time) + " cannot be found: the log holds no events");
    throw UnknownPoint(to_iso8601(point.time) + " is before the first event: history begins at " +
                       to_iso8601(first->recorded_at));
  }

  Position operator()(const AtOccurred& point) const {
    ReadRequest request;
    request.direction = Direction::backwards;
    for (bool more = true; more;) {
      const auto page = log.read(request);
      for (const auto& event : page.events)
        if (event.happened_at() <= point.time) return event.position;
      more = page.more;
      if (more) request.to = Position{page.events.back().position.value - 1};
    }
    throw UnknownPoint("no event occurred at or before " + to_iso8601(point.time) +
                       "; the log holds " + events_text(log.head().value));
  }

  Position operator()(const AtTag& point) const {
    ReadRequest request;
    request.query = Query::with_tags({point.tag});
    request.direction = Direction::backwards;
    request.limit = 1;
    const auto page = log.read(request);
    if (page.events.empty())
      throw UnknownPoint("no event up to the head, " + std::to_string(page.head.value) +
                         ", carries the tag " + point.tag);
    return page.events.front().position;
  }
};

struct Writer {
  std::string operator()(const AtHead& point) const {
    return point.back == 0 ? "head" : "head~" + std::to_string(point.back);
  }
  std::string operator()(const AtPosition& point) const {
    return std::to_string(point.position.value);
  }
  std::string operator()(const AtVersion& point) const {
    return "v" + std::to_string(point.version.value);
  }
  std::string operator()(const AtTime& point) const { return to_iso8601(point.time); }
  std::string operator()(const AtOccurred& point) const {
    return "occurred:" + to_iso8601(point.time);
  }
  std::string operator()(const AtTag& point) const { return point.tag; }
};

}  // namespace

std::optional<Point> parse_point(std::string_view text, Timestamp now) {
  take_front(text, "@");
  for (const std::string_view quote : {"\"", "'"}) {
    std::string_view inside = text;
    if (take_front(inside, quote) && take_back(inside, quote)) return parse_unquoted(inside, now);
  }
  return parse_unquoted(text, now);
}

std::optional<PointRange> parse_range(std::string_view text, Timestamp now) {
  constexpr std::string_view parting = "..";
  for (auto at = text.find(parting); at != std::string_view::npos;
       at = text.find(parting, at + 1)) {
    auto from = parse_side(text.substr(0, at), now, AtPosition{});
    auto to = parse_side(text.substr(at + parting.size()), now, AtHead{});
    if (from && to) return PointRange{std::move(*from), std::move(*to)};
  }
  return std::nullopt;
}

std::pair<std::string, std::optional<Point>> split_name(std::string_view text, Timestamp now) {
  const auto at = text.rfind('@');
  if (at != std::string_view::npos && at > 0)
    if (auto point = parse_point(text.substr(at + 1), now))
      return {std::string(text.substr(0, at)), std::move(point)};
  return {std::string(text), std::nullopt};
}

std::string to_string(const Point& point) { return std::visit(Writer{}, point); }

Position resolve(const Point& point, const EventLog& log, std::string_view stream) {
  return std::visit(Resolver{log, stream}, point);
}

}  // namespace annal
