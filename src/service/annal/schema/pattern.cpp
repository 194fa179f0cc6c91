#include "annal/schema/pattern.hpp"

#include "annal/error.hpp"

#include <boost/regex.hpp>

#include <cstddef>
#include <iterator>
#include <locale>

namespace annal {
namespace {

static_assert(sizeof(wchar_t) == 4, "a wide character is any of Unicode's");

std::wstring characters_of(std::string_view utf8) {
  std::wstring result;
  result.reserve(utf8.size());
  for (std::size_t at = 0; at < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[at++]);
    const int more = lead < 0xC0 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    unsigned code = more == 0 ? lead : lead & (0x3Fu >> more);
    for (int i = 0; i < more && at < utf8.size(); ++i)
      code = code << 6 | (static_cast<unsigned char>(utf8[at++]) & 0x3Fu);
    result += static_cast<wchar_t>(code);
  }
  return result;
}

bool is_ascii_letter_or_digit(wchar_t c) {
  return (c >= L'0' && c <= L'9') || (c >= L'a' && c <= L'z') || (c >= L'A' && c <= L'Z');
}

// Boost's expressions are Perl's, with escapes that mean something else in ECMAScript, or nothing.
std::wstring in_boost_s_words(const std::wstring& expression) {
  constexpr std::wstring_view known = L"dDwWsSbBtnfrcxk123456789";
  constexpr std::wstring_view of_perl = L"<>`'";
  std::wstring result;
  for (std::size_t at = 0; at < expression.size(); ++at) {
    const bool escape = expression[at] == L'\\' && at + 1 < expression.size();
    result += expression[at];
    if (!escape) continue;
    const wchar_t c = expression[++at];
    if (c == L'u') {
      const std::wstring digits = expression.substr(at + 1, 4);
      if (digits.size() < 4 || digits.find_first_not_of(L"0123456789abcdefABCDEF") != digits.npos ||
          (digits[0] | 0x20) == L'd')
        throw InvalidInput("\\u is not followed by the four hexadecimal digits of a character");
      result += L"x{" + digits + L'}';
      at += 4;
    } else if (of_perl.find(c) != of_perl.npos) {
      result.back() = c;
    } else if (is_ascii_letter_or_digit(c) && known.find(c) == known.npos) {
      throw InvalidInput(std::string("\\") + static_cast<char>(c) + " is no escape here");
    } else {
      result += c;
    }
  }
  return result;
}

// A place in a text; to look at it, or to leave it, is a step.
class CountedPlace {
 public:
  using iterator_category = std::bidirectional_iterator_tag;
  using value_type = wchar_t;
  using difference_type = std::ptrdiff_t;
  using pointer = const wchar_t*;
  using reference = const wchar_t&;

  CountedPlace() = default;
  CountedPlace(const wchar_t* at, Steps& steps) : at_(at), steps_(&steps) {}

  reference operator*() const {
    steps_->take();
    return *at_;
  }
  CountedPlace& operator++() {
    steps_->take();
    ++at_;
    return *this;
  }
  CountedPlace& operator--() {
    steps_->take();
    --at_;
    return *this;
  }
  CountedPlace operator++(int) {
    const CountedPlace before = *this;
    ++*this;
    return before;
  }
  CountedPlace operator--(int) {
    const CountedPlace before = *this;
    --*this;
    return before;
  }
  friend bool operator==(const CountedPlace& a, const CountedPlace& b) { return a.at_ == b.at_; }

 private:
  const wchar_t* at_ = nullptr;
  Steps* steps_ = nullptr;
};

}  // namespace

struct Pattern::Expression {
  boost::wregex regex;
};

Pattern::Pattern(const std::string& expression) {
  auto made = std::make_shared<Expression>();
  try {
    made->regex.imbue(std::locale::classic());
    made->regex.assign(in_boost_s_words(characters_of(expression)));
  } catch (const std::exception& fault) {
    throw InvalidInput("the pattern \"" + expression +
                       "\" is no regular expression: " + fault.what());
  }
  expression_ = std::move(made);
}

bool Pattern::found_in(std::string_view text, Steps& steps) const {
  steps.take(text.size());
  const std::wstring characters = characters_of(text);
  const wchar_t* const begin = characters.data();
  const auto flags = boost::match_single_line | boost::match_not_dot_newline | boost::match_any;
  try {
    return boost::regex_search(CountedPlace(begin, steps),
                               CountedPlace(begin + characters.size(), steps), expression_->regex,
                               flags);
  } catch (const boost::regex_error&) {  // it has tried too much, or remembers too much
    throw TooManySteps();
  }
}

}  // namespace annal
