#include "annal/event/json.hpp"
#include "annal/event/utf8.hpp"

#include <algorithm>
#include <charconv>

namespace annal {
namespace {

constexpr std::string_view space = " \t\n\r";

void append_utf8(std::string& out, unsigned code) {
  const auto add = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      add(0xE0 | code >> 12);
    } else {
      add(0xF0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3F));
    }
    add(0x80 | (code >> 6 & 0x3F));
  }
  add(0x80 | (code & 0x3F));
}

unsigned four_digits(std::string_view text, std::size_t at) {
  const auto digits = text.substr(std::min(at, text.size()), 4);
  unsigned code = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
  return code;
}

// Appends what the escape at `at`, its backslash, stands for; returns the place behind it.
std::size_t unescape(std::string_view text, std::size_t at, std::string& out) {
  static constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
  const char letter = text[at + 1];
  if (letter != 'u') {
    out += meanings[std::min(letters.find(letter), meanings.size() - 1)];
    return at + 2;
  }
  const unsigned code = four_digits(text, at + 2);
  const bool pair = code >= 0xD800 && code <= 0xDBFF;
  append_utf8(
      out, pair ? 0x10000 + ((code - 0xD800) << 10) + (four_digits(text, at + 8) - 0xDC00) : code);
  return at + (pair ? 12 : 6);
}

// Finds the ends of values in checked text; stays inside the text even if it is not.
class Splitter {
 public:
  explicit Splitter(std::string_view text)
      : text_(text), at_(std::min(text.find_first_not_of(space), text.size())) {}

  // Steps into an object or array; false if it is none, or holds nothing.
  bool enter(char opening, char closing) {
    if (at_ == text_.size() || text_[at_] != opening) return false;
    const auto first = text_.find_first_not_of(space, ++at_);
    return first != text_.npos && text_[first] != closing;
  }

  // A key, with its quotes, and steps over the colon behind it.
  std::string_view key() {
    at_ = std::min(text_.find('"', at_), text_.size());
    const std::size_t start = at_;
    skip_string();
    const auto key = text_.substr(start, at_ - start);
    at_ = std::min(text_.find(':', at_), text_.size() - 1) + 1;
    return key;
  }

  // Everything up to the comma or closing bracket of the value around it.
  std::string_view value() {
    const std::size_t start = at_;
    for (std::size_t depth = 0; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        skip_string();
        --at_;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
        break;
      } else if (c == '}' || c == ']') {
        --depth;
      }
    }
    return text_.substr(start, at_ - start);
  }

  // True, and one step further, if a comma follows.
  bool next() {
    const bool more = at_ < text_.size() && text_[at_] == ',';
    if (more) ++at_;
    return more;
  }

 private:
  // From the opening quote to behind the closing one.
  void skip_string() {
    for (++at_; at_ < text_.size(); ++at_) {
      at_ = text_.find_first_of("\"\\", at_);
      if (at_ == text_.npos || text_[at_] == '"') break;
      ++at_;  // what is escaped
    }
    at_ = std::min(at_, text_.size() - 1) + 1;
  }

  std::string_view text_;
  std::size_t at_;
};

}  // namespace

std::string json_quote(std::string_view text) {
  static constexpr char hexadecimal[] = "0123456789abcdef";
  std::string quoted = "\"";
  quoted.reserve(text.size() + 2);
  for (const char c : text) {
    switch (c) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\b':
        quoted += "\\b";
        break;
      case '\f':
        quoted += "\\f";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\r':
        quoted += "\\r";
        break;
      case '\t':
        quoted += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          quoted += "\\u00";
          quoted += hexadecimal[c >> 4];
          quoted += hexadecimal[c & 15];
        } else {
          quoted += c;
        }
    }
  }
  quoted += '"';
  return quoted;
}

std::string json_unquote(std::string_view string) {
  std::string text;
  if (string.size() < 2) return text;
  text.reserve(string.size());
  const std::size_t end = string.size() - 1;
  for (std::size_t at = 1; at < end;) {
    const auto plain = std::min(string.find('\\', at), end);
    text += string.substr(at, plain - at);
    at = plain < end ? unescape(string, plain, text) : end;
  }
  return text;
}

std::vector<JsonMember> json_members(std::string_view text) {
  std::vector<JsonMember> members;
  Splitter splitter(text);
  if (!splitter.enter('{', '}')) return members;
  do {
    const auto key = splitter.key();
    members.push_back({json_unquote(key), splitter.value()});
  } while (splitter.next());
  return members;
}

std::vector<std::string_view> json_elements(std::string_view text) {
  std::vector<std::string_view> elements;
  Splitter splitter(text);
  if (!splitter.enter('[', ']')) return elements;
  do {
    elements.push_back(splitter.value());
  } while (splitter.next());
  return elements;
}

std::string_view json_trimmed(std::string_view text) {
  static constexpr std::string_view space = " \t\n\r";
  text.remove_prefix(std::min(text.find_first_not_of(space), text.size()));
  return text.substr(0, text.find_last_not_of(space) + 1);
}

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    if (bytes.size() >= 8 && (eight_bytes(bytes.data()) & in_each_byte(0x80)) == 0) {
      bytes.remove_prefix(8);
      continue;
    }
    const auto length = utf8_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

}  // namespace annal
