#include "annal/event/json.hpp"

#include "arbitrary.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace annal {
namespace {

using namespace std::string_literals;

struct Accepted {
  std::string text;
  friend void PrintTo(const Accepted& value, std::ostream* out) { *out << json_quote(value.text); }
};

class AcceptedJson : public testing::TestWithParam<Accepted> {};

TEST_P(AcceptedJson, has_no_fault) {
  const auto fault = check_json(GetParam().text);
  EXPECT_FALSE(fault) << fault->reason << " at " << fault->offset;
}

INSTANTIATE_TEST_SUITE_P(
    Texts, AcceptedJson,
    testing::Values(
        Accepted{"null"}, Accepted{"true"}, Accepted{"false"}, Accepted{"{}"}, Accepted{"[]"},
        Accepted{" \t\r\n[ ] \n"}, Accepted{"{ \"a\" : [ 1 , {} ] , \"b\" : \"\" }"}, Accepted{"0"},
        Accepted{"-0"}, Accepted{"-0.0"}, Accepted{"1E2"}, Accepted{"1e+2"}, Accepted{"1.5e-07"},
        Accepted{"18446744073709551615"}, Accepted{"-9223372036854775808"},
        Accepted{"12345678901234567890.0"}, Accepted{"1.7976931348623157e308"}, Accepted{"1e-400"},
        Accepted{"0e999"}, Accepted{"0.0e99999999999999"}, Accepted{"1e-99999999999999999999"},
        Accepted{"1e-9223372036854775807"}, Accepted{std::string(400, '1') + "e-200"},
        Accepted{"0." + std::string(400, '0') + "1e400"},
        Accepted{"0." + std::string(500, '0') + "1e100"}, Accepted{"0." + std::string(400, '3')},
        Accepted{std::string(299, '9') + ".5"},
        Accepted{R"("\"\\\/\b\f\n\r\t\u0000\u00e4\uD83D\uDE00")"}, Accepted{"\"\x7f\""},
        Accepted{"\"ä€😀\""}, Accepted{"\"\xF4\x8F\xBF\xBF\""}, Accepted{"\"\xEF\xBB\xBF\""},
        Accepted{R"({"a":{"a":1},"b":[{"a":2},{"a":3}]})"}, Accepted{R"({"":0," ":1,"\u0000":2})"},
        Accepted{std::string(64, '[') + std::string(64, ']')},
        Accepted{"\"" + std::string(1000, 'x') + "\""}));

struct Refused {
  std::string text;
  std::size_t offset;
  std::string reason;
  friend void PrintTo(const Refused& value, std::ostream* out) {
    *out << value.reason << " at " << value.offset;
  }
};

class RefusedJson : public testing::TestWithParam<Refused> {};

TEST_P(RefusedJson, names_the_fault_and_its_byte) {
  const auto fault = check_json(GetParam().text);
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->reason, GetParam().reason);
  EXPECT_EQ(fault->offset, GetParam().offset);
}

const std::string value_missing = "unexpected end, where a value should be";

