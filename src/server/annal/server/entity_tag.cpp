#include "annal/server/entity_tag.hpp"

#include "annal/error.hpp"
#include "annal/server/message.hpp"

#include <algorithm>
#include <charconv>

namespace annal::server {

namespace {

// The version a tag stands for; nothing if it is none of ours, `"0"`, `"07"` or `"x"`.
std::optional<Version> version_of(std::string_view opaque) {
  Version version;
  const char* end = opaque.data() + opaque.size();
  const auto [stop, fault] = std::from_chars(opaque.data(), end, version.value);
  if (fault != std::errc() || stop != end || opaque != std::to_string(version.value)) return {};
  if (version.value == 0) return std::nullopt;
  return version;
}

// Cuts one tag off the text.
TagCondition::Tag take_tag(std::string_view& text) {
  TagCondition::Tag tag;
  if (text.starts_with("W/")) {
    tag.weak = true;
    text.remove_prefix(2);
  }
  const auto end = text.starts_with('"') ? text.find('"', 1) : std::string_view::npos;
  if (end == std::string_view::npos)
    throw InvalidInput("a condition is not `*` or entity tags in quotes, such as \"7\"");
  tag.opaque = text.substr(1, end - 1);
  text.remove_prefix(end + 1);
  return tag;
}

}  // namespace

std::string entity_tag(Version version) { return '"' + std::to_string(version.value) + '"'; }

TagCondition TagCondition::parse(std::string_view text) {
  text = trim(text);
  TagCondition condition;
  if (text == "*") {
    condition.any = true;
    return condition;
  }
  while (true) {
    condition.tags.push_back(take_tag(text));
    text = trim(text);
    if (text.empty()) return condition;
    if (text.front() != ',')
      throw InvalidInput("a condition's entity tags are not separated by `,`");
    text = trim(text.substr(1));
  }
}

bool TagCondition::matches_strongly(Version version) const {
  return any || std::any_of(tags.begin(), tags.end(), [&](const Tag& tag) {
           return !tag.weak && version_of(tag.opaque) == version;
         });
}

bool TagCondition::matches_weakly(Version version) const {
  return any || std::any_of(tags.begin(), tags.end(),
                            [&](const Tag& tag) { return version_of(tag.opaque) == version; });
}

std::optional<Version> TagCondition::only_version() const {
  if (any || tags.size() != 1 || tags.front().weak) return std::nullopt;
  return version_of(tags.front().opaque);
}

}  // namespace annal::server
