#include "annal/event/codec.hpp"
#include "annal/event/json.hpp"
#include "arbitrary.hpp"
#include "payloads.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace annal {
namespace {

using namespace std::string_literals;
using test::Everything;
using test::Item;

template <class T>
std::string to_json(const T& payload) {
  return payload_to_json(describe<T>(), encode(payload));
}

template <class T>
T from_json(const std::string& json) {
  return decode<T>(payload_from_json(describe<T>(), json));
}

// The message of the DecodeError a text is refused with.
template <class T>
std::string refusal_of(const std::string& json) {
  try {
    payload_from_json(describe<T>(), json);
  } catch (const DecodeError& error) {
    return error.what();
  }
  return "nothing refused";
}

TEST(PayloadToJson, keeps_the_order_of_fields_and_the_bytes_of_json) {
  EXPECT_EQ(to_json(Item{"a\"b", -3, Json{" {\"y\": 1.0, \"x\":[] }\n"}}),
            "{\"title\":\"a\\\"b\",\"count\":-3,\"note\": {\"y\": 1.0, \"x\":[] }\n}");
}

TEST(PayloadToJson, shows_every_kind_of_field) {
  EXPECT_EQ(
      to_json(test::example()),
      R"({"numbers":{"yes":true,"i8":-8,"i16":-1600,"i32":-320000,"i64":-9223372036854775808,)"
      R"("u8":200,"u16":60000,"u32":4000000000,"u64":18446744073709551615,"f32":0.1,"f64":-2.5e-300},)"
      R"("colour":700,"text":"Zürich \"\\\n","content": {"b": 1.0, "a":[1,2 ]})"
      "\n"
      R"(,"editor":null,"patch":null,"items":[{"title":"first","count":1},)"
      R"({"title":"second","count":-2,"note":"x"}],"flags":[true,false,true],"steps":[1,-1,32767],)"
      R"("gaps":[1,null,255],"scores":{"a":0.5,"b c":-0.0},"groups":{"":[],"x":["y","z"]},)"
      R"("last":{"title":"last","count":3,"note":[]}})");
}

TEST(PayloadToJson, of_a_payload_without_fields_is_an_empty_object) {
  EXPECT_EQ(to_json(test::Nothing{}), "{}");
  EXPECT_EQ(payload_from_json(describe<test::Nothing>(), " { } "), encode(test::Nothing{}));
}

TEST(PayloadToJson, tells_an_empty_optional_json_from_null) {
  EXPECT_EQ(to_json(Item{"", 0, std::nullopt}), R"({"title":"","count":0})");
  EXPECT_EQ(to_json(Item{"", 0, Json{"null"}}), R"({"title":"","count":0,"note":null})");
  EXPECT_EQ(from_json<Item>(R"({"title":"","count":0})").note, std::nullopt);
  EXPECT_EQ(from_json<Item>(R"({"title":"","count":0,"note":null})").note, Json{"null"});
}