INSTANTIATE_TEST_SUITE_P(
    Structure, RefusedJson,
    testing::Values(Refused{"", 0, value_missing}, Refused{"  ", 2, value_missing},
                    Refused{"[1,", 3, value_missing}, Refused{"{\"a\":", 5, value_missing},
                    Refused{"[", 1, value_missing},
                    Refused{"[1", 2, "unexpected end, where ',' or ']' should be"},
                    Refused{"{", 1, "unexpected end, where a key in quotes should be"},
                    Refused{"{\"a\"", 4, "unexpected end, where ':' should be"},
                    Refused{"{\"a\":1", 6, "unexpected end, where ',' or '}' should be"},
                    Refused{"[1,]", 3, "unexpected ']', where a value should be"},
                    Refused{"[1 2]", 3, "unexpected '2', where ',' or ']' should be"},
                    Refused{"[1}", 2, "unexpected '}', where ',' or ']' should be"},
                    Refused{"{a:1}", 1, "unexpected 'a', where a key in quotes should be"},
                    Refused{"{\"a\":1,}", 7, "unexpected '}', where a key in quotes should be"},
                    Refused{"{\"a\" 1}", 5, "unexpected '1', where ':' should be"},
                    Refused{"{1:2}", 1, "unexpected '1', where a key in quotes should be"},
                    Refused{"nul", 3, "unexpected end, where 'null' should be"},
                    Refused{"tru]", 3, "unexpected ']', where 'true' should be"},
                    Refused{"False", 0, "unexpected 'F', where a value should be"},
                    Refused{"NaN", 0, "unexpected 'N', where a value should be"},
                    Refused{"-Infinity", 1, "unexpected 'I', where a digit should be"},
                    Refused{"'a'", 0, "unexpected ''', where a value should be"},
                    Refused{"\0"s, 0, "unexpected the byte 0, where a value should be"},
                    Refused{"[\x0b]", 1, "unexpected the byte 11, where a value should be"},
                    Refused{"[ä]", 1, "unexpected the byte 195, where a value should be"},
                    Refused{"[\xff]", 1, "not UTF-8"},
                    Refused{"1 2", 2, "more text after the value"},
                    Refused{"{}}", 2, "more text after the value"},
                    Refused{"null\0"s, 4, "more text after the value"},
                    Refused{"\xEF\xBB\xBF{}", 0, "starts with a byte order mark"},
                    Refused{std::string(65, '[') + std::string(65, ']'), 64,
                            "nested deeper than 64"},
                    Refused{std::string(100000, '['), 64, "nested deeper than 64"}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, RefusedJson,
    testing::Values(Refused{"18446744073709551616", 0, "an integer beyond 64 bits"},
                    Refused{"[-9223372036854775809]", 1, "an integer beyond 64 bits"},
                    Refused{"[1,100000000000000000000]", 3, "an integer beyond 64 bits"},
                    Refused{"1e400", 0, "a number that is not finite"},
                    Refused{"[1.7976931348623159e308]", 1, "a number that is not finite"},
                    Refused{"-1e309", 0, "a number that is not finite"},
                    Refused{"1e99999999999999999999", 0, "a number that is not finite"},
                    Refused{"1e9223372036854775807", 0, "a number that is not finite"},
                    Refused{"12.5e9223372036854775806", 0, "a number that is not finite"},
                    Refused{std::string(400, '1') + ".5", 0, "a number that is not finite"},
                    Refused{std::string(400, '1') + "e-10", 0, "a number that is not finite"},
                    Refused{"0.001e+312", 0, "a number that is not finite"},
                    Refused{"01", 0, "a number with a leading zero"},
                    Refused{"[-012]", 2, "a number with a leading zero"},
                    Refused{"+1", 0, "unexpected '+', where a value should be"},
                    Refused{".5", 0, "unexpected '.', where a value should be"},
                    Refused{"-", 1, "unexpected end, where a digit should be"},
                    Refused{"1.", 2, "unexpected end, where a digit should be"},
                    Refused{"[1.e1]", 3, "unexpected 'e', where a digit should be"},
                    Refused{"1e", 2, "unexpected end, where a digit should be"},
                    Refused{"1e+x", 3, "unexpected 'x', where a digit should be"},
                    Refused{"0x10", 1, "more text after the value"}));

INSTANTIATE_TEST_SUITE_P(
    Strings, RefusedJson,
    testing::Values(
        Refused{"\"abc", 4, "unexpected end, where '\"' should be"},
        Refused{"\"a\nb\"", 2, "a control character in a string; write it as an escape"},
        Refused{"\"a\0b\""s, 2, "a control character in a string; write it as an escape"},
        Refused{"\"12345678\x1f\"", 9, "a control character in a string; write it as an escape"},
        Refused{"\"\\x41\"", 1, "an escape JSON does not have"},
        Refused{"\"\\", 2, "unexpected end, where an escape should be"},
        Refused{"\"\\u12", 5, "unexpected end, where four hexadecimal digits should be"},
        Refused{"\"\\u12g4\"", 1, "an escape without four hexadecimal digits"},
        Refused{"\"\\u-123\"", 1, "an escape without four hexadecimal digits"},
        Refused{"\"a\\ud83d\"", 2, "half of a surrogate pair"},
        Refused{"\"a\\ud83d", 8,
                "unexpected end, where the other half of a surrogate pair should be"},
        Refused{"\"\\ude00\"", 1, "half of a surrogate pair"},
        Refused{"\"\\ud83d\\n\"", 1, "half of a surrogate pair"},
        Refused{"\"\\ud83d\\u0041\"", 1, "half of a surrogate pair"},
        Refused{"\"\\ud83d\\ud83d\"", 1, "half of a surrogate pair"},
        Refused{"\"\\ud83d\\u00\"", 7, "an escape without four hexadecimal digits"},
        Refused{"\"\xC0\x80\"", 1, "not UTF-8"}, Refused{"\"a\xED\xA0\x80\"", 2, "not UTF-8"},
        Refused{"\"ä\xF4\x90\x80\x80\"", 3, "not UTF-8"}, Refused{"\"\xE2\x82\"", 1, "not UTF-8"},
        Refused{"{\"\x80\":1}", 2, "not UTF-8"}));

INSTANTIATE_TEST_SUITE_P(
    Keys, RefusedJson,
    testing::Values(
        Refused{R"({"a":1,"b":2,"a":3})", 13, "the key \"a\" appears twice in one object"},
        Refused{R"([{"x":{"a":1 , "a":3}}])", 15, "the key \"a\" appears twice in one object"},
        Refused{R"({"a":1,"\u0061":2})", 7, "the key \"a\" appears twice in one object"},
        Refused{R"({"\"\n":1,"\u0022\u000a":2})", 10,
                R"(the key "\"\n" appears twice in one object)"},
        Refused{R"({"😀":1,"\ud83d\ude00":2})", 10, "the key \"😀\" appears twice in one object"},
        Refused{R"({"":1,"":2})", 6, "the key \"\" appears twice in one object"},
        Refused{"{\"" + std::string(60, 'k') + "äöü\":1,\"" + std::string(60, 'k') + "äöü\":2}", 72,
                "the key \"" + std::string(60, 'k') + "...\" appears twice in one object"}));

