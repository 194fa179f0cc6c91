#include "annal/interchange/git_path.hpp"

#include <algorithm>

namespace annal::interchange {
namespace {

bool is_octal(char c) { return c >= '0' && c <= '7'; }

// Takes what follows a backslash.
std::optional<char> take_escape(std::string_view& text) {
  static constexpr std::string_view letters = "abfnrtv\"\\", meanings = "\a\b\f\n\r\t\v\"\\";
  if (text.empty()) return std::nullopt;
  const auto letter = letters.find(text.front());
  if (letter != letters.npos) {
    text.remove_prefix(1);
    return meanings[letter];
  }
  if (text.size() < 3 || !std::all_of(text.begin(), text.begin() + 3, is_octal) || text[0] > '3')
    return std::nullopt;
  const int byte = (text[0] - '0') * 64 + (text[1] - '0') * 8 + (text[2] - '0');
  text.remove_prefix(3);
  return static_cast<char>(byte);
}

std::optional<std::string> take_quoted(std::string_view& text) {
  std::string path;
  text.remove_prefix(1);
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return path;
    if (c != '\\') {
      path += c;
      continue;
    }
    const auto escaped = take_escape(text);
    if (!escaped) return std::nullopt;
    path += *escaped;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> take_git_path(std::string_view& text, bool to_the_end) {
  if (!text.empty() && text.front() == '"') {
    auto path = take_quoted(text);
    if (path && path->empty()) return std::nullopt;
    return path;
  }
  const auto end = to_the_end ? text.size() : std::min(text.find(' '), text.size());
  if (end == 0) return std::nullopt;
  std::string path(text.substr(0, end));
  text.remove_prefix(end);
  return path;
}

}  // namespace annal::interchange
