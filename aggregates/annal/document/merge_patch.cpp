#include "annal/document/merge_patch.hpp"

#include "annal/event/json.hpp"

#include <nlohmann/json.hpp>

#include <unordered_map>
#include <vector>

namespace annal::document {
namespace {

struct Member {
  std::string_view key;  // as written, quotes included
  std::string_view value;
};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_object(std::string_view text) { return text.starts_with('{') && text.ends_with('}'); }

// Finds where values end.
// It trusts that the text has been checked, and stays inside it even if not.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  void skip_space() {
    while (place_ < text_.size() && is_space(text_[place_])) ++place_;
  }

  bool take(char c) {
    skip_space();
    if (place_ >= text_.size() || text_[place_] != c) return false;
    ++place_;
    return true;
  }

  // The next value's text; empty if there is none.
  std::string_view value() {
    skip_space();
    const auto start = place_;
    if (place_ >= text_.size()) return {};
    const char first = text_[place_];
    if (first == '"') {
      skip_string();
    } else if (first == '{' || first == '[') {
      skip_nested();
    } else {
      while (place_ < text_.size() && !ends_scalar(text_[place_])) ++place_;
    }
    return text_.substr(start, place_ - start);
  }

  bool at_end() {
    skip_space();
    return place_ == text_.size();
  }

 private:
  static bool ends_scalar(char c) { return c == ',' || c == '}' || c == ']' || is_space(c); }

  void skip_string() {
    for (++place_; place_ < text_.size(); ++place_) {
      if (text_[place_] == '\\') {
        ++place_;
      } else if (text_[place_] == '"') {
        break;
      }
    }
    place_ = std::min(place_ + 1, text_.size());
  }

  void skip_nested() {
    std::size_t open = 0;
    while (place_ < text_.size()) {
      const char c = text_[place_];
      if (c == '"') {
        skip_string();
        continue;
      }
      ++place_;
      if (c == '{' || c == '[') ++open;
      if ((c == '}' || c == ']') && --open == 0) return;
    }
  }

  std::string_view text_;
  std::size_t place_ = 0;
};

std::optional<std::vector<Member>> members(std::string_view object) {
  Scanner scanner(object);
  std::vector<Member> found;
  if (!scanner.take('{')) return std::nullopt;
  if (scanner.take('}')) return scanner.at_end() ? std::optional(found) : std::nullopt;
  do {
    const auto key = scanner.value();
    if (key.size() < 2 || key.front() != '"' || !scanner.take(':')) return std::nullopt;
    const auto value = scanner.value();
    if (value.empty()) return std::nullopt;
    found.push_back({key, value});
  } while (scanner.take(','));
  if (!scanner.take('}') || !scanner.at_end()) return std::nullopt;
  return found;
}

// The string a JSON string's text stands for.
std::string unquoted(std::string_view text) {
  if (text.find('\\') == std::string_view::npos)
    return std::string(text.substr(1, text.size() - 2));
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  return parsed.is_string() ? parsed.get<std::string>() : std::string(text);
}

// Writes what becomes of a target (if there is one) under a patch.
class Merger {
 public:
  bool merge(std::optional<std::string_view> target, std::string_view patch,
             std::size_t depth = 0) {
    patch = trimmed(patch);
    if (!is_object(patch)) return write(patch);
    const auto changes = members(patch);
    if (!changes || depth > json_depth_limit) return false;
    std::vector<Member> old;
    if (target) target = trimmed(*target);
    if (target && is_object(*target)) {
      if (changes->empty()) return write(*target);
      auto found = members(*target);
      if (!found) return false;
      old = std::move(*found);
    }
    return merge_members(old, *changes, depth);
  }

  std::string take() { return std::move(out_); }

 private:
  bool write(std::string_view text) {
    out_ += text;
    return !text.empty();
  }

  bool merge_members(const std::vector<Member>& old, const std::vector<Member>& changes,
                     std::size_t depth) {
    std::unordered_map<std::string, std::string_view> wanted;
    for (const auto& change : changes) wanted[unquoted(change.key)] = change.value;
    out_ += '{';
    bool first = true;
    for (const auto& member : old) {
      const auto change = wanted.find(unquoted(member.key));
      if (change == wanted.end()) {
        begin_member(member.key, first);
        write(member.value);
        continue;
      }
      const auto value = change->second;
      wanted.erase(change);
      if (value == "null") continue;
      begin_member(member.key, first);
      if (!merge(member.value, value, depth + 1)) return false;
    }
    for (const auto& change : changes) {
      if (change.value == "null" || !wanted.contains(unquoted(change.key))) continue;
      begin_member(change.key, first);
      if (!merge(std::nullopt, change.value, depth + 1)) return false;
    }
    out_ += '}';
    return true;
  }

  void begin_member(std::string_view key, bool& first) {
    if (!first) out_ += ',';
    first = false;
    out_ += key;
    out_ += ':';
  }

  std::string out_;
};

}  // namespace

std::variant<PatchParts, std::string> read_patch(std::string_view patch) {
  if (const auto fault = check_json(patch))
    return "the patch is refused at byte " + std::to_string(fault->offset) + ": " + fault->reason;
  patch = trimmed(patch);
  const auto found = is_object(patch) ? members(patch) : std::nullopt;
  if (!found) return std::string("a merge patch is a JSON object with `title` or `content`");
  PatchParts parts;
  for (const auto& member : *found) {
    const auto name = unquoted(member.key);
    if (name == "content") {
      parts.content = member.value;
    } else if (name != "title") {
      return "a document has `title` and `content`; the patch names " + json_quote(name);
    } else if (member.value.front() == '"') {
      parts.title = unquoted(member.value);
    } else {
      return std::string(member.value == "null"
                             ? "a document has a title; the patch removes it"
                             : "the title is a string; the patch makes it something else");
    }
  }
  return parts;
}

std::optional<std::string> merge(std::string_view target, std::string_view patch) {
  Merger merger;
  if (!merger.merge(target, patch)) return std::nullopt;
  return merger.take();
}

}  // namespace annal::document
