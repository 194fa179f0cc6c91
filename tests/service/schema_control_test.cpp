#include "annal/service/schema_control.hpp"

#include "annal/error.hpp"
#include "annal/event/codec.hpp"
#include "seed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <atomic>
#include <latch>
#include <thread>

namespace annal::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Progress {
  std::int32_t progress = 0;
  std::optional<Json> details;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(progress), CEREAL_NVP(details));
  }
};

constexpr const char* percent = R"({
  "type": "object",
  "properties": {"progress": {"type": "integer", "minimum": 0, "maximum": 100}},
  "required": ["progress"]
})";

Envelope json_event(std::string data, std::string type = "task.progress") {
  Envelope event;
  event.type = std::move(type);
  event.codec = Codec::json;
  event.data = std::move(data);
  return event;
}

class Schemas : public ::testing::Test {
 protected:
  Schemas() { catalogue.add<Progress>("task.progress"); }

  // What is said of the data; empty if it fits.
  std::string fault(const std::string& schema, std::string data) {
    SchemaControl only(catalogue);
    only.add("task.progress", 1, schema);
    auto said = only.violation(json_event(std::move(data))).value_or("");
    const std::string title = "task.progress version 1: ";
    if (said.starts_with(title)) said.erase(0, title.size());
    return said;
  }
  // Why the schema is refused; empty if it is not.
  std::string refusal(const std::string& schema) {
    try {
      SchemaControl(catalogue).add("task.progress", 1, schema);
      return "";
    } catch (const InvalidInput& refused) {
      return refused.what();
    }
  }

  Catalogue catalogue;
  SchemaControl schemas{catalogue};
};

TEST_F(Schemas, let_through_what_fits) {
  EXPECT_EQ(fault(percent, R"({"progress": 100, "more": true})"), "");
}

TEST_F(Schemas, fail_what_does_not_with_type_version_pointer_and_reason) {
  schemas.add("task.progress", 1, percent);
  const auto handler = schemas.handler();
  ControlContext context;
  const auto decision = handler(json_event(R"({"progress": 101})"), context);
  EXPECT_EQ(decision.signal(), ControlSignal::fail);
  EXPECT_EQ(decision.reason(), "task.progress version 1: /progress: is above the maximum 100");
  EXPECT_EQ(handler(json_event(R"({"progress": 1})"), context).signal(), ControlSignal::proceed);
}

TEST_F(Schemas, read_cereal_payloads_by_the_catalogue) {
  schemas.add("task.progress", 1, percent);
  EXPECT_EQ(schemas.violation(catalogue.wrap(Progress{99, {}})), std::nullopt);
  EXPECT_EQ(schemas.violation(catalogue.wrap(Progress{-1, {}})),
            "task.progress version 1: /progress: is below the minimum 0");
}

TEST_F(Schemas, look_into_json_fields_of_cereal_payloads) {
  schemas.add("task.progress", 1, R"({"properties": {"details": {"required": ["by"]}}})");
  EXPECT_EQ(schemas.violation(catalogue.wrap(Progress{1, Json{R"({"by": 1})"}})), std::nullopt);
  EXPECT_EQ(schemas.violation(catalogue.wrap(Progress{1, Json{"{}"}})),
            "task.progress version 1: /details: lacks the property by");
}

TEST_F(Schemas, concern_one_version_of_one_type) {
  schemas.add("task.progress", 2, percent);
  Envelope event = json_event("{}");
  EXPECT_EQ(schemas.violation(event), std::nullopt);
  EXPECT_EQ(schemas.violation(json_event("{}", "task.started")), std::nullopt);
  event.schema_version = 2;
  EXPECT_EQ(schemas.violation(event),
            "task.progress version 2: the data lacks the property progress");
}

TEST_F(Schemas, let_a_purged_event_through) {
  schemas.add("task.progress", 1, percent);
  Envelope event = json_event("{}");
  purge(event);
  EXPECT_EQ(schemas.violation(event), std::nullopt);
}

