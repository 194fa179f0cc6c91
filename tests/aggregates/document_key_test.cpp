#include "annal/document/document.hpp"
#include "annal/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace annal {
namespace {

std::string why_not(std::string_view text) {
  try {
    DocumentKey::parse(text);
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "accepted";
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(DocumentKey, is_a_collection_and_an_id_that_may_hold_slashes) {
  const auto key = DocumentKey::parse("repo/src/main.cpp");
  EXPECT_EQ(key.collection, "repo");
  EXPECT_EQ(key.id, "src/main.cpp");
  EXPECT_EQ(key.to_string(), "repo/src/main.cpp");
  EXPECT_EQ(key.stream(), "document/repo/src/main.cpp");
}

TEST(DocumentKey, may_hold_spaces_signs_and_any_letter) {
  EXPECT_EQ(DocumentKey::parse("köln/straße 7@v5..x").id, "straße 7@v5..x");
  EXPECT_EQ(DocumentKey::parse("a/...").id, "...");
}

TEST(DocumentKey, has_no_empty_and_no_dotted_segment) {
  EXPECT_TRUE(contains(why_not("orders//7"), "\"orders//7\" has an empty segment"));
  EXPECT_TRUE(contains(why_not("orders/"), "empty segment"));
  EXPECT_TRUE(contains(why_not("/orders"), "empty segment"));
  EXPECT_TRUE(contains(why_not("orders/7/"), "empty segment"));
  EXPECT_TRUE(contains(why_not("orders/../secrets"), "the segment `..`"));
  EXPECT_TRUE(contains(why_not("./7"), "the segment `.`"));
}

TEST(DocumentKey, needs_a_collection_and_an_id) {
  EXPECT_TRUE(contains(why_not("orders"), "has no `/`"));
  EXPECT_TRUE(contains(why_not(""), "has no `/`"));
}

TEST(DocumentKey, holds_no_control_character) {
  EXPECT_TRUE(contains(why_not(std::string("orders/\0", 8)), "control character"));
  EXPECT_TRUE(contains(why_not("orders/a\nb"), "\"orders/a\\nb\" holds a control character"));
  EXPECT_TRUE(contains(why_not("orders/\x7f"), "control character"));
  EXPECT_TRUE(contains(why_not("orders/\xc2\x9f"), "control character"));
  EXPECT_EQ(why_not("orders/\xc2\xa0"), "accepted");
}

TEST(DocumentKey, is_utf8) {
  const auto why = why_not("orders/\xff");
  EXPECT_TRUE(contains(why, "is not UTF-8")) << why;
  EXPECT_TRUE(contains(why, "bytes 6f72646572732fff")) << why;
}

TEST(DocumentKey, is_a_collection_and_an_id_of_256_bytes_at_most) {
  const std::string name(256, 'x');
  EXPECT_EQ(DocumentKey::parse(name + '/' + name).stream().size(), 9 + 256 + 1 + 256u);
  auto why = why_not(name + "x/7");
  EXPECT_TRUE(contains(why, "has a collection that is longer than 256 bytes: it has 257")) << why;
  why = why_not("c/" + name + "x");
  EXPECT_TRUE(contains(why, "has an id that is longer than 256 bytes: it has 257")) << why;
  EXPECT_LT(why.size(), 200u) << "a long name is cut in the message";
}

TEST(DocumentKey, is_cut_between_characters_in_a_message) {
  const auto why = why_not("c/" + std::string(77, 'x') + "äääääääääää" + std::string(300, 'y'));
  EXPECT_TRUE(contains(why, "xx\"…")) << why;
}

TEST(DocumentKey, of_two_parts_wants_a_collection_of_one_segment) {
  EXPECT_EQ(DocumentKey::of("orders", "a/7").to_string(), "orders/a/7");
  EXPECT_THROW(DocumentKey::of("orders/a", "7"), InvalidInput);
  EXPECT_THROW(DocumentKey::of("", "7"), InvalidInput);
  EXPECT_THROW(DocumentKey::of("orders", ""), InvalidInput);
}

TEST(DocumentKey, is_read_back_from_its_stream_and_from_no_other) {
  EXPECT_EQ(DocumentKey::from_stream("document/orders/a/7"), DocumentKey::of("orders", "a/7"));
  EXPECT_EQ(DocumentKey::from_stream("task/orders/7"), std::nullopt);
  EXPECT_EQ(DocumentKey::from_stream("document/orders"), std::nullopt);
  EXPECT_EQ(DocumentKey::from_stream("document/orders/../x"), std::nullopt);
}

TEST(Collection, is_one_segment) {
  EXPECT_NO_THROW(check_collection("orders"));
  for (const auto* bad : {"", ".", "..", "a/b", "a\tb", "\xff"})
    EXPECT_THROW(check_collection(bad), InvalidInput) << bad;
}

TEST(Collection, has_256_bytes_at_most) {
  EXPECT_NO_THROW(check_collection(std::string(256, 'x')));
  EXPECT_THROW(check_collection(std::string(257, 'x')), InvalidInput);
}

}  // namespace
}  // namespace annal
