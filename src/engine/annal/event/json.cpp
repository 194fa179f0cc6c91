#include "annal/event/json.hpp"

#include "annal/event/ascii.hpp"
#include "annal/event/utf8.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <list>
#include <set>
#include <vector>

namespace annal {
namespace {

// A word whose lowest set bit lies in the first byte equal to zero;
// bits above it may be set as well.
std::uint64_t zero_bytes(std::uint64_t word) {
  return (word - in_each_byte(0x01)) & ~word & in_each_byte(0x80);
}

// How many bytes at the front of the text need no thought inside a string: ASCII that is no control
// character, quote or backslash. Eight at a time.
std::size_t plain_length(std::string_view text) {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    const auto word = eight_bytes(text.data() + i);
    const auto control = (word - in_each_byte(0x20)) & ~word & in_each_byte(0x80);
    const auto special = control | (word & in_each_byte(0x80)) |
                         zero_bytes(word ^ in_each_byte('"')) |
                         zero_bytes(word ^ in_each_byte('\\'));
    if (special != 0) return i + static_cast<std::size_t>(std::countr_zero(special)) / 8;
  }
  for (; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
  }
  return i;
}

// At most 64 bytes of a key, for a message.
std::string shown(std::string_view key) {
  if (key.size() <= 64) return json_quote(key);
  std::size_t size = 61;
  while ((static_cast<unsigned char>(key[size]) & 0xC0) == 0x80) --size;
  return json_quote(std::string(key.substr(0, size)) + "...");
}

// The keys of one open object; the first few are compared one by one, more are kept sorted.
class Keys {
 public:
  // False if the key was there already. It must stay where it is while the object is open.
  bool add(std::string_view key) {
    if (count_ == few_.size()) {
      if (many_.empty()) many_.insert(few_.begin(), few_.end());
      return many_.insert(key).second;
    }
    const auto end = few_.begin() + count_;
    if (std::find(few_.begin(), end, key) != end) return false;
    few_[count_++] = key;
    return true;
  }

 private:
  std::array<std::string_view, 16> few_;
  std::uint8_t count_ = 0;
  std::set<std::string_view> many_;  // no hashing, so no key can be chosen to make it slow
};

// Walks the text once. Every step answers false when it has met the fault.
class Checker {
 public:
  Checker(std::string_view text, std::size_t depth_limit)
      : text_(text), depth_limit_(depth_limit) {}

  std::optional<JsonFault> check() {
    if (text_.starts_with("\xEF\xBB\xBF")) {
      refuse(0, "starts with a byte order mark");
      return fault_;
    }
    skip_space();
    if (!value(0)) return fault_;
    skip_space();
    if (at_ < text_.size()) refuse(at_, "more text after the value");
    return fault_;
  }

 private:
  bool value(std::size_t depth) {
    switch (peek()) {
      case '{':
        return open(depth) && object(depth + 1);
      case '[':
        return open(depth) && array(depth + 1);
      case '"':
        ++at_;
        return string(nullptr);
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  bool open(std::size_t depth) {
    if (depth == depth_limit_)
      return refuse(at_, "nested deeper than " + std::to_string(depth_limit_));
    ++at_;
    skip_space();
    return true;
  }

  bool object(std::size_t depth) {
    if (take('}')) return true;
    Keys keys;
    do {
      skip_space();
      const std::size_t start = at_;
      std::string_view key;
      if (!take('"')) return unexpected("a key in quotes");
      if (!string(&key)) return false;
      if (!keys.add(key))
        return refuse(start, "the key " + shown(key) + " appears twice in one object");
      skip_space();
      if (!take(':')) return unexpected("':'");
      skip_space();
      if (!value(depth)) return false;
      skip_space();
    } while (take(','));
    return take('}') || unexpected("',' or '}'");
  }

  bool array(std::size_t depth) {
    if (take(']')) return true;
    do {
      skip_space();
      if (!value(depth)) return false;
      skip_space();
    } while (take(','));
    return take(']') || unexpected("',' or ']'");
  }

  // Behind the opening quote. `content` receives the string without quotes and escapes.
  bool string(std::string_view* content) {
    const std::size_t start = at_;
    bool escaped = false;
    while (true) {
      at_ += plain_length(text_.substr(at_));
      if (at_ == text_.size()) return unexpected("'\"'");
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') break;
      if (c == '\\') {
        escaped = true;
        if (!escape()) return false;
      } else if (c < 0x20) {
        return refuse(at_, "a control character in a string; write it as an escape");
      } else if (!beyond_ascii()) {
        return false;
      }
    }
    if (content != nullptr)
      *content = escaped ? unescaped(start) : text_.substr(start, at_ - start);
    ++at_;
    return true;
  }

  // A run of characters that are not ASCII.
  bool beyond_ascii() {
    while (at_ < text_.size() && static_cast<unsigned char>(text_[at_]) >= 0x80) {
      const auto length = utf8_length(text_.substr(at_));
      if (length == 0) return refuse(at_, "not UTF-8");
      at_ += length;
    }
    return true;
  }

  // A copy, without escapes, of the checked string that ends at the quote here.
  std::string_view unescaped(std::size_t start) {
    return unescaped_.emplace_back(json_unquote(text_.substr(start - 1, at_ + 2 - start)));
  }

  bool escape() {
    const std::size_t start = at_++;
    if (at_ == text_.size()) return unexpected("an escape");
    if (take('u')) return unicode_escape(start);
    if (std::string_view("\"\\/bfnrt").find(text_[at_]) == std::string_view::npos)
      return refuse(start, "an escape JSON does not have");
    ++at_;
    return true;
  }

  bool unicode_escape(std::size_t start) {
    unsigned code = 0;
    if (!four_digits(start, code)) return false;
    if (code < 0xD800 || code > 0xDFFF) return true;
    if (code > 0xDBFF) return half_a_pair(start);
    const std::size_t second = at_;
    if (!take('\\') || !take('u'))
      return at_ == text_.size() ? unexpected("the other half of a surrogate pair")
                                 : half_a_pair(start);
    if (!four_digits(second, code)) return false;
    return (code >= 0xDC00 && code <= 0xDFFF) || half_a_pair(start);
  }

  bool half_a_pair(std::size_t start) { return refuse(start, "half of a surrogate pair"); }

  bool four_digits(std::size_t start, unsigned& code) {
    code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (at_ == text_.size()) return unexpected("four hexadecimal digits");
      const char* const place = text_.data() + at_;
      unsigned digit = 0;
      if (std::from_chars(place, place + 1, digit, 16).ptr == place)
        return refuse(start, "an escape without four hexadecimal digits");
      code = code << 4 | digit;
    }
    return true;
  }

  bool number() {
    const std::size_t start = at_;
    const bool negative = take('-');
    const std::size_t first = at_;
    if (!digits()) return at_ == start ? unexpected("a value") : unexpected("a digit");
    const std::size_t whole = at_ - first;
    if (whole > 1 && text_[first] == '0') return refuse(first, "a number with a leading zero");
    bool integer = true;
    if (take('.')) {
      integer = false;
      if (!digits()) return unexpected("a digit");
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      return exponent(start, whole);
    }
    if (integer) return within_64_bits(start, negative, text_.substr(first, whole));
    return whole < 300 || finite(start);
  }

  bool digits() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ > start;
  }

