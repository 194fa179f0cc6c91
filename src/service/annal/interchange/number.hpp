// Numbers in the texts that are imported.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace annal::interchange {

// The whole text as a decimal integer; nothing if it is not one or does not fit.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (text.empty() || result.ec != std::errc{} || result.ptr != end) return std::nullopt;
  return value;
}

}  // namespace annal::interchange
