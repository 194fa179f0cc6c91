#include "content.hpp"

#include "annal/interchange/base64.hpp"

#include <nlohmann/json.hpp>

namespace annal::cli {
namespace {

std::optional<std::string> member(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

// A file's bytes or a link's target, where the object is one of those and nothing else.
std::optional<Content> wrapped(const nlohmann::json& value) {
  if (value.size() == 1)
    if (auto target = member(value, "symlink")) return Content{ContentKind::symlink, *target};
  if (value.size() != 2 || member(value, "encoding") != "base64") return std::nullopt;
  const auto data = member(value, "data");
  auto bytes = data ? interchange::from_base64(*data) : std::nullopt;
  if (!bytes) return std::nullopt;
  return Content{ContentKind::binary, std::move(*bytes)};
}

}  // namespace

Content read_content(std::string_view json) {
  const auto value = nlohmann::json::parse(json, nullptr, false);
  if (value.is_string()) return {ContentKind::text, value.get<std::string>()};
  if (value.is_object())
    if (auto content = wrapped(value)) return *content;
  return {ContentKind::json, std::string(json)};
}

}  // namespace annal::cli