std::string object_of(int keys) {
  std::string text = "{";
  for (int i = 0; i < keys; ++i) text += "\"key " + std::to_string(i) + "\":0,";
  return text;
}

TEST(CheckJson, finds_a_key_given_twice_among_many) {
  for (const int keys : {1, 15, 16, 17, 18, 1000})
    for (const int again : {0, keys / 2, keys - 1}) {
      const auto open = object_of(keys);
      const auto key = "\"key " + std::to_string(again) + "\"";
      const auto fault = check_json(open + key + ":1}");
      ASSERT_TRUE(fault) << keys << ' ' << again;
      EXPECT_EQ(fault->offset, open.size());
      EXPECT_EQ(fault->reason, "the key " + key + " appears twice in one object");
      EXPECT_FALSE(check_json(open + "\"other\":1}"));
    }
}

TEST(CheckJson, takes_another_limit_of_depth) {
  EXPECT_FALSE(check_json("[[{}]]", 3));
  EXPECT_EQ(check_json("[[{}]]", 2)->offset, 2U);
  EXPECT_EQ(check_json("[[{}]]", 2)->reason, "nested deeper than 2");
  EXPECT_FALSE(check_json("7", 0));
}

// --- against another parser ----------------------------------------------------------------------

// What nlohmann's parser reports, judged by the same rules.
class Judge : public nlohmann::json_sax<test::Tree> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(double, const std::string& text) override {
    return text.find_first_of(".eE") != text.npos;
  }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override {
    keys_.emplace_back();
    return ++depth_ <= json_depth_limit;
  }
  bool key(string_t& key) override { return keys_.back().insert(key).second; }
  bool end_object() override {
    keys_.pop_back();
    --depth_;
    return true;
  }
  bool start_array(std::size_t) override { return ++depth_ <= json_depth_limit; }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

 private:
  std::size_t depth_ = 0;
  std::vector<std::set<std::string>> keys_;
};

