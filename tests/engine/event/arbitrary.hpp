// Random JSON texts and random payloads, for rapidcheck.
#pragma once

#include "payloads.hpp"

#include <nlohmann/json.hpp>
#include <rapidcheck.h>

#include <cmath>

namespace annal::test {

using Tree = nlohmann::ordered_json;

// Texts of all planes, with what needs an escape more often than its share.
inline rc::Gen<std::string> utf8_text() {
  static const std::vector<std::string> characters = {"a",
                                                      "b",
                                                      "title",
                                                      " ",
                                                      "\"",
                                                      "\\",
                                                      "/",
                                                      "\n",
                                                      "\t",
                                                      "\x01",
                                                      "\x1f",
                                                      "\x7f",
                                                      std::string(1, '\0'),
                                                      "ä",
                                                      "ß",
                                                      "\u07FF",
                                                      "\u0800",
                                                      "€",
                                                      "\uD7FF",
                                                      "\uE000",
                                                      "\uFFFD",
                                                      "\U00010000",
                                                      "😀",
                                                      "\U0010FFFF"};
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(characters)),
                      [](const std::vector<std::string>& parts) {
                        std::string text;
                        for (const auto& part : parts) text += part;
                        return text;
                      });
}

template <class Number>
rc::Gen<Number> finite_number() {
  return rc::gen::suchThat(
      rc::gen::oneOf(rc::gen::arbitrary<Number>(),
                     rc::gen::map(rc::gen::arbitrary<std::array<std::uint8_t, sizeof(Number)>>(),
                                  [](const auto& bytes) {
                                    Number number = 0;
                                    std::memcpy(&number, bytes.data(), sizeof number);
                                    return number;
                                  })),
      [](Number number) { return std::isfinite(number); });
}

inline Tree random_tree(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 8 : 6)) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::arbitrary<std::int64_t>();
    case 3:
      return *rc::gen::arbitrary<std::uint64_t>();
    case 4:
      return *finite_number<double>();
    case 5:
      return *utf8_text();
    case 6: {
      Tree array = Tree::array();
      for (int left = *rc::gen::inRange(0, 4); left > 0; --left)
        array.push_back(random_tree(depth - 1));
      return array;
    }
    default: {
      Tree object = Tree::object();
      for (int left = *rc::gen::inRange(0, 4); left > 0; --left)
        object[*utf8_text()] = random_tree(depth - 1);
      return object;
    }
  }
}

// A JSON text, with or without white space.
inline std::string random_json() {
  const Tree tree = random_tree(3);
  return tree.dump(*rc::gen::element(-1, 1), ' ', *rc::gen::arbitrary<bool>());
}

inline std::optional<Json> maybe_json() {
  if (*rc::gen::arbitrary<bool>()) return std::nullopt;
  return Json{random_json()};
}

inline Item random_item() {
  return {*utf8_text(), *rc::gen::arbitrary<std::int32_t>(), maybe_json()};
}

inline Everything random_payload() {
  Everything all;
  auto& n = all.numbers;
  const auto any = [](auto& number) {
    number = *rc::gen::arbitrary<std::remove_reference_t<decltype(number)>>();
  };
  any(n.yes), any(n.i8), any(n.i16), any(n.i32), any(n.i64), any(n.u8), any(n.u16), any(n.u32),
      any(n.u64);
  n.f32 = *finite_number<float>();
  n.f64 = *finite_number<double>();
  all.colour = static_cast<Colour>(*rc::gen::arbitrary<std::uint16_t>());
  all.text = *utf8_text();
  all.content.text = random_json();
  if (*rc::gen::arbitrary<bool>()) all.editor = *utf8_text();
  all.patch = maybe_json();
  for (int left = *rc::gen::inRange(0, 3); left > 0; --left) all.items.push_back(random_item());
  any(all.flags), any(all.steps);
  for (const int number : *rc::gen::container<std::vector<int>>(rc::gen::inRange(-50, 256)))
    all.gaps.push_back(number < 0 ? std::nullopt
                                  : std::optional(static_cast<std::uint8_t>(number)));
  for (int left = *rc::gen::inRange(0, 3); left > 0; --left)
    all.scores[*utf8_text()] = *finite_number<double>();
  for (int left = *rc::gen::inRange(0, 3); left > 0; --left)
    all.groups[*utf8_text()] = *rc::gen::container<std::vector<std::string>>(utf8_text());
  if (*rc::gen::arbitrary<bool>()) all.last = random_item();
  return all;
}

// The bytes, changed in up to four places.
inline std::string damaged(std::string bytes, const std::string& alphabet) {
  for (int left = *rc::gen::inRange(1, 5); left > 0; --left) {
    const auto place = *rc::gen::inRange<std::size_t>(0, bytes.size() + 1);
    const char c = *rc::gen::oneOf(rc::gen::elementOf(alphabet), rc::gen::arbitrary<char>());
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        bytes.insert(place, 1, c);
        break;
      case 1:
        bytes.erase(place, *rc::gen::inRange<std::size_t>(1, 4));
        break;
      case 2:
        if (place < bytes.size()) bytes[place] = c;
        break;
      default:
        bytes.insert(place, bytes.substr(*rc::gen::inRange<std::size_t>(0, bytes.size() + 1), 6));
    }
  }
  return bytes;
}

}  // namespace annal::test
