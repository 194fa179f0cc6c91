// Where a command prints to: standard output or standard error, a terminal or not.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace annal::cli {

enum class Style { plain, bold, dim, red, green, yellow, cyan };

//   threads   one
class Output {
 public:
  // Looks at what the file is: colours are for terminals, unless NO_COLOR is set or TERM is `dumb`.
  explicit Output(std::FILE* file);

  bool is_terminal() const { return terminal_; }
  bool has_colours() const { return colours_; }
  // Columns of the terminal; 80 where it does not say.
  std::size_t width() const;

  // Text from a document or an event, its control characters escaped on a terminal.
  std::string shown(std::string_view text) const;
  // As `shown`, of text that has lines: newlines and tabs stay.
  std::string shown_lines(std::string_view text) const;
  // The text in a style, plain where there are no colours.
  std::string styled(Style style, std::string_view text) const;

  // Throw StorageError if the file takes no more; what standard error does not take is lost, for
  // nobody is left to be told.
  void write(std::string_view bytes);
  // In one piece, so that lines of several threads do not mix.
  void line(std::string_view text);
  // One JSON value: indented on a terminal, one line elsewhere.
  void json(std::string_view text);
  void flush();

 private:
  void check(bool written) const;

  std::FILE* file_;
  bool terminal_ = false;
  bool colours_ = false;
};

}  // namespace annal::cli