TEST_F(Schemas, fail_data_that_they_cannot_read) {
  schemas.add("task.progress", 1, "true");
  schemas.add("task.unknown", 1, "true");
  Envelope event = json_event("{}");
  event.codec = Codec::bytes;
  EXPECT_THAT(schemas.violation(event).value_or(""), HasSubstr("its data is opaque"));
  EXPECT_THAT(schemas.violation(json_event("{]")).value_or(""), HasSubstr("its data is no JSON: "));
  EXPECT_THAT(schemas.violation(json_event(R"({"a": 1, "a": 2})")).value_or(""),
              HasSubstr("its data is no JSON: "));
  event.codec = Codec::cereal;
  event.data = "\1\1";
  EXPECT_THAT(schemas.violation(event).value_or(""),
              HasSubstr("its data is not what the catalogue says: progress"));
  event.type = "task.unknown";
  EXPECT_THAT(schemas.violation(event).value_or(""), HasSubstr("its fields are not known here"));
}

TEST_F(Schemas, outlived_by_their_handler_go_on) {
  ControlHandler handler;
  {
    SchemaControl gone(catalogue);
    gone.add("task.progress", 1, percent);
    handler = gone.handler();
  }
  ControlContext context;
  EXPECT_EQ(handler(json_event("{}"), context).signal(), ControlSignal::fail);
}

TEST_F(Schemas, are_refused_for_what_is_no_type_or_version_and_a_second_time) {
  EXPECT_THROW(schemas.add("no topic", 1, "true"), InvalidInput);
  EXPECT_THROW(schemas.add("task.progress", 0, "true"), InvalidInput);
  schemas.add("task.progress", 1, "false");
  EXPECT_THROW(schemas.add("task.progress", 1, "true"), InvalidInput);
  EXPECT_TRUE(schemas.violation(json_event("{}"))) << "the first one stays";
}

struct Keyword {
  const char* name;
  const char* schema;
  std::vector<const char*> fitting;
  std::vector<std::pair<const char*, const char*>> faulty;  // data, and what is said of it
};

void PrintTo(const Keyword& keyword, std::ostream* out) { *out << keyword.name; }

class SchemaKeyword : public Schemas, public ::testing::WithParamInterface<Keyword> {};

TEST_P(SchemaKeyword, is_checked) {
  for (const char* data : GetParam().fitting) EXPECT_EQ(fault(GetParam().schema, data), "") << data;
  for (const auto& [data, said] : GetParam().faulty)
    EXPECT_EQ(fault(GetParam().schema, data), said) << data;
}

