// Event types are dotted topics (`document.updated`); patterns choose among them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace annal {

// Segments of letters, digits, `_` and `-`, joined by single dots; 1–128 bytes together.
bool is_topic(std::string_view text);

// `document.created` matches itself; `*` in a segment's place any one segment (`document.*`,
// `*.completed`); a last `>` one or more segments (`plan.>`); `*` or `>` alone everything.
//   cost      matching is one pass over both texts
class TopicPattern {
 public:
  static std::optional<TopicPattern> parse(std::string_view text);
  // As parse, but throws InvalidInput naming the text and the grammar.
  static TopicPattern of(std::string_view text);

  bool matches(std::string_view topic) const;
  bool matches_everything() const { return everything_; }
  const std::string& text() const { return text_; }

  friend bool operator==(const TopicPattern& a, const TopicPattern& b) {
    return a.text_ == b.text_;
  }

 private:
  std::string text_;
  bool exact_ = false;  // no wildcards: it matches its own text
  bool everything_ = false;
};

// True if any of the patterns matches; no patterns match everything.
bool matches_any(const std::vector<TopicPattern>& patterns, std::string_view topic);

}  // namespace annal
