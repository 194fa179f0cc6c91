// Merge patches as documents take them, and the cases of RFC 7396.
#include "annal/aggregate/scenario.hpp"
#include "annal/document/document.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>
#include <string>
#include <vector>

namespace annal::document {
namespace {

// The content of a document after a patch of its content.
std::string patched(const std::string& content, const std::string& patch) {
  return given<Aggregate>(Created{"Rates", {content}, "ann"})
      .when(Patch{{"{\"content\":" + patch + "}"}, {}})
      .state()
      .content.text;
}

struct Rfc7396Case {
  const char *original, *patch, *result;
};
void PrintTo(const Rfc7396Case& example, std::ostream* out) { *out << example.patch; }

class Rfc7396 : public testing::TestWithParam<Rfc7396Case> {};

TEST_P(Rfc7396, gives_the_result_of_its_appendix) {
  const auto& example = GetParam();
  EXPECT_EQ(patched(example.original, example.patch), example.result);
}

INSTANTIATE_TEST_SUITE_P(
    Appendix, Rfc7396,
    testing::Values(Rfc7396Case{R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
                    Rfc7396Case{R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
                    Rfc7396Case{R"({"a":"b"})", R"({"a":null})", R"({})"},
                    Rfc7396Case{R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
                    Rfc7396Case{R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
                    Rfc7396Case{R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
                    Rfc7396Case{R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})",
                                R"({"a":{"b":"d"}})"},
                    Rfc7396Case{R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
                    Rfc7396Case{R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
                    Rfc7396Case{R"({"a":"b"})", R"(["c"])", R"(["c"])"},
                    Rfc7396Case{R"({"a":"foo"})", R"(null)", R"(null)"},
                    Rfc7396Case{R"({"a":"foo"})", R"("bar")", R"("bar")"},
                    Rfc7396Case{R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
                    Rfc7396Case{R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
                    Rfc7396Case{R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"}));

TEST(MergePatch, leaves_the_bytes_it_does_not_touch) {
  const std::string content =
      R"({ "z" : 1.0, "a" : [ 1 , 1e2 ], "big" : 18446744073709551615, "é" : "\u00e9\/" })";
  EXPECT_EQ(patched(content, R"({"new":-0.10})"),
            R"({"z":1.0,"a":[ 1 , 1e2 ],"big":18446744073709551615,"é":"\u00e9\/","new":-0.10})");
  EXPECT_EQ(patched(content, "{}"), content);
}

TEST(MergePatch, knows_a_key_however_it_is_written) {
  EXPECT_EQ(patched(R"({"a\"b":1,"\u00e4":2})", R"({"a\u0022b":3,"ä":null})"), R"({"a\"b":3})");
}

TEST(MergePatch, is_not_confused_by_brackets_and_quotes_in_strings) {
  EXPECT_EQ(patched(R"({"a":"}],\"{","b":[["]"]],"c":1})", R"({"c":{"d":"{\\"}})"),
            R"({"a":"}],\"{","b":[["]"]],"c":{"d":"{\\"}})");
}

TEST(MergePatch, of_the_title_leaves_the_content_byte_for_byte) {
  const auto after = given<Aggregate>(Created{"Rates", {" { \"b\" : 1 } "}, "ann"})
                         .when(Patch{{R"({"title":"Ra\u0074e"})"}, {}})
                         .state();
  EXPECT_EQ(after.title, "Rate");
  EXPECT_EQ(after.content.text, " { \"b\" : 1 } ");
}

TEST(MergePatch, of_fifty_thousand_members_changes_those_it_names_and_no_others) {
  std::string content = "{", patch = "{";
  for (int i = 0; i < 50000; ++i) {
    content += (i ? ",\"" : "\"") + std::to_string(i) + "\":1";
    patch += (i ? ",\"" : "\"") + std::to_string(i + 25000) + "\":2";
  }
  const auto after = nlohmann::json::parse(patched(content + "}", patch + "}"));
  EXPECT_EQ(after.size(), 75000u);
  EXPECT_EQ(after["24999"], 1);
  EXPECT_EQ(after["25000"], 2);
}

// --- against another implementation --------------------------------------------------------------

class RandomJson {
 public:
  explicit RandomJson(std::uint64_t seed) : engine_(seed) {}

  nlohmann::ordered_json value(int depth = 0) {
    const auto kind = below(depth > 3 ? 5 : 8);
    switch (kind) {
      case 0:
        return nullptr;
      case 1:
        return below(2) == 0;
      case 2:
        return static_cast<std::int64_t>(engine_());
      case 3:
        return static_cast<double>(below(1000)) / 8;
      case 4:
        return "text \"" + std::to_string(below(100)) + "\\ ü";
      case 5:
        return array(depth);
      default:
        return object(depth);
    }
  }

  std::size_t below(std::size_t bound) { return engine_() % bound; }

 private:
  nlohmann::ordered_json array(int depth) {
    auto result = nlohmann::ordered_json::array();
    for (auto left = below(4); left > 0; --left) result.push_back(value(depth + 1));
    return result;
  }
  nlohmann::ordered_json object(int depth) {
    const std::vector<std::string> keys{"a", "b", "c", "ä", "q\"", "\\"};
    auto result = nlohmann::ordered_json::object();
    for (auto left = below(5); left > 0; --left)
      result[keys[below(keys.size())]] = value(depth + 1);
    return result;
  }

  std::mt19937_64 engine_;
};

TEST(MergePatch, agrees_with_another_implementation_on_random_values) {
  RandomJson random(test::seed());
  for (int round = 0; round < 2000; ++round) {
    const auto original = random.value(), patch = random.value();
    auto expected = original;
    expected.merge_patch(patch);
    const auto text = patched(original.dump(random.below(2) ? 2 : -1), patch.dump());
    EXPECT_EQ(nlohmann::ordered_json::parse(text), expected)
        << original.dump() << " patched with " << patch.dump();
  }
}

}  // namespace
}  // namespace annal::document
