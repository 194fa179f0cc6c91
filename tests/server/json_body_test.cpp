#include "annal/server/json_body.hpp"

#include "annal/event/json.hpp"

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

struct Named {
  const char* name;
  const char* text;
};
void PrintTo(const Named& named, std::ostream* out) { *out << named.name; }

class BadJson : public testing::TestWithParam<Named> {};

TEST_P(BadJson, is_refused) { EXPECT_THROW(JsonBody(GetParam().text, names), InvalidJson); }

INSTANTIATE_TEST_SUITE_P(
    Bodies, BadJson,
    testing::Values(
        Named{"nothing", ""}, Named{"a_space", " "}, Named{"an_array", "[]"},
        Named{"a_number", "7"}, Named{"a_string", "\"x\""}, Named{"null_alone", "null"},
        Named{"opened", "{"}, Named{"closed", "}"}, Named{"no_colon", "{\"title\""},
        Named{"no_value", "{\"title\":"}, Named{"empty_value", "{\"title\":}"},
        Named{"not_closed", "{\"title\":\"x\""}, Named{"comma_at_the_end", "{\"title\":\"x\",}"},
        Named{"comma_alone", "{,}"}, Named{"no_comma", "{\"title\":\"x\" \"content\":1}"},
        Named{"closed_twice", "{\"title\":\"x\"}}"}, Named{"more_behind", "{\"title\":\"x\"}x"},
        Named{"name_not_quoted", "{title:1}"}, Named{"name_a_number", "{7:1}"},
        Named{"member_twice", "{\"title\":1,\"title\":2}"},
        Named{"member_twice_escaped", "{\"title\":1,\"t\\u0069tle\":2}"},
        Named{"inner_member_twice", "{\"content\":{\"a\":1,\"a\":2}}"},
        Named{"bracket_missing", "{\"content\":[1,2}"},
        Named{"brackets_crossed", "{\"content\":[}]}"},
        Named{"number_not_finite", "{\"content\":1e999}"},
        Named{"leading_zero", "{\"content\":01}"}, Named{"unknown_word", "{\"content\":tru}"},
        Named{"raw_line_break", "{\"content\":\"a\nb\"}"},
        Named{"not_utf8", "{\"content\":\"\xff\"}"},
        Named{"lone_surrogate", "{\"content\":\"\\ud800\"}"},
        Named{"byte_order_mark", "\xef\xbb\xbf{}"}, Named{"escape_at_the_end", "{\"content\":\"\\"},
        Named{"integer_over_64_bits", "{\"content\":18446744073709551616}"},
        Named{"two_numbers", "{\"content\":1 2}"},
        Named{"two_strings", "{\"content\":\"a\" \"b\"}"}),
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
