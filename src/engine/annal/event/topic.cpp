#include "annal/event/topic.hpp"

#include "annal/error.hpp"
#include "annal/event/ascii.hpp"

#include <algorithm>

namespace annal {
namespace {

constexpr std::size_t longest = 128;

bool may_stand_in_segment(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; }

// Cuts the first segment off; `rest` is empty after the last one, which no dot may follow.
std::string_view take_segment(std::string_view& rest) {
  const auto dot = std::min(rest.find('.'), rest.size());
  const auto segment = rest.substr(0, dot);
  rest.remove_prefix(std::min(dot + 1, rest.size()));
  return segment;
}

bool is_segment(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), may_stand_in_segment);
}

bool has_topic_shape(std::string_view text) {
  return !text.empty() && text.size() <= longest && text.back() != '.';
}

}  // namespace

bool is_topic(std::string_view text) {
  if (!has_topic_shape(text)) return false;
  while (!text.empty())
    if (!is_segment(take_segment(text))) return false;
  return true;
}

std::optional<TopicPattern> TopicPattern::parse(std::string_view text) {
  if (!has_topic_shape(text)) return std::nullopt;
  TopicPattern pattern;
  pattern.text_ = text;
  pattern.exact_ = true;
  pattern.everything_ = text == "*" || text == ">";
  for (auto rest = text; !rest.empty();) {
    const auto segment = take_segment(rest);
    const bool wild = segment == "*" || (segment == ">" && rest.empty());
    if (!wild && !is_segment(segment)) return std::nullopt;
    if (wild) pattern.exact_ = false;
  }
  return pattern;
}

TopicPattern TopicPattern::of(std::string_view text) {
  auto pattern = parse(text);
  if (pattern) return *std::move(pattern);
  throw InvalidInput(
      "'" + std::string(text) +
      "' is no topic pattern; write segments of letters, digits, '_' and '-' joined by "
      "dots, '*' for any one segment, a last '>' for the rest");
}

bool TopicPattern::matches(std::string_view topic) const {
  if (everything_) return true;
  if (exact_) return topic == text_;
  std::string_view pattern = text_;
  while (!pattern.empty() && !topic.empty()) {
    const auto wanted = take_segment(pattern);
    if (wanted == ">") return true;
    const auto segment = take_segment(topic);
    if (wanted != "*" && wanted != segment) return false;
  }
  return pattern.empty() && topic.empty();
}

bool matches_any(const std::vector<TopicPattern>& patterns, std::string_view topic) {
  return patterns.empty() ||
         std::any_of(patterns.begin(), patterns.end(),
                     [&](const auto& pattern) { return pattern.matches(topic); });
}

}  // namespace annal
