#include "annal/server/json_body.hpp"

#include <algorithm>

namespace annal::server {

namespace {

[[noreturn]] void fail(const std::string& reason, std::size_t offset) {
  throw InvalidJson("the body is not a JSON object annal takes: " + reason + " (at byte " +
                        std::to_string(offset) + ")",
                    offset);
}

std::string listed(const std::vector<std::string_view>& names) {
  std::string list;
  for (const auto name : names) list += (list.empty() ? "" : ", ") + std::string(name);
  return list.empty() ? "none" : list;
}

}  // namespace

JsonBody::JsonBody(std::string_view text, const std::vector<std::string_view>& allowed) {
  if (const auto fault = check_json(text, json_depth_limit + 1)) fail(fault->reason, fault->offset);
  const std::string_view object = json_trimmed(text);
  if (object.front() != '{')
    fail("`{` expected at its beginning", static_cast<std::size_t>(object.data() - text.data()));
  members_ = json_members(object);
  for (auto& member : members_) {
    member.value = json_trimmed(member.value);
    if (std::find(allowed.begin(), allowed.end(), member.key) == allowed.end())
      throw InvalidInput("the body has an unknown member `" + member.key +
                         "`; those there may be: " + listed(allowed));
  }
}

std::optional<std::string_view> JsonBody::raw(std::string_view name) const {
  for (const auto& member : members_)
    if (member.key == name) return member.value;
  return std::nullopt;
}

std::optional<std::string> JsonBody::text(std::string_view name) const {
  const auto value = raw(name);
  if (!value || *value == "null") return std::nullopt;
  if (!value->starts_with('"'))
    throw InvalidInput("the member `" + std::string(name) + "` of the body is not a string");
  return json_unquote(*value);
}

}  // namespace annal::server
