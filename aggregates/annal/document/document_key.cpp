#include "annal/document/document.hpp"
#include "annal/error.hpp"
#include "annal/event/json.hpp"

#include <array>

namespace annal {
namespace {

constexpr std::size_t name_limit = 256;  // bytes of a collection, and of an id

// NUL, the other C0 and C1 control characters, and DEL. The text is UTF-8.
bool has_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
  }
  return false;
}

std::optional<std::string> segment_fault(std::string_view segment) {
  if (segment.empty()) return "has an empty segment";
  if (segment == "." || segment == "..") return "has the segment `" + std::string(segment) + "`";
  return std::nullopt;
}

std::optional<std::string> text_fault(std::string_view text) {
  if (!is_utf8(text)) return "is not UTF-8";
  if (has_control_character(text)) return "holds a control character";
  return std::nullopt;
}

std::optional<std::string> segments_fault(std::string_view path) {
  for (std::size_t start = 0;;) {
    const auto end = path.find('/', start);
    if (auto fault = segment_fault(path.substr(start, end - start))) return fault;
    if (end == std::string_view::npos) return std::nullopt;
    start = end + 1;
  }
}

std::optional<std::string> length_fault(std::string_view name) {
  if (name.size() <= name_limit) return std::nullopt;
  return "is longer than " + std::to_string(name_limit) + " bytes: it has " +
         std::to_string(name.size());
}

std::optional<std::string> collection_fault(std::string_view collection) {
  if (collection.empty()) return "is empty";
  if (collection.find('/') != std::string_view::npos) return "is more than one segment";
  if (auto fault = text_fault(collection)) return fault;
  if (auto fault = segment_fault(collection)) return fault;
  return length_fault(collection);
}

std::optional<std::string> key_fault(std::string_view text) {
  if (auto fault = text_fault(text)) return fault;
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return "has no `/`: a document is `collection/id`";
  if (auto fault = segments_fault(text)) return fault;
  if (auto fault = length_fault(text.substr(0, slash))) return "has a collection that " + *fault;
  if (auto fault = length_fault(text.substr(slash + 1))) return "has an id that " + *fault;
  return std::nullopt;
}

// The text for a message: quoted, cut when long, never with control characters.
std::string shown(std::string_view text) {
  constexpr std::size_t longest = 80;
  std::size_t length = text.size();
  if (length > longest) {
    length = longest;
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) --length;
  }
  const auto head = text.substr(0, length);
  const std::string more = length < text.size() ? "…" : "";
  if (is_utf8(head)) return json_quote(head) + more;
  std::string hex = "bytes ";
  for (const char byte : head) {
    constexpr std::string_view digits = "0123456789abcdef";
    hex += digits[static_cast<unsigned char>(byte) >> 4];
    hex += digits[static_cast<unsigned char>(byte) & 15];
  }
  return hex + more;
}

}  // namespace

DocumentKey DocumentKey::split(std::string_view text) {
  const auto slash = text.find('/');
  return {std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

DocumentKey DocumentKey::parse(std::string_view text) {
  if (const auto fault = key_fault(text))
    throw InvalidInput("document name " + shown(text) + ' ' + *fault);
  return split(text);
}

DocumentKey DocumentKey::of(std::string_view collection, std::string_view id) {
  check_collection(collection);
  return parse(std::string(collection) + '/' + std::string(id));
}

std::optional<DocumentKey> DocumentKey::from_stream(std::string_view stream) {
  if (!stream.starts_with(stream_prefix)) return std::nullopt;
  stream.remove_prefix(stream_prefix.size());
  if (key_fault(stream)) return std::nullopt;
  return split(stream);
}

void check_collection(std::string_view collection) {
  if (const auto fault = collection_fault(collection))
    throw InvalidInput("collection name " + shown(collection) + ' ' + *fault);
}

}  // namespace annal