// It skips a byte order mark, and takes a NUL for the end of the text.
bool another_parser_accepts(const std::string& text) {
  Judge judge;
  return !text.starts_with("\xEF\xBB\xBF") && text.find('\0') == text.npos &&
         test::Tree::sax_parse(text, &judge);
}

RC_GTEST_PROP(CheckJson, accepts_what_a_writer_writes, ()) {
  RC_ASSERT(!check_json(test::random_json()));
}

RC_GTEST_PROP(CheckJson, agrees_with_another_parser_on_damaged_text, ()) {
  const auto text =
      test::damaged(test::random_json(), "{}[]\":,\\u019eE+-. \n\x01\x80\xff" + "\0"s);
  const bool good = another_parser_accepts(text);
  RC_CLASSIFY(good, "accepted");
  RC_ASSERT(!check_json(text) == good);
}

RC_GTEST_PROP(CheckJson, agrees_with_another_parser_on_random_numbers, ()) {
  const auto text = *rc::gen::scale(
      0.2, rc::gen::container<std::string>(rc::gen::elementOf("001234567899999.eE-+"s)));
  const bool good = another_parser_accepts(text);
  RC_CLASSIFY(good, "accepted");
  RC_ASSERT(!check_json(text) == good);
}

RC_GTEST_PROP(CheckJson, agrees_with_another_parser_on_numbers_near_the_limits, ()) {
  std::string text = *rc::gen::element("", "-", "0.", "-0.000");
  text += std::string(*rc::gen::inRange<std::size_t>(1, 420), *rc::gen::element('0', '1', '9'));
  if (text.starts_with("0") && text[1] != '.') text = "0";
  if (*rc::gen::arbitrary<bool>()) text += "e" + std::to_string(*rc::gen::inRange(-800, 800));
  RC_ASSERT(!check_json(text) == another_parser_accepts(text));
}

RC_GTEST_PROP(CheckJson, finds_nothing_to_blame_before_the_fault, ()) {
  const auto text = test::damaged(test::random_json(), "{}[]\":,\\u019eE+-. \n\x01\x80");
  const auto fault = check_json(text);
  if (!fault) return;
  RC_ASSERT(fault->offset <= text.size());
  const auto before = check_json(text.substr(0, fault->offset));
  if (!before) return;
  RC_ASSERT(before->offset == fault->offset);
  RC_ASSERT(before->reason.starts_with("unexpected end"));
}

// --- UTF-8 ---------------------------------------------------------------------------------------

TEST(Utf8, has_no_overlong_forms_no_surrogates_and_nothing_beyond_10FFFF) {
  for (const auto& good : {"", "a", "\x7f", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(good)) << json_quote(good);
  for (const auto& bad :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xED\xBF\xBF", "\xE2\x82", "\xE2\x41\x80", "\xE2\x82\x41", "\xF0\x8F\xBF\xBF",
        "\xF0\x90\x80", "\xF0\x90\x41\x80", "\xF0\x90\x80\x41", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xFF"})
    EXPECT_FALSE(is_utf8(bad)) << testing::PrintToString(bad);
}

TEST(Utf8, is_judged_behind_a_long_run_of_ascii) {
  EXPECT_TRUE(is_utf8("0123456789abcdefä0123456789"));
  EXPECT_FALSE(is_utf8("0123456789abcdef\xC3"));
  EXPECT_TRUE(is_utf8(std::string(9, '\0')));
}

}  // namespace
}  // namespace annal
