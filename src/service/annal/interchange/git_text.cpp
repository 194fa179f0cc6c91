#include "annal/interchange/git_text.hpp"

#include "annal/event/json.hpp"
#include "annal/interchange/base64.hpp"

#include <algorithm>
#include <chrono>

namespace annal::interchange {
namespace {

constexpr std::int64_t earliest_second = -62135596800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t latest_second = 253402300799;    // 9999-12-31T23:59:59Z

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::string file_content(std::string_view bytes) {
  if (bytes.find('\0') == bytes.npos && is_utf8(bytes)) return json_quote(bytes);
  return R"({"encoding":"base64","data":")" + to_base64(bytes) + "\"}";
}

std::string symlink_content(std::string_view target) {
  return R"({"symlink":)" + file_content(target) + '}';
}

std::string as_utf8(std::string_view bytes) {
  if (is_utf8(bytes)) return std::string(bytes);
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xC0 | byte >> 6);
      text += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return text;
}

std::string shortened(std::string_view text, std::size_t limit) {
  static constexpr std::string_view ellipsis = "…";
  if (text.size() <= limit) return std::string(text);
  std::size_t end = limit - ellipsis.size();
  while (end > 0 && continues_character(text[end])) --end;
  return std::string(text.substr(0, end)).append(ellipsis);
}

Timestamp to_timestamp(const GitTime& time) {
  return Timestamp{std::chrono::seconds{std::clamp(time.seconds, earliest_second, latest_second)}};
}

std::string to_string(const GitTime& time) {
  return std::to_string(time.seconds) + ' ' + time.zone;
}

}  // namespace annal::interchange