const std::vector<Keyword> keywords = {
    {"boolean_true", "true", {"1", "{}"}, {}},
    {"boolean_false", "false", {}, {{"1", "the data is not allowed"}}},
    {"type",
     R"({"type": "integer"})",
     {"1", "-1", "1.0", "18446744073709551615", "1e3"},
     {{"1.5", "the data is no integer"},
      {"\"1\"", "the data is no integer"},
      {"null", "the data is no integer"}}},
    {"types",
     R"({"type": ["string", "null"]})",
     {"\"\"", "null"},
     {{"[]", "the data is no null or string"}, {"false", "the data is no null or string"}}},
    {"enum",
     R"({"enum": ["a", 2, {"b": [1]}, null]})",
     {"\"a\"", "2", "2.0", R"({"b":[1]})", "null"},
     {{"\"b\"", "the data is none of the values of enum"},
      {R"({"b":[1,2]})", "the data is none of the values of enum"}}},
    {"const",
     R"({"properties": {"kind": {"const": "x"}}})",
     {R"({"kind":"x"})", "{}"},
     {{R"({"kind":"y"})", "/kind: is not the value of const"}}},
    {"maximum",
     R"({"maximum": 2.5})",
     {"2.5", "-100", "\"9\""},
     {{"2.6", "the data is above the maximum 2.5"}}},
    {"exclusive_maximum", R"({"exclusiveMaximum": 3})", {"2"}, {{"3", "the data is not below 3"}}},
    {"minimum", R"({"minimum": -1})", {"-1"}, {{"-2", "the data is below the minimum -1"}}},
    {"exclusive_minimum",
     R"({"exclusiveMinimum": 0})",
     {"0.1"},
     {{"0", "the data is not above 0"}}},
    {"multiple_of",
     R"({"multipleOf": 3})",
     {"9", "-9", "0", "9.0", "\"x\"", "18446744073709551615", "-9223372036854775806", "3e300"},
     {{"10", "the data is no multiple of 3"},
      {"9.5", "the data is no multiple of 3"},
      {"-9223372036854775808", "the data is no multiple of 3"}}},
    {"multiple_of_a_part",
     R"({"multipleOf": 0.01})",
     {"19.99", "4.35", "-0.07", "0", "1e300"},
     {{"19.995", "the data is no multiple of 0.01"}}},
    {"max_length",
     R"({"maxLength": 3})",
     {"\"\u00e4\u00f6\u00fc\"", "\"äöü\"", "12345"},
     {{"\"abcd\"", "the data has more than 3 characters"},
      {R"("a\u0000bcd")", "the data has more than 3 characters"}}},
    {"min_length",
     R"({"minLength": 2})",
     {R"("\u0000\u0000")", "\"𝄞𝄞\""},
     {{"\"𝄞\"", "the data has fewer than 2 characters"}}},
    {"max_items",
     R"({"maxItems": 1})",
     {"[1]", "{}"},
     {{"[1,2]", "the data has more than 1 elements"}}},
    {"min_items", R"({"minItems": 1})", {"[1]"}, {{"[]", "the data has fewer than 1 elements"}}},
    {"max_properties",
     R"({"maxProperties": 1})",
     {R"({"a":1})"},
     {{R"({"a":1,"b":2})", "the data has more than 1 properties"}}},
    {"min_properties",
     R"({"minProperties": 1})",
     {R"({"a":1})", "[]"},
     {{"{}", "the data has fewer than 1 properties"}}},
    {"unique_items",
     R"({"uniqueItems": true})",
     {R"([1, "1", [1], {"a":1}])", "[0.5, 1]"},
     {{"[1, 2, 1.0]", "the data holds its element 2 twice"},
      {R"([{"a":1,"b":2}, {"b":2.0,"a":1}])", "the data holds its element 1 twice"}}},
    {"items",
     R"({"items": {"type": "string"}})",
     {"[]", R"(["a"])"},
     {{R"(["a", 1])", "/1: is no string"}}},
    {"list_of_items",
     R"({"items": [{"type": "string"}, true], "additionalItems": false})",
     {"[]", R"(["a"])", R"(["a", 1])"},
     {{"[1]", "/0: is no string"}, {R"(["a", 1, 2])", "the data has more than 2 elements"}}},
    {"additional_items",
     R"({"items": [true], "additionalItems": {"type": "null"}})",
     {"[1]", "[1, null]"},
     {{"[1, null, 2]", "/2: is no null"}, {"[1, 2]", "/1: is no null"}}},
    {"contains",
     R"({"contains": {"minimum": 5}})",
     {"[1, 5]", "{}"},
     {{"[1, 2]", "the data holds no element that fits the schema of contains"}}},
    {"required",
     R"({"required": ["a", "b"]})",
     {R"({"a":1,"b":2})", "[]"},
     {{R"({"a":1})", "the data lacks the property b"}}},
    {"additional_properties",
     R"({"properties": {"a": {}}, "additionalProperties": false})",
     {"{}", R"({"a":1})"},
     {{R"({"a":1,"c":2})", "the data has a property that is not in the schema: c"}}},
    {"additional_properties_by_schema",
     R"({"properties": {"a": {}}, "additionalProperties": {"type": "null"}})",
     {R"({"a":1,"b":null})"},
     {{R"({"a":1,"b/c~d":2})", "/b~1c~0d: is no null"}}},
    {"pattern_properties",
     R"({"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": false})",
     {R"({"x-a":"1"})"},
     {{R"({"x-a":1})", "/x-a: is no string"},
      {R"({"y":1})", "the data has a property that is not in the schema: y"}}},
    {"property_names",
     R"({"propertyNames": {"maxLength": 2}})",
     {R"({"ab":1})"},
     {{R"({"abc":1})",
       "the data has a property whose name does not fit the schema of propertyNames: abc"}}},
    {"dependencies",
     R"({"dependencies": {"a": ["b"], "c": {"required": ["d"]}}})",
     {"{}", R"({"b":1})", R"({"a":1,"b":2})", R"({"c":1,"d":1})"},
     {{R"({"a":1})", "the data lacks the property b, which a asks for"},
      {R"({"c":1})", "the data lacks the property d"}}},
    {"all_of",
     R"({"allOf": [{"minimum": 1}, {"maximum": 2}]})",
     {"1", "2"},
     {{"3", "the data is above the maximum 2"}}},
    {"any_of",
     R"({"anyOf": [{"type": "null"}, {"minimum": 5}]})",
     {"null", "5"},
     {{"4", "the data fits none of the schemas of anyOf"}}},
    {"one_of",
     R"({"oneOf": [{"maximum": 5}, {"minimum": 5}]})",
     {"4", "6"},
     {{"5", "the data fits more than one of the schemas of oneOf"}}},
    {"none_of_one_of",
     R"({"oneOf": [{"type": "null"}, {"type": "number", "minimum": 5}]})",
     {"null"},
     {{"4", "the data fits none of the schemas of oneOf"}}},
    {"not", R"({"not": {"type": "null"}})", {"1"}, {{"null", "the data fits the schema of not"}}},
    {"if_then_else",
     R"({"if": {"minimum": 10}, "then": {"multipleOf": 10}, "else": {"maximum": 5}})",
     {"20", "5"},
     {{"15", "the data is no multiple of 10"}, {"6", "the data is above the maximum 5"}}},
    {"if_without_then",
     R"({"if": {"minimum": 10}, "else": {"maximum": 5}})",
     {"15", "5"},
     {{"6", "the data is above the maximum 5"}}},
    {"date_time",
     R"({"format": "date-time"})",
     {"\"2026-01-02T03:04:05Z\"", "\"2026-01-02T03:04:05.5+02:00\"", "7"},
     {{"\"2026-01-02\"", "the data is no date-time"},
      {"\"2026-02-30T03:04:05Z\"", "the data is no date-time"}}},
    {"date",
     R"({"format": "date"})",
     {"\"2024-02-29\""},
     {{"\"2026-02-29\"", "the data is no date"},
      {"\"2026-01-02T03:04:05Z\"", "the data is no date"}}},
    {"time",
     R"({"format": "time"})",
     {"\"03:04:05Z\""},
     {{"\"25:00:00Z\"", "the data is no time"}}},
    {"other_formats", R"({"format": "email"})", {"\"nobody\""}, {}},
    {"references",
     R"({"properties": {"a": {"$ref": "#/definitions/small"}}, "definitions": {"small": {"maximum": 1}}})",
     {R"({"a":1})"},
     {{R"({"a":2})", "/a: is above the maximum 1"}}},
    {"recursion",
     R"({"properties": {"left": {"$ref": "#"}, "value": {"type": "integer"}}, "propertyNames": {"maxLength": 5}})",
     {R"({"left":{"left":{"value":1}}})"},
     {{R"({"left":{"left":{"value":"1"}}})", "/left/left/value: is no integer"},
      {R"({"left":{"longer":1}})",
       "/left: has a property whose name does not fit the schema of propertyNames: longer"}}},
};

