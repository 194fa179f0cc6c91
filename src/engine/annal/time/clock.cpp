#include "annal/time/clock.hpp"

#include <cstdint>

namespace annal {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

class SystemClock : public Clock {
 public:
  Timestamp now() const override {
    return std::chrono::floor<microseconds>(std::chrono::system_clock::now());
  }
};

void append_padded(std::string& out, std::int64_t value, std::size_t width) {
  const std::string digits = std::to_string(value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

// Takes the text apart from its front; each step answers whether it could.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool take_digits(std::size_t count, int& value) {
    if (rest_.size() < count) return false;
    value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return true;
  }

  // One to nine digits after the point, as microseconds.
  bool take_fraction(microseconds& value) {
    std::int64_t count = 0;
    int digits = 0;
    for (int digit = 0; take_digits(1, digit); ++digits)
      if (digits < 6) count = count * 10 + digit;
    if (digits < 1 || digits > 9) return false;
    for (int i = digits; i < 6; ++i) count *= 10;
    value = microseconds{count};
    return true;
  }

 private:
  std::string_view rest_;
};

bool take_date(Scanner& scanner, std::chrono::sys_days& date) {
  int year = 0, month = 0, day = 0;
  if (!scanner.take_digits(4, year) || !scanner.take('-') || !scanner.take_digits(2, month) ||
      !scanner.take('-') || !scanner.take_digits(2, day))
    return false;
  const std::chrono::year_month_day calendar{std::chrono::year{year},
                                             std::chrono::month{static_cast<unsigned>(month)},
                                             std::chrono::day{static_cast<unsigned>(day)}};
  if (year < 1 || !calendar.ok()) return false;
  date = calendar;
  return true;
}

bool take_time(Scanner& scanner, microseconds& time) {
  int hour = 0, minute = 0, second = 0;
  microseconds fraction{0};
  if (!scanner.take_digits(2, hour) || !scanner.take(':') || !scanner.take_digits(2, minute) ||
      !scanner.take(':') || !scanner.take_digits(2, second))
    return false;
  if (hour > 23 || minute > 59 || second > 59) return false;
  if (scanner.take('.') && !scanner.take_fraction(fraction)) return false;
  time = std::chrono::hours{hour} + std::chrono::minutes{minute} + seconds{second} + fraction;
  return true;
}

bool take_offset(Scanner& scanner, std::chrono::minutes& offset) {
  if (scanner.take('Z') || scanner.take('z')) return true;
  const bool east = scanner.take('+');
  if (!east && !scanner.take('-')) return false;
  int hour = 0, minute = 0;
  if (!scanner.take_digits(2, hour) || !scanner.take(':') || !scanner.take_digits(2, minute))
    return false;
  if (hour > 23 || minute > 59) return false;
  offset = std::chrono::minutes{(east ? 1 : -1) * (hour * 60 + minute)};
  return true;
}

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::string to_iso8601(Timestamp time) {
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{midnight};
  const std::chrono::hh_mm_ss<microseconds> clock{time - midnight};
  std::string text;
  append_padded(text, static_cast<int>(date.year()), 4);
  text += '-';
  append_padded(text, static_cast<unsigned>(date.month()), 2);
  text += '-';
  append_padded(text, static_cast<unsigned>(date.day()), 2);
  text += 'T';
  append_padded(text, clock.hours().count(), 2);
  text += ':';
  append_padded(text, clock.minutes().count(), 2);
  text += ':';
  append_padded(text, clock.seconds().count(), 2);
  if (clock.subseconds().count() != 0) {
    text += '.';
    append_padded(text, clock.subseconds().count(), 6);
  }
  text += 'Z';
  return text;
}

std::optional<Timestamp> parse_iso8601(std::string_view text) {
  Scanner scanner(text);
  std::chrono::sys_days date;
  if (!take_date(scanner, date)) return std::nullopt;
  if (scanner.done()) return Timestamp{date};
  microseconds time{0};
  std::chrono::minutes offset{0};
  if (!scanner.take('T') && !scanner.take('t') && !scanner.take(' ')) return std::nullopt;
  if (!take_time(scanner, time) || !take_offset(scanner, offset) || !scanner.done())
    return std::nullopt;
  return Timestamp{date} + time - offset;
}

}  // namespace annal
