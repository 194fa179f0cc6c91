// The fields of a type as JSON: {"name": "title", "kind": "string"},
// with "children" where there are any.
#include "annal/event/json.hpp"
#include "annal/interchange/cloud_event.hpp"

#include <algorithm>
#include <array>

namespace annal::interchange {
namespace {

// In the order of FieldKind, which starts at 1.
constexpr std::array<std::string_view, 17> kinds = {
    "boolean", "int8",    "int16",  "int32", "int64",    "uint8", "uint16", "uint32",   "uint64",
    "float32", "float64", "string", "json",  "optional", "list",  "map",    "structure"};

std::optional<std::string> text_of(std::string_view value) {
  value = json_trimmed(value);
  if (!value.starts_with('"')) return std::nullopt;
  return json_unquote(value);
}

bool read_children(std::string_view value, std::vector<FieldDescription>& children) {
  if (!json_trimmed(value).starts_with('[')) return false;
  for (const auto element : json_elements(value)) {
    auto child = description_from_json(element);
    if (!child) return false;
    children.push_back(std::move(*child));
  }
  return true;
}

}  // namespace

std::string description_to_json(const FieldDescription& description) {
  std::string json = "{";
  if (!description.name.empty()) json += "\"name\":" + json_quote(description.name) + ',';
  json += "\"kind\":\"";
  json += kinds.at(static_cast<std::size_t>(description.kind) - 1);
  json += '"';
  if (!description.children.empty()) {
    json += ",\"children\":[";
    for (const auto& child : description.children) {
      if (json.back() != '[') json += ',';
      json += description_to_json(child);
    }
    json += ']';
  }
  return json + '}';
}

std::optional<FieldDescription> description_from_json(std::string_view json) {
  FieldDescription description;
  bool has_kind = false;
  for (const auto& [key, value] : json_members(json)) {
    if (key == "children") {
      if (!read_children(value, description.children)) return std::nullopt;
      continue;
    }
    const auto text = text_of(value);
    if (!text) return std::nullopt;
    if (key == "name") description.name = *text;
    if (key != "kind") continue;
    const auto kind = std::find(kinds.begin(), kinds.end(), *text);
    if (kind == kinds.end()) return std::nullopt;
    description.kind = static_cast<FieldKind>(kind - kinds.begin() + 1);
    has_kind = true;
  }
  if (!has_kind) return std::nullopt;
  return description;
}

}  // namespace annal::interchange