INSTANTIATE_TEST_SUITE_P(, SchemaKeyword, ::testing::ValuesIn(keywords),
                         [](const auto& of) { return std::string(of.param.name); });

class SchemaPattern : public Schemas {
 protected:
  bool fits(const std::string& pattern, const std::string& text) {
    return fault(R"({"pattern": )" + json_quoted(pattern) + "}", json_quoted(text)).empty();
  }
  static std::string json_quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') result += '\\';
      if (c == '\n')
        result += "\\n";
      else
        result += c;
    }
    return result + '"';
  }
};

TEST_F(SchemaPattern, is_searched_for_anywhere_in_the_text) {
  EXPECT_TRUE(fits("b+", "abbc"));
  EXPECT_FALSE(fits("^b", "abbc"));
  EXPECT_EQ(fault(R"({"pattern": "^b$"})", "\"ab\""), "the data does not match the pattern ^b$");
}

TEST_F(SchemaPattern, begins_and_ends_with_the_text_not_with_its_lines) {
  EXPECT_FALSE(fits("^ab$", "x\nab"));
  EXPECT_FALSE(fits("^ab$", "ab\n"));
  EXPECT_FALSE(fits("^a.b$", "a\nb"));
}

TEST_F(SchemaPattern, reads_characters_not_bytes) {
  EXPECT_TRUE(fits("^.{3}$", "äö𝄞"));
  EXPECT_TRUE(fits("^[à-ü]+$", "äö"));
  EXPECT_TRUE(fits("^\\u00e4$", "ä"));
  EXPECT_FALSE(fits("^\\w$", "ä"));
}

