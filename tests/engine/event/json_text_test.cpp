#include "annal/event/json.hpp"
#include "arbitrary.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace annal {

void PrintTo(const JsonMember& member, std::ostream* out) {
  *out << json_quote(member.key) << ':' << member.value;
}

namespace {

using namespace std::string_literals;
using Elements = std::vector<std::string_view>;
using Members = std::vector<JsonMember>;

TEST(JsonQuote, escapes_control_characters_quotes_and_backslashes_only) {
  EXPECT_EQ(json_quote(""), R"("")");
  EXPECT_EQ(json_quote("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(json_quote("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(json_quote("\0\x01\x1f"s), R"("\u0000\u0001\u001f")");
  EXPECT_EQ(json_quote("\x7f ä😀"), "\"\x7f ä😀\"");
}

TEST(JsonUnquote, takes_every_escape_back) {
  EXPECT_EQ(json_unquote(R"("")"), "");
  EXPECT_EQ(json_unquote(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(json_unquote(R"("a\u0000b\u0041\u00e4\u20ACz")"), "a\0bAä€z"s);
  EXPECT_EQ(json_unquote(R"("\ud83d\ude00 \uDBFF\uDFFF")"), "😀 \U0010FFFF");
  EXPECT_EQ(json_unquote(R"("\\n")"), "\\n");
}

RC_GTEST_PROP(JsonUnquote, is_the_inverse_of_quoting, ()) {
  const auto text = *test::utf8_text();
  RC_ASSERT(json_unquote(json_quote(text)) == text);
}

RC_GTEST_PROP(JsonUnquote, agrees_with_another_parser, ()) {
  const auto text = test::Tree(*test::utf8_text()).dump(-1, ' ', true);
  RC_ASSERT(json_unquote(text) == test::Tree::parse(text).get<std::string>());
}

TEST(JsonMembers, keep_their_bytes_with_the_white_space_around_them) {
  EXPECT_EQ(json_members(R"({"a": {"x":[1,2]} ,"b":"},\"" , "":-1.50})"),
            (Members{{"a", R"( {"x":[1,2]} )"}, {"b", R"("},\"" )"}, {"", "-1.50"}}));
  EXPECT_EQ(json_members(" \n{ \"a\\u0062\" : null }\n"), (Members{{"ab", " null "}}));
}

TEST(JsonMembers, are_none_in_an_empty_object_and_in_what_is_no_object) {
  for (const auto* text : {"{}", " { \n} ", "[]", "[1]", "null", "\"{\"", "7", "", " "})
    EXPECT_EQ(json_members(text), Members{}) << text;
}

TEST(JsonElements, keep_their_bytes_with_the_white_space_around_them) {
  EXPECT_EQ(json_elements(R"([1, "a,]" ,[[],{"b":[2,3]}],null])"),
            (Elements{"1", R"( "a,]" )", R"([[],{"b":[2,3]}])", "null"}));
  EXPECT_EQ(json_elements("\t[ \"\\\\\" ] "), (Elements{" \"\\\\\" "}));
}

TEST(JsonElements, are_none_in_an_empty_array_and_in_what_is_no_array) {
  for (const auto* text : {"[]", " [ \n] ", "{}", "{\"a\":1}", "true", "\"[\"", "7", "", " "})
    EXPECT_EQ(json_elements(text), Elements{}) << text;
}

RC_GTEST_PROP(JsonElements, agree_with_another_parser, ()) {
  const test::Tree tree = test::random_tree(3);
  const auto text = tree.dump(*rc::gen::element(-1, 2));
  const auto elements = json_elements(text);
  RC_ASSERT(elements.size() == (tree.is_array() ? tree.size() : 0));
  for (std::size_t i = 0; i < elements.size(); ++i)
    RC_ASSERT(test::Tree::parse(elements[i]) == tree[i]);
}

RC_GTEST_PROP(JsonMembers, agree_with_another_parser, ()) {
  const test::Tree tree = test::random_tree(3);
  const auto text = tree.dump(*rc::gen::element(-1, 2));
  const auto members = json_members(text);
  RC_ASSERT(members.size() == (tree.is_object() ? tree.size() : 0));
  for (const auto& [key, value] : members) RC_ASSERT(test::Tree::parse(value) == tree[key]);
}

// Unchecked text has no meaning here, but it must not lead outside of itself.
RC_GTEST_PROP(JsonText, stays_inside_a_text_that_was_not_checked, ()) {
  const auto text = test::damaged(test::random_json(), "{}[]\":,\\u");
  std::size_t size = json_unquote(text).size();
  for (const auto& member : json_members(text)) size += member.value.size();
  for (const auto element : json_elements(text)) size += element.size();
  RC_ASSERT(size <= 3 * text.size());
}

}  // namespace
}  // namespace annal
