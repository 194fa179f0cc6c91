#include "annal/event/codec.hpp"

#include "arbitrary.hpp"
#include "payloads.hpp"
#include "seed.hpp"

#include <cereal/archives/portable_binary.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <sstream>

namespace annal {
namespace {

using namespace std::string_literals;
using test::Everything;
using test::Item;

template <class T>
std::string written_by_cereal(const T& payload) {
  std::ostringstream out;
  cereal::PortableBinaryOutputArchive archive(out);
  archive(payload);
  return out.str();
}

template <class T>
T read_by_cereal(const std::string& bytes) {
  std::istringstream in(bytes);
  cereal::PortableBinaryInputArchive archive(in);
  T payload;
  archive(payload);
  return payload;
}

// The message of the DecodeError a function throws.
template <class Function>
std::string refusal(Function function) {
  try {
    function();
  } catch (const DecodeError& error) {
    return error.what();
  }
  return "nothing refused";
}

TEST(Codec, writes_what_cereal_writes) {
  EXPECT_EQ(encode(test::example()), written_by_cereal(test::example()));
  EXPECT_EQ(encode(Everything{}), written_by_cereal(Everything{}));
  EXPECT_EQ(encode(test::Nothing{}), "\x01");
}

TEST(Codec, reads_what_cereal_writes_and_cereal_what_it_writes) {
  EXPECT_EQ(decode<Everything>(written_by_cereal(test::example())), test::example());
  EXPECT_EQ(read_by_cereal<Everything>(encode(test::example())), test::example());
}

RC_GTEST_PROP(Codec, agrees_with_cereal_on_every_payload, ()) {
  const auto payload = test::random_payload();
  const auto bytes = encode(payload);
  RC_ASSERT(bytes == written_by_cereal(payload));
  RC_ASSERT(decode<Everything>(bytes) == payload);
  RC_ASSERT(read_by_cereal<Everything>(bytes) == payload);
}

// The bytes of stores that exist: they must be read for ever.
TEST(Codec, never_changes_its_bytes) {
  const Item item{"ab", -2, Json{"{}"}};
  EXPECT_EQ(encode(item), "\x01"s + "\x02\0\0\0\0\0\0\0ab"s + "\xfe\xff\xff\xff"s + "\0"s +
                              "\x02\0\0\0\0\0\0\0{}"s);
  EXPECT_EQ(encode(Item{}), "\x01"s + "\0\0\0\0\0\0\0\0"s + "\0\0\0\0"s + "\x01"s);
}

TEST(Codec, names_the_field_where_the_bytes_end) {
  const Item item{"title", 7, std::nullopt};
  const auto bytes = encode(item);
  const auto cut = [&](std::size_t size) {
    return refusal([&] { decode<Item>(std::string_view(bytes).substr(0, size)); });
  };
  EXPECT_EQ(cut(0), "no payload: it has no bytes");
  EXPECT_EQ(cut(1), "title: ends too early: 8 bytes missing");
  EXPECT_EQ(cut(9), "title: claims 5 elements with 0 bytes left");
  EXPECT_EQ(cut(17), "count: ends too early: 1 byte missing");
  EXPECT_EQ(cut(18), "note: ends too early: 1 byte missing");
}

struct Basket {
  Item first;
  std::vector<Item> items;
  std::map<std::string, Item> named;
  std::optional<std::vector<std::vector<Item>>> rows;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(first), CEREAL_NVP(items), CEREAL_NVP(named), CEREAL_NVP(rows));
  }
};

// Changes the byte behind the last item's empty note, so that no optional can start with it.
std::string with_broken_flag(const Basket& basket, const std::string& title) {
  auto bytes = encode(basket);
  bytes[bytes.find(title) + title.size() + sizeof(std::int32_t)] = '\x07';
  return bytes;
}