TEST_F(SchemaPattern, reads_ascii_as_scripts_do) {
  EXPECT_TRUE(fits("^[a-z]{2}-\\d+\\.\\d*$", "ab-12."));
  EXPECT_TRUE(fits("^(?!x)(a|b)\\1$", "aa"));
  EXPECT_TRUE(fits("^\\/\\-\\x41$", "/-A"));
  EXPECT_TRUE(fits("^\\<\\>$", "<>")) << "no word boundaries here";
}

TEST_F(SchemaPattern, that_is_no_expression_is_refused_when_it_is_added) {
  EXPECT_THAT(refusal(R"({"pattern": "(a"})"),
              HasSubstr("the pattern \"(a\" is no regular expression"));
  EXPECT_THAT(refusal(R"({"pattern": "\\A"})"), HasSubstr("\\A is no escape here"));
  EXPECT_THAT(refusal(R"({"pattern": "\\u12"})"), HasSubstr("hexadecimal"));
  EXPECT_THAT(refusal(R"({"pattern": 1})"), HasSubstr("pattern 1: use a text"));
  EXPECT_THAT(refusal(R"({"patternProperties": {"[": true}})"), HasSubstr("no regular expression"));
}

TEST_F(SchemaPattern, that_backtracks_without_end_is_given_up) {
  const std::string said = fault(R"({"pattern": "^(a+)+$"})", '"' + std::string(60, 'a') + "b\"");
  EXPECT_EQ(said, "the data takes more steps to check than a document of its size may");
}

TEST_F(SchemaPattern, is_given_up_however_many_texts_the_steps_are_spread_over) {
  std::string data = "[";
  for (int i = 0; i < 20'000; ++i) data += '"' + std::string(13, 'a') + "b\",";
  data += "1]";
  EXPECT_EQ(fault(R"({"items": {"not": {"pattern": "^(a+)+$"}}})", data),
            "the data takes more steps to check than a document of its size may");
}

TEST_F(SchemaPattern, reads_long_texts_without_a_deep_stack) {
  EXPECT_EQ(fault(R"({"pattern": "^[a-z]*$"})", '"' + std::string(1'000'000, 'a') + '"'), "");
  EXPECT_EQ(fault(R"({"pattern": "^(a|b)*c$"})", '"' + std::string(1'000'000, 'a') + '"'),
            "the data takes more steps to check than a document of its size may");
}

TEST_F(Schemas, check_long_lists_for_repetitions_in_time) {
  std::string data = "[";
  for (int i = 0; i < 100'000; ++i) data += std::to_string(i) + ',';
  EXPECT_EQ(fault(R"({"uniqueItems": true})", data + "-1]"), "");
  EXPECT_EQ(fault(R"({"uniqueItems": true})", data + "7]"),
            "the data holds its element 100000 twice");
}

TEST_F(Schemas, give_up_documents_that_make_alternatives_multiply) {
  const std::string tree = R"({"anyOf": [
      {"properties": {"a": {"$ref": "#"}}, "required": ["x"]},
      {"properties": {"a": {"$ref": "#"}}, "required": ["y"]}, {"type": "null"}]})";
  std::string data = "1";
  for (int depth = 0; depth < 60; ++depth) data = R"({"a":)" + data + '}';
  EXPECT_EQ(fault(tree, data),
            "the data takes more steps to check than a document of its size may");
}

TEST_F(Schemas, check_documents_as_deep_as_any_may_be) {
  std::string data = "1";
  for (int depth = 0; depth < 64; ++depth) data = R"({"a":)" + data + '}';
  EXPECT_THAT(
      fault(R"({"properties": {"a": {"allOf": [{"$ref": "#"}]}}, "not": {"type": "integer"}})",
            data),
      testing::EndsWith("/a/a: fits the schema of not"));
}

TEST_F(Schemas, give_up_documents_that_lead_through_too_many_schemas) {
  std::string all = "{}", data = "1";
  for (int depth = 0; depth < 20; ++depth) all = R"({"allOf": [)" + all + "]}";
  for (int depth = 0; depth < 60; ++depth) data = '[' + data + ']';
  EXPECT_EQ(fault(R"({"items": {"$ref": "#"}, "allOf": [)" + all + "]}", data), "");
  all.replace(all.find("{}"), 2, R"({"items": {"$ref": "#"}})");
  EXPECT_EQ(fault(all, data), "the data leads through more than 500 schemas within each other");
}

TEST_F(Schemas, say_little_of_long_names) {
  const std::string name(100'000, 'n');
  EXPECT_LE(fault(R"({"additionalProperties": {"type": "null"}})", "{\"" + name + "\":1}").size(),
            600u);
  EXPECT_LE(fault(R"({"additionalProperties": false})", "{\"" + name + "\":1}").size(), 600u);
}

struct Refused {
  const char* name;
  const char* schema;
  const char* why;
};

void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.name; }

class RefusedSchema : public Schemas, public ::testing::WithParamInterface<Refused> {};

TEST_P(RefusedSchema, is_named_with_what_is_wrong) {
  const std::string said = refusal(GetParam().schema);
  EXPECT_THAT(said, StartsWith("the schema of task.progress version 1: "));
  EXPECT_THAT(said, HasSubstr(GetParam().why));
}

const std::vector<Refused> refused_schemas = {
    {"no_json", "{", "it is no JSON: "},
    {"key_twice", R"({"type": "null", "type": "null"})", "it is no JSON: "},
    {"no_schema", "7", "#: a schema is an object, true or false"},
    {"no_schema_within", R"({"properties": {"a/b": 7}})",
     "#/properties/a~1b: a schema is an object, true or false"},
    {"unknown_type", R"({"type": "text"})", "Unrecognised JSON type name 'text'"},
    {"negative_length", R"({"maxLength": -1})", "#: maxLength -1: use a whole number, 0 or more"},
    {"length_of_a_part", R"({"minLength": 1.5})", "#: minLength 1.5: use a whole number"},
    {"length_of_text", R"({"minLength": "1"})", "#: minLength \"1\": use a whole number"},
    {"maximum_of_text", R"({"items": {"maximum": "1"}})", "#/items: maximum \"1\": use a number"},
    {"maximum_of_draft_4", R"({"maximum": 1, "exclusiveMaximum": true})",
     "#: exclusiveMaximum true: use a number"},
    {"multiple_of_0", R"({"multipleOf": 0})", "#: multipleOf 0: use a number above 0"},
    {"multiple_of_too_much", R"({"multipleOf": 18446744073709551615})", "use a number above 0"},
    {"unique_of_text", R"({"uniqueItems": "true"})", "uniqueItems \"true\": use true or false"},
    {"required_of_numbers", R"({"required": [1]})", "#: required [1]: use a list of names"},
    {"dependency_on_a_number", R"({"dependencies": {"a": [1]}})",
     "#/dependencies/a: a schema is an object"},
    {"empty_enum", R"({"enum": []})", "#: enum []: use a list of values"},
    {"empty_any_of", R"({"anyOf": []})", "#/anyOf: this is no list of schemas"},
    {"properties_in_a_list", R"({"properties": []})", "#/properties: this is no object"},
    {"draft_4", R"({"$schema": "http://json-schema.org/draft-04/schema#"})", "use draft 7 or 6"},
    {"draft_2020", R"({"$schema": "https://json-schema.org/draft/2020-12/schema"})", "use draft 7"},
    {"later_keyword", R"({"items": {"unevaluatedProperties": false}})",
     "#/items: unevaluatedProperties belongs to a later draft"},
    {"remote", R"({"$ref": "http://example.org/schema.json"})", "nothing else is read"},
    {"file", R"({"items": {"$ref": "address.json#/definitions/a"}})", "nothing else is read"},
    {"urn", R"({"$ref": "urn:a:b"})", "nothing else is read"},
    {"anchor", R"({"$ref": "#a"})", "nothing else is read"},
    {"dangling", R"({"$ref": "#/definitions/a"})", "names nothing in this schema"},
    {"reference_of_number", R"({"$ref": 1})", "$ref is no text"},
    {"id_within", R"({"items": {"$id": "x"}})", "#/items: $id within a schema"},
    {"beside_a_reference", R"({"items": {"$ref": "#/definitions/a", "maximum": 1},
                              "definitions": {"a": true}})",
     "#/items: maximum beside $ref means nothing"},
    {"itself", R"({"$ref": "#"})", "this schema is part of itself"},
    {"circle_of_references",
     R"({"items": {"$ref": "#/definitions/a"}, "definitions": {"a": {"$ref": "#/definitions/b"},
        "b": {"$ref": "#/definitions/a"}}})",
     "is part of itself"},
    {"circle_through_all_of", R"({"allOf": [{"anyOf": [{"not": {"$ref": "#"}}]}]})",
     "is part of itself"},
    {"circle_through_dependencies", R"({"dependencies": {"a": {"if": {"$ref": "#"}}}})",
     "is part of itself"},
    {"null_in_a_name", R"({"required": ["a\u0000b"]})", "it holds \\u0000"},
};

INSTANTIATE_TEST_SUITE_P(, RefusedSchema, ::testing::ValuesIn(refused_schemas),
                         [](const auto& of) { return std::string(of.param.name); });

TEST_F(Schemas, of_a_common_head_are_taken) {
  EXPECT_EQ(refusal(R"({"$schema": "http://json-schema.org/draft-07/schema#",
      "$id": "https://example.org/progress.json", "title": "Progress", "description": "How far",
      "$ref": "#/definitions/progress", "definitions": {"progress": {"type": "object"}}})"),
            "");
  EXPECT_EQ(refusal(R"({"type": "object", "id": "x", "properties": {"id": {"type": "string"},
      "$ref": {"type": "string"}, "$id": {}}})"),
            "");
  EXPECT_EQ(refusal(R"({"items": {"$ref": "#/definitions/list"},
      "definitions": {"list": {"id": "list", "items": {"$ref": "#/definitions/list"}}}})"),
            "");
}

TEST_F(Schemas, too_large_or_of_too_many_parts_are_refused) {
  EXPECT_THAT(refusal(R"({"title": ")" + std::string(65'536, 't') + "\"}"),
              HasSubstr("use 65536 at most"));
  std::string items = "true", chain;
  for (int i = 0; i < 501; ++i)
    chain += R"("d)" + std::to_string(i) + R"(": {"items": {"$ref": "#/definitions/d)" +
             std::to_string(i + 1) + "\"}},";
  EXPECT_THAT(refusal(R"({"definitions": {)" + chain + R"("d501": true}})"),
              HasSubstr("more than 500 schemas"));
}

TEST_F(Schemas, as_long_a_chain_of_references_as_is_allowed_is_read) {
  std::string chain;
  for (int i = 0; i < 248; ++i)
    chain += R"("d)" + std::to_string(i) + R"(": {"items": {"$ref": "#/definitions/d)" +
             std::to_string(i + 1) + "\"}},";
  EXPECT_EQ(refusal(R"({"items": {"$ref": "#/definitions/d0"}, "definitions": {)" + chain +
                    R"("d248": true}})"),
            "");
}

// Whatever the document: a verdict, and no other one for the same document again.
TEST_F(Schemas, judge_any_document_and_judge_it_alike) {
  schemas.add("task.progress", 1, R"({
    "definitions": {"node": {"oneOf": [
      {"type": "array", "items": {"$ref": "#/definitions/node"}, "uniqueItems": true},
      {"type": "object", "additionalProperties": {"$ref": "#/definitions/node"},
       "propertyNames": {"pattern": "^[a-c]+$"}},
      {"type": "number", "multipleOf": 0.5}, {"type": "string", "pattern": "^(a|aa)+$"},
      {"type": "null"}]}},
    "$ref": "#/definitions/node"})");
  EXPECT_TRUE(rc::check([this] {
    std::string text;
    for (int open = 0, left = *rc::gen::inRange(1, 40); left-- > 0 || open > 0;) {
      const int choice = left > 0 ? *rc::gen::inRange(0, 6) : 5;
      if (choice == 0) text += "[", ++open;
      if (choice == 1) text += *rc::gen::element<std::string>("1,", "-0.5,", "7.25,", "null,");
      if (choice == 2)
        text += '"' + *rc::gen::container<std::string>(rc::gen::element('a', 'b')) + "\",";
      if (choice >= 3 && open > 0) {
        if (text.ends_with(',')) text.pop_back();
        text += "],", --open;
      }
    }
    if (text.ends_with(',')) text.pop_back();
    const auto first = schemas.violation(json_event('[' + text + ']'));
    RC_ASSERT(first == schemas.violation(json_event('[' + text + ']')));
    const bool was_json = first.value_or("").find("no JSON") == std::string::npos;
    RC_ASSERT(was_json);
    RC_CLASSIFY(!first, "fits");
  }));
}

TEST(SchemaThreads, check_and_add_at_once) {
  Catalogue catalogue;
  SchemaControl schemas(catalogue);
  schemas.add(
      "task.progress", 1,
      R"({"properties": {"name": {"pattern": "^(a|b)+$"}, "tags": {"uniqueItems": true}}})");
  const auto handler = schemas.handler();
  std::atomic<int> failed{0};
  {
    std::latch start(4);
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread)
      threads.emplace_back([&, thread] {
        start.arrive_and_wait();
        for (int round = 0; round < 300; ++round) {
          ControlContext context;
          const bool wrong = round % 2;
          const auto event = json_event(wrong ? R"({"name": "abc"})" : R"({"name": "abab"})");
          failed += handler(event, context).signal() == ControlSignal::fail;
          if (round % 50 == 0)
            schemas.add("task.t" + std::to_string(thread), static_cast<std::uint32_t>(round + 1),
                        percent);
        }
      });
  }
  EXPECT_EQ(failed, 4 * 150);
}

}  // namespace
}  // namespace annal::test
