#include "annal/event/ulid.hpp"

#include <algorithm>

namespace annal {
namespace {

constexpr std::string_view digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // no I, L, O, U
constexpr std::size_t time_bytes = 6;

// The value of a digit, or 32.
unsigned digit_value(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return static_cast<unsigned>(std::min(digits.find(c), digits.size()));
}

// Adds one to the random part; false if it was all ones, and is now zero.
bool increment(Ulid& id) {
  for (std::size_t i = id.bytes.size(); i > time_bytes; --i)
    if (++id.bytes[i - 1] != 0) return true;
  return false;
}

void set_time(Ulid& id, std::uint64_t milliseconds) {
  for (std::size_t i = time_bytes; i > 0; --i) {
    id.bytes[i - 1] = static_cast<std::uint8_t>(milliseconds);
    milliseconds >>= 8;
  }
}

std::uint64_t milliseconds_of(Timestamp time) {
  const auto since_epoch =
      std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(since_epoch, 0));
}

}  // namespace

std::string Ulid::to_string() const {
  std::string text;
  text.reserve(26);
  unsigned bits = 0;
  unsigned count = 2;  // 26 digits hold 130 bits: two zeros stand in front
  for (const auto byte : bytes) {
    bits = bits << 8 | byte;
    for (count += 8; count >= 5; count -= 5) text += digits[bits >> (count - 5) & 31];
  }
  return text;
}

std::optional<Ulid> Ulid::parse(std::string_view text) {
  if (text.size() != 26) return std::nullopt;
  if (digit_value(text.front()) > 7) return std::nullopt;
  Ulid id;
  std::size_t filled = 0;
  unsigned bits = 0;
  unsigned count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned value = digit_value(text[i]);
    if (value > 31) return std::nullopt;
    bits = bits << 5 | value;
    count += i == 0 ? 3 : 5;
    if (count < 8) continue;
    count -= 8;
    id.bytes[filled++] = static_cast<std::uint8_t>(bits >> count);
  }
  return id;
}

Ulid UlidSequence::next(Timestamp now) {
  const std::uint64_t milliseconds = milliseconds_of(now);
  const bool same_millisecond = milliseconds <= milliseconds_ && !last_.is_nil();
  if (same_millisecond && increment(last_)) return last_;
  milliseconds_ = std::max(milliseconds, same_millisecond ? milliseconds_ + 1 : milliseconds_);
  set_time(last_, milliseconds_);
  randomness_.fill(std::span(last_.bytes).subspan(time_bytes));
  return last_;
}

Ulid UlidGenerator::next() {
  std::lock_guard lock(mutex_);
  return sequence_.next(clock_.now());
}

}  // namespace annal