TEST(Codec, names_the_path_to_a_nested_field) {
  const Item broken{"<broken>", 0, std::nullopt};
  const auto path = [&](const Basket& basket) {
    return refusal([&] { decode<Basket>(with_broken_flag(basket, broken.title)); });
  };
  EXPECT_EQ(path({broken, {}, {}, {}}), "first.note: neither true nor false: byte 7");
  EXPECT_EQ(path({{}, {{}, broken}, {}, {}}), "items[1].note: neither true nor false: byte 7");
  EXPECT_EQ(path({{}, {}, {{"a\"b", broken}}, {}}),
            "named[\"a\\\"b\"].note: neither true nor false: byte 7");
  EXPECT_EQ(path({{}, {}, {{"\xff", broken}}, {}}),
            "named[a key that is not UTF-8].note: neither true nor false: byte 7");
  EXPECT_EQ(path({{}, {}, {}, {{{}, {{}, {}, broken}}}}),
            "rows[1][2].note: neither true nor false: byte 7");
}

TEST(Codec, keeps_path_and_reason_apart) {
  const auto error = DecodeError("is odd").within_field("c").within_element(2).within_field("b");
  EXPECT_EQ(error.path(), "b[2].c");
  EXPECT_EQ(error.reason(), "is odd");
  EXPECT_EQ(error.what(), "b[2].c: is odd"s);
  EXPECT_EQ(DecodeError("is odd").path(), "");
}

TEST(Codec, refuses_a_length_beyond_the_bytes_that_are_left_before_it_allocates) {
  const std::string huge = "\x01\xff\xff\xff\xff\xff\xff\xff\x7f"s;
  EXPECT_THROW(decode<std::string>(huge), DecodeError);
  EXPECT_THROW(decode<std::vector<Item>>(huge), DecodeError);
  EXPECT_THROW(decode<std::vector<bool>>(huge), DecodeError);
  EXPECT_THROW(decode<std::vector<double>>(huge), DecodeError);
  EXPECT_THROW((decode<std::map<std::string, Item>>(huge)), DecodeError);
  EXPECT_EQ(refusal([] {
              decode<std::vector<double>>("\x01\x02\0\0\0\0\0\0\0"s + std::string(15, 'x'));
            }),
            "claims 2 elements with 15 bytes left");
}

TEST(Codec, refuses_bytes_left_over) {
  EXPECT_EQ(refusal([] { decode<Item>(encode(Item{}) + "x"); }),
            "1 byte left over behind the last field");
  EXPECT_EQ(refusal([] { decode<test::Nothing>("\x01xy"); }),
            "2 bytes left over behind the last field");
}

TEST(Codec, refuses_bytes_of_another_origin) {
  auto bytes = encode(Item{});
  bytes[0] = '\0';  // a big-endian machine's
  EXPECT_EQ(refusal([&] { decode<Item>(bytes); }),
            "no little-endian cereal payload: it does not start with the byte 1");
  bytes[0] = '\x02';
  EXPECT_THROW(decode<Item>(bytes), DecodeError);
}

TEST(Codec, refuses_a_boolean_of_two) {
  EXPECT_EQ(refusal([] { decode<bool>("\x01\x02"); }), "neither true nor false: byte 2");
  EXPECT_TRUE(decode<bool>("\x01\x01"));
}

TEST(Codec, refuses_a_key_twice_in_one_map) {
  const auto entry = "\x01\0\0\0\0\0\0\0a\x05"s;
  EXPECT_EQ(
      refusal([&] {
        decode<std::map<std::string, std::uint8_t>>("\x01\x02\0\0\0\0\0\0\0"s + entry + entry);
      }),
      "[\"a\"]: the key appears twice");
}

RC_GTEST_PROP(Codec, reads_damaged_bytes_or_refuses_them, ()) {
  const auto bytes = test::damaged(encode(test::random_payload()), "\0\x01\x02\xff"s);
  try {
    RC_ASSERT(encode(decode<Everything>(bytes)).size() == bytes.size());
  } catch (const DecodeError&) {
    RC_SUCCEED("refused");
  }
}

}  // namespace
}  // namespace annal
