#include "naming.hpp"

#include "annal/error.hpp"

#include <charconv>

namespace annal::cli {
namespace {

constexpr const char* grammar =
    "write a position (1234), head~3, a version (v5), a time (2026-01-02T03:04:05Z, \"2 hours "
    "ago\") or "
    "a tag (key:value)";

}  // namespace

Point point_of(const std::string& text, Timestamp now) {
  if (auto point = parse_point(text, now)) return *point;
  throw InvalidInput(text + ": is no point in time; " + grammar);
}

PointRange range_of(const std::string& text, Timestamp now) {
  if (auto range = parse_range(text, now)) return *range;
  throw InvalidInput(text + ": is no range A..B of points in time; " + grammar);
}

NamedPoint name_and_point(const std::string& text, const std::optional<std::string>& at,
                          Timestamp now) {
  if (at) return {text, point_of(*at, now)};
  auto [name, point] = split_name(text, now);
  return {std::move(name), std::move(point)};
}

DocumentPoint document_and_point(const std::string& text, const std::optional<std::string>& at,
                                 Timestamp now) {
  auto named = name_and_point(text, at, now);
  if (!at && !named.at && name_and_range(text, now).range)
    throw InvalidInput(text +
                       ": is a range; write one point, or --at POINT if the id ends like that");
  return {DocumentKey::parse(named.name), std::move(named.at)};
}

// From the right: in `ann@work/7@v3..@v5` neither `@v5` nor `@work…` begins the range,
// `@v3..@v5` does.
NamedRange name_and_range(const std::string& text, Timestamp now) {
  for (auto at = text.rfind('@'); at != std::string::npos && at > 0; at = text.rfind('@', at - 1)) {
    const auto rest = text.substr(at);
    if (rest.find("..") == std::string::npos) continue;
    auto range = parse_range(rest, now);
    if (!range) range = parse_range(rest.substr(1), now);  // `@..v3`: the first side is left out
    if (range) return {text.substr(0, at), std::move(range)};
  }
  return {text, std::nullopt};
}

DocumentKey document_to_change(const std::string& text, bool literal, Timestamp now) {
  const auto [name, point] = split_name(text, now);
  if (point && !literal)
    throw InvalidInput(text + ": a change is made now, not at " + text.substr(name.size()) +
                       "; name the document alone, or say --literal if its id ends like that");
  return DocumentKey::parse(text);
}

Expectation expectation_of(const std::optional<std::string>& text) {
  using Kind = Expectation::Kind;
  if (!text) return {};
  if (*text == "none") return {Kind::none, {}};
  if (*text == "exists") return {Kind::exists, {}};
  const char* begin = text->data() + (text->starts_with('v') ? 1 : 0);
  const char* end = text->data() + text->size();
  std::uint64_t version = 0;
  const auto [read, error] = std::from_chars(begin, end, version);
  if (error == std::errc() && read == end && version > 0) return {Kind::version, {version}};
  throw InvalidInput(*text + ": is nothing to expect; write a version (3), none or exists");
}

}  // namespace annal::cli