TEST(PayloadToJson, shows_numbers_that_are_not_finite_as_null) {
  for (const double number :
       {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
        std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(to_json(std::vector{number}), "[null]");
    EXPECT_EQ(to_json(std::vector{static_cast<float>(number)}), "[null]");
  }
  EXPECT_EQ(refusal_of<std::vector<double>>("[null]"), "[0]: should be a number");
}

TEST(PayloadToJson, shows_a_whole_double_with_a_fraction_so_that_it_is_not_taken_for_an_integer) {
  EXPECT_EQ(to_json(std::vector<double>{1, -0.0, 36893488147419103232.0, 1e300}),
            "[1.0,-0.0,36893488147419103232.0,1e+300]");
  EXPECT_EQ(to_json(std::vector<float>{1, 1e20F}), "[1.0,1e+20]");
}

TEST(PayloadToJson, refuses_a_text_that_is_not_utf8_naming_its_field) {
  const auto message = [](const auto& payload) -> std::string {
    try {
      return to_json(payload);
    } catch (const DecodeError& error) {
      return error.what();
    }
  };
  EXPECT_EQ(message(Item{"\xff", 0, std::nullopt}), "title: has no JSON form: it is not UTF-8");
  EXPECT_EQ(message(std::vector{Item{}, Item{"\xff", 0, std::nullopt}}),
            "[1].title: has no JSON form: it is not UTF-8");
  EXPECT_EQ(message(std::map<std::string, bool>{{"\xff", true}}),
            "[a key that is not UTF-8]: has no JSON form: it is not UTF-8");
  EXPECT_EQ(message(std::map<std::string, Item>{{"k", Item{"", 0, Json{"[1,]"}}}}),
            "[\"k\"].note: no JSON: unexpected ']', where a value should be at its byte 3");
}

TEST(PayloadToJson, refuses_bytes_that_do_not_fit_the_description) {
  const auto bytes = encode(test::example());
  const auto description = describe<Everything>();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THROW(payload_to_json(description, bytes.substr(0, size)), DecodeError) << size;
  EXPECT_THROW(payload_to_json(description, bytes + "x"), DecodeError);
  EXPECT_THROW(payload_to_json({"", static_cast<FieldKind>(99), {}}, "\x01"), DecodeError);
}

TEST(PayloadToJson, refuses_a_description_of_a_list_of_nothing) {
  for (const auto kind : {FieldKind::list, FieldKind::map, FieldKind::optional}) {
    EXPECT_THROW(payload_to_json({"", kind, {}}, encode(std::string())), DecodeError);
    EXPECT_THROW(payload_from_json({"", kind, {}}, "[1]"), DecodeError);
  }
}

// A few bytes could claim any number of them.
TEST(PayloadToJson, refuses_a_description_of_elements_without_bytes) {
  const FieldDescription nothing{"", FieldKind::structure, {}};
  EXPECT_THROW(payload_to_json({"", FieldKind::list, {nothing}}, encode(std::string("abc"))),
               DecodeError);
}

TEST(PayloadToJson, refuses_a_key_twice_in_one_map) {
  const auto entry = "\x01\0\0\0\0\0\0\0a\x01"s;
  EXPECT_THROW(payload_to_json(describe<std::map<std::string, bool>>(),
                               "\x01\x02\0\0\0\0\0\0\0"s + entry + entry),
               DecodeError);
}

TEST(PayloadFromJson, takes_fields_in_any_order_and_missing_optionals_for_empty) {
  EXPECT_EQ(from_json<Item>(R"( { "count" : 4 , "title" : "\u0041" } )"),
            (Item{"A", 4, std::nullopt}));
}

TEST(PayloadFromJson, reads_back_the_deepest_json_a_field_may_hold) {
  const Item item{"", 0, Json{std::string(64, '[') + std::string(64, ']')}};
  EXPECT_EQ(from_json<Item>(to_json(item)), item);
}

TEST(PayloadFromJson, names_what_does_not_fit) {
  EXPECT_EQ(refusal_of<Item>("{"),
            "no JSON: unexpected end, where a key in quotes should be at byte 1");
  EXPECT_EQ(refusal_of<Item>("[]"), "should be an object");
  EXPECT_EQ(refusal_of<Item>(R"({"title":""})"), "count: is missing");
  EXPECT_EQ(refusal_of<Item>(R"({"title":"","count":1,"size":2})"),
            "size: the type has no such field");
  EXPECT_EQ(refusal_of<Item>(R"({"title":null,"count":1})"), "title: should be a string");
  EXPECT_EQ(refusal_of<Item>(R"({"title":"","count":"1"})"), "count: should be a whole number");
  EXPECT_EQ(refusal_of<Item>(R"({"title":"","count":1.0})"), "count: should be a whole number");
  EXPECT_EQ(refusal_of<Item>(R"({"title":"","count":1e2})"), "count: should be a whole number");
  EXPECT_EQ(refusal_of<Item>(R"({"title":"","count":2147483648})"),
            "count: the number 2147483648 is out of the field's range");
  EXPECT_EQ(refusal_of<std::vector<std::uint8_t>>("[256]"),
            "[0]: the number 256 is out of the field's range");
  EXPECT_EQ(refusal_of<std::vector<std::uint8_t>>("[0,-1]"),
            "[1]: the number -1 is out of the field's range");
  EXPECT_EQ(refusal_of<std::vector<float>>("[1e39]"),
            "[0]: the number 1e39 is out of the field's range");
  EXPECT_EQ(refusal_of<std::vector<bool>>("[true,1]"), "[1]: should be true or false");
  EXPECT_EQ(refusal_of<std::vector<bool>>("{}"), "should be an array");
  EXPECT_EQ((refusal_of<std::map<std::string, bool>>("[]")), "should be an object");
  EXPECT_EQ((refusal_of<std::map<std::string, bool>>(R"({"a b":2})")),
            "[\"a b\"]: should be true or false");
  EXPECT_EQ(refusal_of<Item>(R"({"title":"","count":1,"note":)" + std::string(65, '[') +
                             std::string(65, ']') + "}"),
            "note: nested deeper than 64");
}

TEST(PayloadFromJson, refuses_a_description_of_unknown_kinds) {
  EXPECT_THROW(payload_from_json({"", static_cast<FieldKind>(99), {}}, "1"), DecodeError);
}

RC_GTEST_PROP(PayloadJson, gives_every_payload_back_byte_for_byte, ()) {
  const auto bytes = encode(test::random_payload());
  const auto json = payload_to_json(describe<Everything>(), bytes);
  RC_ASSERT(payload_from_json(describe<Everything>(), json) == bytes);
  RC_ASSERT(test::Tree::accept(json));
}

RC_GTEST_PROP(PayloadJson, gives_damaged_bytes_back_or_refuses_them, ()) {
  const auto description = describe<Everything>();
  const auto bytes = test::damaged(encode(test::random_payload()), "\0\x01\x02\xff"s);
  std::string json;
  try {
    json = payload_to_json(description, bytes);
  } catch (const DecodeError&) {
    RC_SUCCEED("refused");
  }
  const auto payload = decode<Everything>(bytes);  // what can be shown can be read
  RC_PRE(std::isfinite(payload.numbers.f32) && std::isfinite(payload.numbers.f64));
  for (const auto& [name, score] : payload.scores) RC_PRE(std::isfinite(score));
  RC_ASSERT(payload_from_json(description, json) == bytes);
}

RC_GTEST_PROP(PayloadJson, reads_damaged_text_or_refuses_it, ()) {
  const auto description = describe<Everything>();
  const auto text =
      test::damaged(payload_to_json(description, encode(test::random_payload())), "{}[]\":,019");
  try {
    const auto bytes = payload_from_json(description, text);
    RC_ASSERT(payload_from_json(description, payload_to_json(description, bytes)) == bytes);
  } catch (const DecodeError&) {
    RC_SUCCEED("refused");
  }
}

}  // namespace
}  // namespace annal
