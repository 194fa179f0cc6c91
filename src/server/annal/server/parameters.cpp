#include "annal/server/parameters.hpp"

#include "annal/error.hpp"

#include <algorithm>
#include <charconv>

namespace annal::server {

namespace {

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, number);
  if (text.empty() || fault != std::errc() || stop != end) return std::nullopt;
  return number;
}

[[noreturn]] void refuse(std::string_view name, std::string_view value, const std::string& wanted) {
  throw InvalidInput(std::string(name) + "=" + std::string(value) + " is not " + wanted);
}

}  // namespace

Parameters::Parameters(std::vector<QueryParameter> query,
                       const std::vector<std::string_view>& allowed, Timestamp now)
    : query_(std::move(query)), now_(now) {
  for (const auto& parameter : query_) {
    if (std::find(allowed.begin(), allowed.end(), parameter.name) != allowed.end()) continue;
    std::string names;
    for (const auto name : allowed) names += (names.empty() ? "" : ", ") + std::string(name);
    throw InvalidInput("unknown parameter `" + parameter.name +
                       "`; those there may be: " + (names.empty() ? "none" : names));
  }
}

std::optional<std::string> Parameters::one(std::string_view name) const {
  auto values = all(name);
  if (values.empty()) return std::nullopt;
  if (values.size() > 1)
    throw InvalidInput("the parameter `" + std::string(name) + "` is there more than once");
  return std::move(values.front());
}

std::vector<std::string> Parameters::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& parameter : query_)
    if (parameter.name == name) values.push_back(parameter.value);
  return values;
}

bool Parameters::flag(std::string_view name) const {
  const auto value = one(name);
  if (!value || *value == "false") return false;
  if (*value == "true" || value->empty()) return true;
  refuse(name, *value, "true or false");
}

std::optional<Point> Parameters::point(std::string_view name) const {
  const auto value = one(name);
  if (!value) return std::nullopt;
  return point_of(*value, name, now_);
}

std::optional<Version> Parameters::version(std::string_view name) const {
  const auto value = one(name);
  if (!value) return std::nullopt;
  std::string_view digits = *value;
  if (digits.starts_with('v')) digits.remove_prefix(1);
  const auto number = number_of(digits);
  if (!number || *number == 0) refuse(name, *value, "a version, a whole number from 1");
  return Version{*number};
}

std::size_t Parameters::limit(std::size_t otherwise, std::size_t highest) const {
  const auto value = one("limit");
  if (!value) return otherwise;
  const auto number = number_of(*value);
  if (!number || *number == 0 || *number > highest)
    refuse("limit", *value, "a whole number between 1 and " + std::to_string(highest));
  return static_cast<std::size_t>(*number);
}

Point point_of(std::string_view text, std::string_view name, Timestamp now) {
  const auto point = parse_point(text, now);
  if (!point)
    refuse(
        name, text,
        "a point in time; write @1234, @v5, @head~3, @2026-01-02T03:04:05Z, @2 hours ago or a tag "
        "such as @commit:1f3a");
  return *point;
}

}  // namespace annal::server