  bool exponent(std::size_t start, std::size_t whole) {
    const bool negative = peek() == '-';
    if (negative || peek() == '+') ++at_;
    const std::size_t first = at_;
    if (!digits()) return unexpected("a digit");
    const bool small = whole < 100 && (negative || at_ - first <= 2);  // below 1e200
    return small || finite(start);
  }

  bool within_64_bits(std::size_t start, bool negative, std::string_view number) {
    static constexpr std::string_view lowest = "9223372036854775808",
                                      highest = "18446744073709551615";
    const auto limit = negative ? lowest : highest;
    if (number.size() < limit.size() || (number.size() == limit.size() && number <= limit))
      return true;
    return refuse(start, "an integer beyond 64 bits");
  }

  // The number that ends here may be one too large for a double.
  bool finite(std::size_t start) {
    double number = 0;
    const auto [end, error] = std::from_chars(text_.data() + start, text_.data() + at_, number);
    if (error != std::errc::result_out_of_range || is_tiny(text_.substr(start, at_ - start)))
      return true;
    return refuse(start, "a number that is not finite");
  }

  // Of a number out of a double's range: true if it is nearer to zero than any double, which is no
  // fault, and false if it is too large.
  static bool is_tiny(std::string_view number) {
    const auto mark = std::min(number.find_first_of("eE"), number.size());
    const auto mantissa = number.substr(0, mark);
    auto exponent = number.substr(std::min(mark + 1, number.size()));
    if (exponent.starts_with('+')) exponent.remove_prefix(1);
    std::int64_t power = 0;
    const auto [end, error] =
        std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
    if (error == std::errc::result_out_of_range) return exponent.front() == '-';
    const auto point = static_cast<std::int64_t>(std::min(mantissa.find('.'), mantissa.size()));
    const auto first = static_cast<std::int64_t>(mantissa.find_first_of("123456789"));
    return power < first - point;
  }

  bool word(std::string_view expected) {
    for (const char c : expected)
      if (!take(c)) return unexpected("'" + std::string(expected) + "'");
    return true;
  }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool unexpected(const std::string& wanted) {
    if (at_ == text_.size()) return refuse(at_, "unexpected end, where " + wanted + " should be");
    const auto c = static_cast<unsigned char>(text_[at_]);
    if (c >= 0x80 && utf8_length(text_.substr(at_)) == 0) return refuse(at_, "not UTF-8");
    const std::string found = c > 0x20 && c < 0x7F ? std::string{'\'', text_[at_], '\''}
                                                   : "the byte " + std::to_string(c);
    return refuse(at_, "unexpected " + found + ", where " + wanted + " should be");
  }

  bool refuse(std::size_t offset, std::string reason) {
    fault_ = JsonFault{offset, std::move(reason)};
    return false;
  }

  std::string_view text_;
  std::size_t depth_limit_;
  std::size_t at_ = 0;
  std::optional<JsonFault> fault_;
  std::list<std::string> unescaped_;  // keys that had escapes; a list, so that they stay in place
};

}  // namespace

std::optional<JsonFault> check_json(std::string_view text, std::size_t depth_limit) {
  return Checker(text, depth_limit).check();
}

}  // namespace annal
