// Payloads that use every kind of field, for the codec's tests.
#pragma once

#include "annal/event/codec.hpp"

#include <cereal/cereal.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace annal::test {

enum class Colour : std::uint16_t { red = 1, green = 700 };

struct Item {
  std::string title;
  std::int32_t count = 0;
  std::optional<Json> note;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(title), CEREAL_NVP(count), CEREAL_NVP(note));
  }
  friend bool operator==(const Item&, const Item&) = default;
};

struct Numbers {
  bool yes = false;
  std::int8_t i8 = 0;
  std::int16_t i16 = 0;
  std::int32_t i32 = 0;
  std::int64_t i64 = 0;
  std::uint8_t u8 = 0;
  std::uint16_t u16 = 0;
  std::uint32_t u32 = 0;
  std::uint64_t u64 = 0;
  float f32 = 0;
  double f64 = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(yes), CEREAL_NVP(i8), CEREAL_NVP(i16), CEREAL_NVP(i32), CEREAL_NVP(i64));
    archive(CEREAL_NVP(u8), CEREAL_NVP(u16), CEREAL_NVP(u32), CEREAL_NVP(u64));
    archive(CEREAL_NVP(f32), CEREAL_NVP(f64));
  }
  friend bool operator==(const Numbers&, const Numbers&) = default;
};

struct Everything {
  Numbers numbers;
  Colour colour = Colour::red;
  std::string text;
  Json content{"null"};
  std::optional<std::string> editor;
  std::optional<Json> patch;
  std::vector<Item> items;
  std::vector<bool> flags;
  std::vector<std::int16_t> steps;
  std::vector<std::optional<std::uint8_t>> gaps;
  std::map<std::string, double> scores;
  std::map<std::string, std::vector<std::string>> groups;
  std::optional<Item> last;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(numbers), CEREAL_NVP(colour), CEREAL_NVP(text), CEREAL_NVP(content));
    archive(CEREAL_NVP(editor), CEREAL_NVP(patch), CEREAL_NVP(items), CEREAL_NVP(flags));
    archive(CEREAL_NVP(steps), CEREAL_NVP(gaps), CEREAL_NVP(scores), CEREAL_NVP(groups));
    archive(CEREAL_NVP(last));
  }
  friend bool operator==(const Everything&, const Everything&) = default;
};

struct Nothing {
  template <class Archive>
  void serialize(Archive& archive) {
    archive();
  }
  friend bool operator==(const Nothing&, const Nothing&) = default;
};

inline Everything example() {
  Everything all;
  all.numbers = {true,  -8,         -1600,      -320000, INT64_MIN, 200,
                 60000, 4000000000, UINT64_MAX, 0.1F,    -2.5e-300};
  all.colour = Colour::green;
  all.text = "Zürich \"\\\n";
  all.content.text = " {\"b\": 1.0, \"a\":[1,2 ]}\n";
  all.patch = Json{"null"};
  all.items = {{"first", 1, std::nullopt}, {"second", -2, Json{"\"x\""}}};
  all.flags = {true, false, true};
  all.steps = {1, -1, 32767};
  all.gaps = {1, std::nullopt, 255};
  all.scores = {{"a", 0.5}, {"b c", -0.0}};
  all.groups = {{"", {}}, {"x", {"y", "z"}}};
  all.last = Item{"last", 3, Json{"[]"}};
  return all;
}

}  // namespace annal::test
