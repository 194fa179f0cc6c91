#include "annal/interchange/git_text.hpp"

#include "annal/event/json.hpp"
#include "annal/interchange/base64.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace annal::interchange {
namespace {

constexpr std::int64_t earliest_second = -62135596800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t latest_second = 253402300799;    // 9999-12-31T23:59:59Z

std::optional<std::string> text_in(std::string_view json) {
  json = json_trimmed(json);
  if (!json.starts_with('"')) return std::nullopt;
  return json_unquote(json);
}

// What base 64 in an object of encoding and data stands for.
std::optional<std::string> decoded(const std::vector<JsonMember>& members) {
  if (members.size() != 2) return std::nullopt;
  std::optional<std::string> encoding, data;
  for (const auto& [key, value] : members) {
    if (key == "encoding") encoding = text_in(value);
    if (key == "data") data = text_in(value);
  }
  return encoding == "base64" && data ? from_base64(*data) : std::nullopt;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::string file_content(std::string_view bytes) {
  if (bytes.find('\0') == bytes.npos && is_utf8(bytes)) return json_quote(bytes);
  return R"({"encoding":"base64","data":")" + to_base64(bytes) + "\"}";
}

std::string symlink_content(std::string_view target) {
  return R"({"symlink":)" + file_content(target) + '}';
}

ReadContent read_content(std::string_view json) {
  if (auto text = text_in(json)) return {ContentKind::text, std::move(*text)};
  const auto members = json_members(json);
  if (auto bytes = decoded(members)) return {ContentKind::binary, std::move(*bytes)};
  if (members.size() == 1 && members[0].key == "symlink") {
    auto target = read_content(members[0].value);
    if (target.kind == ContentKind::text || target.kind == ContentKind::binary)
      return {ContentKind::symlink, std::move(target.bytes)};
  }
  return {ContentKind::json, std::string(json)};
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
