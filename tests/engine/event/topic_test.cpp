#include "annal/event/topic.hpp"

#include "annal/error.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace annal {
namespace {

bool matches(std::string_view pattern, std::string_view topic) {
  return TopicPattern::of(pattern).matches(topic);
}

TEST(Topic, is_segments_joined_by_single_dots) {
  for (const auto* topic : {"a", "document.updated", "a.b.c.d", "Plan-2.step_7", "_", "-", "0"})
    EXPECT_TRUE(is_topic(topic)) << topic;
  for (const auto* text :
       {"", ".", ".a", "a.", "a..b", "a b", "a.*", ">", "*", "a/b", "a:b", "ä", "a.b\n"})
    EXPECT_FALSE(is_topic(text)) << text;
  EXPECT_FALSE(is_topic(std::string_view("a\0b", 3)));
}

TEST(Topic, has_at_most_128_bytes) {
  EXPECT_TRUE(is_topic(std::string(128, 'a')));
  EXPECT_FALSE(is_topic(std::string(129, 'a')));
}

TEST(TopicPattern, without_wildcards_matches_itself_alone) {
  EXPECT_TRUE(matches("document.updated", "document.updated"));
  EXPECT_FALSE(matches("document.updated", "document.created"));
  EXPECT_FALSE(matches("document", "document.updated"));
  EXPECT_FALSE(matches("document.updated", "document"));
  EXPECT_FALSE(matches("document", "documents"));
}

TEST(TopicPattern, a_star_matches_exactly_one_segment) {
  EXPECT_TRUE(matches("document.*", "document.updated"));
  EXPECT_FALSE(matches("document.*", "document"));
  EXPECT_FALSE(matches("document.*", "document.row.updated"));
  EXPECT_TRUE(matches("*.completed", "plan.completed"));
  EXPECT_TRUE(matches("a.*.c", "a.b.c"));
  EXPECT_FALSE(matches("a.*.c", "a.b.d"));
  EXPECT_TRUE(matches("*.*", "a.b"));
  EXPECT_FALSE(matches("*.*", "a"));
}

TEST(TopicPattern, a_last_arrow_matches_one_or_more_segments) {
  EXPECT_TRUE(matches("plan.>", "plan.created"));
  EXPECT_TRUE(matches("plan.>", "plan.step.completed"));
  EXPECT_FALSE(matches("plan.>", "plan"));
  EXPECT_FALSE(matches("plan.>", "plans.created"));
  EXPECT_TRUE(matches("*.>", "a.b"));
  EXPECT_FALSE(matches("*.>", "a"));
}

TEST(TopicPattern, a_lone_wildcard_matches_everything) {
  for (const auto* pattern : {"*", ">"}) {
    EXPECT_TRUE(TopicPattern::of(pattern).matches_everything());
    EXPECT_TRUE(matches(pattern, "a"));
    EXPECT_TRUE(matches(pattern, "a.b.c"));
  }
  EXPECT_FALSE(TopicPattern::of("a.>").matches_everything());
}

TEST(TopicPattern, keeps_its_text_and_is_equal_by_it) {
  EXPECT_EQ(TopicPattern::of("a.*").text(), "a.*");
  EXPECT_EQ(TopicPattern::of("a.*"), TopicPattern::of("a.*"));
  EXPECT_NE(TopicPattern::of("a.*"), TopicPattern::of("a.>"));
}

TEST(TopicPattern, refuses_what_is_no_pattern) {
  for (const auto* text :
       {"", ".", "a.", ".a", "a..b", ">.a", "a.>.b", "a*", "*a", "a.b>", "**", "a b", "ö"})
    EXPECT_FALSE(TopicPattern::parse(text)) << text;
  EXPECT_FALSE(TopicPattern::parse(std::string(129, 'a')));
}

TEST(TopicPattern, an_error_names_the_text_and_the_grammar) {
  try {
    TopicPattern::of("a..b");
    FAIL() << "a..b was taken for a pattern";
  } catch (const InvalidInput& error) {
    EXPECT_NE(std::string(error.what()).find("'a..b'"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("'*' for any one segment"), std::string::npos);
  }
}

TEST(TopicPatterns, match_if_any_does_and_match_everything_if_there_are_none) {
  EXPECT_TRUE(matches_any({}, "a.b"));
  EXPECT_TRUE(matches_any({TopicPattern::of("x"), TopicPattern::of("a.*")}, "a.b"));
  EXPECT_FALSE(matches_any({TopicPattern::of("x"), TopicPattern::of("a.*")}, "b.b"));
}

// --- against a reference that is slow and plain --------------------------------------------------

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> segments(1);
  for (const char c : text) {
    if (c == '.') {
      segments.emplace_back();
    } else {
      segments.back() += c;
    }
  }
  return segments;
}

bool reference(const std::string& pattern, const std::string& topic) {
  if (pattern == "*" || pattern == ">") return true;
  const auto wanted = split(pattern), given = split(topic);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == ">") return given.size() > i;
    if (i >= given.size() || (wanted[i] != "*" && wanted[i] != given[i])) return false;
  }
  return wanted.size() == given.size();
}

std::string joined(const std::vector<std::string>& segments) {
  std::string text;
  for (const auto& segment : segments) text += (text.empty() ? "" : ".") + segment;
  return text;
}

// Few segments, so that patterns and topics meet.
auto segments(std::vector<std::string> of) {
  return rc::gen::nonEmpty(rc::gen::resize(
      3, rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(std::move(of)))));
}

RC_GTEST_PROP(TopicPattern, agrees_with_the_reference, ()) {
  const auto topic = joined(*segments({"a", "b"}));
  auto parts = *segments({"a", "b", "*", "*", "ab"});
  if (*rc::gen::arbitrary<bool>()) parts.push_back(">");
  const auto pattern = joined(parts);
  RC_CLASSIFY(reference(pattern, topic));
  RC_ASSERT(is_topic(topic));
  RC_ASSERT(matches(pattern, topic) == reference(pattern, topic));
}

RC_GTEST_PROP(TopicPattern, takes_exactly_the_texts_of_its_grammar, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string("aB_0-aaaa.*> ")));
  bool good = !text.empty();
  const auto parts = split(text);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool word = !parts[i].empty() && parts[i].find_first_of("*> ") == std::string::npos;
    good = good && (word || parts[i] == "*" || (parts[i] == ">" && i + 1 == parts.size()));
  }
  RC_CLASSIFY(good);
  RC_ASSERT(TopicPattern::parse(text).has_value() == (good && text.size() <= 128));
}

}  // namespace
}  // namespace annal
