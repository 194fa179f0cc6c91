#include "print/json_text.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace annal::cli {

namespace {

// Lays one text out; strings are copied whole, whitespace between tokens is dropped.
class Layout {
 public:
  explicit Layout(std::string_view text) : rest_(text) {}

  std::string result() {
    while (!rest_.empty()) token();
    return std::move(out_);
  }

 private:
  void token() {
    const char c = rest_.front();
    if (c == '"') return string();
    rest_.remove_prefix(1);
    switch (c) {
      case '{':
      case '[':
        return open(c);
      case '}':
      case ']':
        return close(c);
      case ',':
        out_ += c;
        return new_line();
      case ':':
        out_ += ": ";
        return;
      case ' ':
      case '\n':
      case '\r':
      case '\t':
        return;
      default:
        out_ += c;
    }
  }

  void string() {
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    end = std::min(end + 1, rest_.size());
    out_.append(rest_.substr(0, end));
    rest_.remove_prefix(end);
  }

  void open(char bracket) {
    out_ += bracket;
    const auto next = rest_.find_first_not_of(" \n\r\t");
    if (next != std::string_view::npos && (rest_[next] == '}' || rest_[next] == ']')) {
      out_ += rest_[next];
      rest_.remove_prefix(next + 1);
      return;
    }
    ++depth_;
    new_line();
  }

  void close(char bracket) {
    if (depth_ > 0) --depth_;
    new_line();
    out_ += bracket;
  }

  void new_line() {
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }

  std::string_view rest_;
  std::string out_;
  std::size_t depth_ = 0;
};

}  // namespace

std::string indent_json(std::string_view text) { return Layout(text).result(); }

std::string json_on_one_line(std::string_view text) {
  std::string line(text);
  const auto breaks = [](char c) { return c == '\n' || c == '\r' || c == '\t'; };
  std::replace_if(line.begin(), line.end(), breaks, ' ');
  return line;
}

}  // namespace annal::cli
