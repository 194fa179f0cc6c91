#include "annal/server/message.hpp"

#include "annal/error.hpp"
#include "named_text.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace annal::server {
namespace {

using Segments = std::vector<std::string>;

TEST(Target, is_taken_apart_at_its_slashes) {
  EXPECT_EQ(Target::parse("/v1/documents/orders").segments,
            (Segments{"v1", "documents", "orders"}));
  EXPECT_EQ(Target::parse("/").segments, Segments{});
}

TEST(Target, decodes_a_slash_into_its_segment) {
  EXPECT_EQ(Target::parse("/v1/a%2Fb").segments, (Segments{"v1", "a/b"}));
}

TEST(Target, is_decoded_once_only) {
  EXPECT_EQ(Target::parse("/%252e%252e").segments, Segments{"%2e%2e"});
}

TEST(Target, keeps_a_plus_in_the_path_and_reads_it_as_a_space_in_the_query) {
  const auto target = Target::parse("/a+b?at=2+hours%20ago");
  EXPECT_EQ(target.segments, Segments{"a+b"});
  ASSERT_EQ(target.query.size(), 1u);
  EXPECT_EQ(target.query[0].value, "2 hours ago");
}

TEST(Target, reads_every_parameter_in_its_order) {
  const auto target = Target::parse("/?tag=a%3Ab&tag=c&flag&=x&&");
  ASSERT_EQ(target.query.size(), 4u);
  EXPECT_EQ(target.query[0].value, "a:b");
  EXPECT_EQ(target.query[1].value, "c");
  EXPECT_EQ(target.query[2].name, "flag");
  EXPECT_EQ(target.query[2].value, "");
  EXPECT_EQ(target.query[3].name, "");
}

class BadTarget : public testing::TestWithParam<test::NamedText> {};

TEST_P(BadTarget, is_refused) { EXPECT_THROW(Target::parse(GetParam().text), InvalidInput); }

INSTANTIATE_TEST_SUITE_P(
    Targets, BadTarget,
    testing::Values(
        test::NamedText{"empty", ""}, test::NamedText{"no_slash", "v1"},
        test::NamedText{"two_slashes", "//"}, test::NamedText{"empty_segment", "/a//b"},
        test::NamedText{"slash_at_the_end", "/a/"}, test::NamedText{"two_dots", "/a/../b"},
        test::NamedText{"one_dot", "/./a"}, test::NamedText{"two_encoded_dots", "/%2e%2e/a"},
        test::NamedText{"percent_alone", "/a%"}, test::NamedText{"percent_and_one_digit", "/a%2"},
        test::NamedText{"percent_and_no_digit", "/a%2G"}, test::NamedText{"nul", "/a%00b"},
        test::NamedText{"line_break", "/a%0Ab"}, test::NamedText{"nul_in_the_query", "/a?x=%00"},
        test::NamedText{"delete", "/%7f"}),
    [](const auto& named) { return std::string(named.param.name); });

TEST(Headers, are_found_without_regard_to_case) {
  Headers headers;
  headers.add("If-Match", "\"1\"");
  headers.add("x", "1");
  headers.add("X", "2");
  EXPECT_EQ(headers.find("if-match"), "\"1\"");
  EXPECT_EQ(headers.count("x"), 2u);
  headers.set("x", "3");
  EXPECT_EQ(headers.count("X"), 1u);
  EXPECT_EQ(headers.find("X"), "3");
  EXPECT_EQ(headers.find("y"), std::nullopt);
}

TEST(PercentEncoding, leaves_nothing_that_could_end_a_segment_or_a_header) {
  EXPECT_EQ(percent_encode("a/b c?d&e\r\n\"<>é"), "a%2Fb%20c%3Fd%26e%0D%0A%22%3C%3E%C3%A9");
  EXPECT_EQ(percent_encode("Az09-._~"), "Az09-._~");
}

}  // namespace
}  // namespace annal::server
