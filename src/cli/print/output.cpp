#include "print/output.hpp"

#include "annal/error.hpp"
#include "print/escape.hpp"
#include "print/json_text.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace annal::cli {
namespace {

bool colours_wanted() {
  const char* refused = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  return (!refused || *refused == '\0') && kind && std::string_view(kind) != "dumb";
}

std::string_view code(Style style) {
  switch (style) {
    case Style::plain:
      return "0";
    case Style::bold:
      return "1";
    case Style::dim:
      return "2";
    case Style::red:
      return "31";
    case Style::green:
      return "32";
    case Style::yellow:
      return "33";
    case Style::cyan:
      return "36";
  }
  return "0";
}

}  // namespace

Output::Output(std::FILE* file)
    : file_(file), terminal_(isatty(fileno(file)) == 1), colours_(terminal_ && colours_wanted()) {}

std::size_t Output::width() const {
  winsize size{};
  if (ioctl(fileno(file_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

std::string Output::shown(std::string_view text) const {
  return terminal_ ? escape_controls(text, Lines::escaped) : std::string(text);
}

std::string Output::shown_lines(std::string_view text) const {
  return terminal_ ? escape_controls(text, Lines::kept) : std::string(text);
}

std::string Output::styled(Style style, std::string_view text) const {
  if (!colours_ || style == Style::plain) return std::string(text);
  std::string result = "\033[";
  return result.append(code(style)).append("m").append(text).append("\033[0m");
}

void Output::check(bool written) const {
  if (!written && file_ != stderr)
    throw StorageError(std::string("output: cannot be written: ") + std::strerror(errno));
}

void Output::write(std::string_view bytes) {
  check(std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size());
}

void Output::line(std::string_view text) { write(std::string(text) + '\n'); }

void Output::json(std::string_view text) {
  line(terminal_ ? escape_controls(indent_json(text), Lines::kept) : json_on_one_line(text));
}

void Output::flush() { check(std::fflush(file_) == 0); }

}  // namespace annal::cli
