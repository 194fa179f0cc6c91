#include "annal/server/json_body.hpp"

#include "annal/event/json.hpp"
#include "named_text.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace annal::server {
namespace {

const std::vector<std::string_view> names = {"title", "content"};

TEST(JsonBody, gives_a_member_byte_for_byte) {
  const std::string text =
      "{ \"content\" : \t{\"b\":1.0, \"a\" :[ 1e2,\"}\\\"\" ]}\n , \"title\":\"x\"}";
  const JsonBody body(text, names);
  EXPECT_EQ(body.raw("content"), "{\"b\":1.0, \"a\" :[ 1e2,\"}\\\"\" ]}");
  EXPECT_EQ(body.text("title"), "x");
}

TEST(JsonBody, decodes_texts) {
  const JsonBody body(R"({"t\u0069tle":"a\u00e9\n\"","content":null})", names);
  EXPECT_EQ(body.text("title"), "aé\n\"");
  EXPECT_EQ(body.text("content"), std::nullopt);
  EXPECT_EQ(body.raw("content"), "null");
}

TEST(JsonBody, may_be_empty) {
  const JsonBody body(" { } ", names);
  EXPECT_EQ(body.raw("title"), std::nullopt);
}

TEST(JsonBody, takes_content_as_deep_as_a_document_may_be) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  const std::string deepest = "{\"content\":" + nested(json_depth_limit) + "}";
  EXPECT_EQ(JsonBody(deepest, names).raw("content"), nested(json_depth_limit));
  const std::string too_deep = "{\"content\":" + nested(json_depth_limit + 1) + "}";
  EXPECT_THROW(JsonBody(too_deep, names), InvalidJson);
}

TEST(JsonBody, refuses_members_it_does_not_know) {
  EXPECT_THROW(JsonBody(R"({"titel":"x"})", names), InvalidInput);
  try {
    JsonBody(R"({"titel":"x"})", names);
  } catch (const InvalidInput& error) {
    EXPECT_NE(std::string(error.what()).find("`titel`"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("title, content"), std::string::npos);
  }
}

TEST(JsonBody, refuses_a_text_member_that_is_none) {
  EXPECT_THROW(JsonBody(R"({"title":7})", names).text("title"), InvalidInput);
}

class BadJson : public testing::TestWithParam<test::NamedText> {};

TEST_P(BadJson, is_refused) { EXPECT_THROW(JsonBody(GetParam().text, names), InvalidJson); }

INSTANTIATE_TEST_SUITE_P(
    Bodies, BadJson,
    testing::Values(test::NamedText{"nothing", ""}, test::NamedText{"a_space", " "},
                    test::NamedText{"an_array", "[]"}, test::NamedText{"a_number", "7"},
                    test::NamedText{"a_string", "\"x\""}, test::NamedText{"null_alone", "null"},
                    test::NamedText{"opened", "{"}, test::NamedText{"closed", "}"},
                    test::NamedText{"no_colon", "{\"title\""},
                    test::NamedText{"no_value", "{\"title\":"},
                    test::NamedText{"empty_value", "{\"title\":}"},
                    test::NamedText{"not_closed", "{\"title\":\"x\""},
                    test::NamedText{"comma_at_the_end", "{\"title\":\"x\",}"},
                    test::NamedText{"comma_alone", "{,}"},
                    test::NamedText{"no_comma", "{\"title\":\"x\" \"content\":1}"},
                    test::NamedText{"closed_twice", "{\"title\":\"x\"}}"},
                    test::NamedText{"more_behind", "{\"title\":\"x\"}x"},
                    test::NamedText{"name_not_quoted", "{title:1}"},
                    test::NamedText{"name_a_number", "{7:1}"},
                    test::NamedText{"member_twice", "{\"title\":1,\"title\":2}"},
                    test::NamedText{"member_twice_escaped", "{\"title\":1,\"t\\u0069tle\":2}"},
                    test::NamedText{"inner_member_twice", "{\"content\":{\"a\":1,\"a\":2}}"},
                    test::NamedText{"bracket_missing", "{\"content\":[1,2}"},
                    test::NamedText{"brackets_crossed", "{\"content\":[}]}"},
                    test::NamedText{"number_not_finite", "{\"content\":1e999}"},
                    test::NamedText{"leading_zero", "{\"content\":01}"},
                    test::NamedText{"unknown_word", "{\"content\":tru}"},
                    test::NamedText{"raw_line_break", "{\"content\":\"a\nb\"}"},
                    test::NamedText{"not_utf8", "{\"content\":\"\xff\"}"},
                    test::NamedText{"lone_surrogate", "{\"content\":\"\\ud800\"}"},
                    test::NamedText{"byte_order_mark", "\xef\xbb\xbf{}"},
                    test::NamedText{"escape_at_the_end", "{\"content\":\"\\"},
                    test::NamedText{"integer_over_64_bits", "{\"content\":18446744073709551616}"},
                    test::NamedText{"two_numbers", "{\"content\":1 2}"},
                    test::NamedText{"two_strings", "{\"content\":\"a\" \"b\"}"}),
    [](const auto& named) { return std::string(named.param.name); });

TEST(InvalidJsonBody, says_at_which_byte) {
  try {
    JsonBody(R"({"title":"x","content":[1,02]})", names);
    FAIL() << "taken";
  } catch (const InvalidJson& error) {
    EXPECT_GE(error.offset, 26u);
    EXPECT_LE(error.offset, 28u);
  }
}

}  // namespace
}  // namespace annal::server
