#include "annal/schema/texts.hpp"

#include "annal/time/clock.hpp"

#include <algorithm>

namespace annal {
namespace {

bool continues_a_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

std::size_t characters_in(std::string_view utf8) {
  const auto beyond = std::count_if(utf8.begin(), utf8.end(), continues_a_character);
  return utf8.size() - static_cast<std::size_t>(beyond);
}

bool is_of_format(std::string_view format, const std::string& text) {
  constexpr std::size_t of_a_date = 10;
  if (format == "date-time") return text.size() > of_a_date && parse_iso8601(text);
  if (format == "date") return text.size() == of_a_date && parse_iso8601(text);
  if (format == "time") return parse_iso8601("2000-01-01T" + text).has_value();
  return true;
}

std::string pointer_step(std::string_view key) {
  std::string step;
  for (const char c : key) {
    if (c == '~' || c == '/')
      step += c == '~' ? "~0" : "~1";
    else
      step += c;
  }
  return step;
}

std::string shortened(std::string text) {
  constexpr std::size_t longest = 240;
  if (text.size() <= longest) return text;
  std::size_t end = longest;
  while (end > 0 && continues_a_character(text[end])) --end;
  return text.substr(0, end) + "…";
}

}  // namespace annal
