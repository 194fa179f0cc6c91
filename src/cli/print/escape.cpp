#include "print/escape.hpp"

#include "annal/event/utf8.hpp"

#include <wchar.h>

#include <array>
#include <cstdio>

namespace annal::cli {
namespace {

struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;  // false: one byte that is no UTF-8
};

Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = utf8_length(text);
  if (length == 0) return {lead, 1, false};
  char32_t code = length == 1 ? lead : lead & (0x7fu >> length);
  for (std::size_t i = 1; i < length; ++i)
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  return {code, length, true};
}

bool is_control(char32_t code) { return code < 0x20 || (code >= 0x7f && code <= 0x9f); }

// Marks that reorder or break what stands around them:
// bidirectional controls, line separators, BOM.
bool turns_text(char32_t code) {
  return code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

bool stays(char32_t code, Lines lines) {
  if (lines == Lines::kept && (code == '\n' || code == '\t')) return true;
  return !is_control(code) && !turns_text(code);
}

std::size_t columns_of(const Character& character) {
  const int width = wcwidth(static_cast<wchar_t>(character.code));
  return width < 0 ? 1 : static_cast<std::size_t>(width);
}

}  // namespace

std::string escape_controls(std::string_view text, Lines lines) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    std::array<char, 8> escaped{};
    if (character.valid && stays(character.code, lines)) {
      result.append(text.substr(0, character.bytes));
    } else {
      std::snprintf(escaped.data(), escaped.size(), character.valid ? "\\u%04x" : "\\x%02x",
                    static_cast<unsigned>(character.code));
      result.append(escaped.data());
    }
    text.remove_prefix(character.bytes);
  }
  return result;
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    columns += columns_of(character);
    text.remove_prefix(character.bytes);
  }
  return columns;
}

std::string cut_to_width(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  std::string result;
  std::size_t used = 1;  // the ellipsis
  while (!text.empty()) {
    const Character character = first_character(text);
    used += columns_of(character);
    if (used > columns) break;
    result.append(text.substr(0, character.bytes));
    text.remove_prefix(character.bytes);
  }
  return columns == 0 ? std::string() : result + "…";
}

}  // namespace annal::cli
