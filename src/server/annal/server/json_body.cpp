#include "annal/server/json_body.hpp"

#include "annal/event/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace annal::server {

namespace {

// Splits an object at its own colons and commas. What lies between them is checked by check_json,
// so it is enough to know strings and brackets here.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  void skip_space() {
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  bool take(char wanted) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  void expect(char wanted, const char* where) {
    if (!take(wanted)) fail(std::string("`") + wanted + "` expected " + where, at_);
  }
  void expect_end() {
    skip_space();
    if (at_ != text_.size()) fail("there is something behind the object", at_);
  }

  // A checked value: everything up to the next `,`, `:` or closing bracket outside of it.
  std::string_view take_value() {
    skip_space();
    const std::size_t start = at_;
    std::size_t depth = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        skip_string();
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (depth == 0 && (c == ',' || c == ':' || c == '}' || c == ']')) break;
      if (c == '}' || c == ']') --depth;
    }
    const std::string_view value = without_trailing_space(text_.substr(start, at_ - start));
    if (const auto fault = check_json(value)) fail(fault->reason, start + fault->offset);
    return value;
  }

  [[noreturn]] static void fail(const std::string& reason, std::size_t offset) {
    throw InvalidJson("the body is not a JSON object annal takes: " + reason + " (at byte " +
                          std::to_string(offset) + ")",
                      offset);
  }

  std::size_t offset() const { return at_; }

 private:
  // Leaves the position on the closing quote, or on the text's last byte.
  void skip_string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    at_ = std::min(at_, text_.size() - 1);
  }
  static std::string_view without_trailing_space(std::string_view text) {
    return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string unquoted(std::string_view json) {
  return nlohmann::json::parse(json).get<std::string>();
}

std::string listed(const std::vector<std::string_view>& names) {
  std::string list;
  for (const auto name : names) list += (list.empty() ? "" : ", ") + std::string(name);
  return list.empty() ? "none" : list;
}

}  // namespace

JsonBody::JsonBody(std::string_view text, const std::vector<std::string_view>& allowed) {
  Splitter splitter(text);
  splitter.expect('{', "at its beginning");
  bool closed = splitter.take('}');
  while (!closed) {
    splitter.skip_space();
    const std::size_t start = splitter.offset();
    const std::string_view name = splitter.take_value();
    if (!name.starts_with('"')) Splitter::fail("a member's name is not a string", start);
    Member member{unquoted(name), {}};
    if (std::find(allowed.begin(), allowed.end(), member.name) == allowed.end())
      throw InvalidInput("the body has an unknown member `" + member.name +
                         "`; those there may be: " + listed(allowed));
    if (raw(member.name)) Splitter::fail("the member `" + member.name + "` is there twice", start);
    splitter.expect(':', "behind a member's name");
    member.value = splitter.take_value();
    members_.push_back(std::move(member));
    closed = splitter.take('}');
    if (!closed) splitter.expect(',', "between two members");
  }
  splitter.expect_end();
}

std::optional<std::string_view> JsonBody::raw(std::string_view name) const {
  for (const auto& member : members_)
    if (member.name == name) return member.value;
  return std::nullopt;
}

std::optional<std::string> JsonBody::text(std::string_view name) const {
  const auto value = raw(name);
  if (!value || *value == "null") return std::nullopt;
  if (!value->starts_with('"'))
    throw InvalidInput("the member `" + std::string(name) + "` of the body is not a string");
  return unquoted(*value);
}

}  // namespace annal::server
