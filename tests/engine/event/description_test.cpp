#include "annal/event/codec.hpp"
#include "arbitrary.hpp"
#include "payloads.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace annal {
namespace {

using namespace std::string_literals;
using Kind = FieldKind;

FieldDescription field(std::string name, Kind kind, std::vector<FieldDescription> children = {}) {
  return {std::move(name), kind, std::move(children)};
}

TEST(Description, names_every_field_in_order_with_its_kind) {
  EXPECT_EQ(describe<test::Item>(),
            field("", Kind::structure,
                  {field("title", Kind::string), field("count", Kind::int32),
                   field("note", Kind::optional, {field("", Kind::json)})}));
}

TEST(Description, tells_numbers_by_width_and_sign) {
  EXPECT_EQ(describe<test::Numbers>().children,
            (std::vector{
                field("yes", Kind::boolean), field("i8", Kind::int8), field("i16", Kind::int16),
                field("i32", Kind::int32), field("i64", Kind::int64), field("u8", Kind::uint8),
                field("u16", Kind::uint16), field("u32", Kind::uint32), field("u64", Kind::uint64),
                field("f32", Kind::float32), field("f64", Kind::float64)}));
}

TEST(Description, takes_an_enumeration_for_its_number) {
  EXPECT_EQ(describe<test::Colour>(), field("", Kind::uint16));
  EXPECT_EQ(describe<std::vector<test::Colour>>(),
            field("", Kind::list, {field("", Kind::uint16)}));
}

TEST(Description, goes_into_lists_maps_and_optionals) {
  using Deep = std::map<std::string, std::vector<std::optional<test::Item>>>;
  auto item = describe<test::Item>();
  EXPECT_EQ(describe<Deep>(),
            field("", Kind::map, {field("", Kind::list, {field("", Kind::optional, {item})})}));
}

TEST(Description, of_a_payload_without_fields_is_an_empty_structure) {
  EXPECT_EQ(describe<test::Nothing>(), field("", Kind::structure));
}

struct Shell {
  test::Nothing nothing;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(nothing));
  }
};

// Its bytes could not bound how many elements a reader makes.
TEST(Description, refuses_a_list_whose_elements_have_no_bytes) {
  EXPECT_THROW(describe<std::vector<test::Nothing>>(), ConfigurationError);
  EXPECT_THROW(describe<std::vector<Shell>>(), ConfigurationError);
  EXPECT_NO_THROW(describe<std::vector<std::optional<test::Nothing>>>());
}

TEST(Description, reads_back_from_its_bytes) {
  for (const auto& description :
       {describe<test::Everything>(), describe<test::Nothing>(), describe<bool>()})
    EXPECT_EQ(decode_description(encode_description(description)), description);
}

// The bytes of stores that exist: they must be read for ever.
TEST(Description, never_changes_its_bytes) {
  const auto length = [](char n) { return std::string(1, n) + std::string(7, '\0'); };
  EXPECT_EQ(encode_description(describe<test::Item>()),
            "\x01"s + length(5) +                              //
                length(0) + "\x11" + "\x03\0\0\0"s +           // a structure of three
                length(5) + "title" + "\x0c" + "\0\0\0\0"s +   //
                length(5) + "count" + "\x04" + "\0\0\0\0"s +   //
                length(4) + "note" + "\x0e" + "\x01\0\0\0"s +  //
                length(0) + "\x0d" + "\0\0\0\0"s);
}

FieldDescription nested(std::size_t depth) {
  FieldDescription description = field("", Kind::boolean);
  for (std::size_t i = 1; i < depth; ++i) description = field("", Kind::list, {description});
  return description;
}

TEST(Description, is_nested_at_most_64_deep) {
  EXPECT_NO_THROW(decode_description(encode_description(nested(64))));
  EXPECT_THROW(decode_description(encode_description(nested(65))), DecodeError);
  EXPECT_EQ(fault(TypeDescription{"a.b", 1, nested(64)}), std::nullopt);
  EXPECT_EQ(fault(TypeDescription{"a.b", 1, nested(65)}),
            "the type a.b, version 1, nests fields deeper than 64");
}

TEST(Description, is_of_a_named_type_and_a_version) {
  EXPECT_NE(fault(TypeDescription{"no topic", 1, nested(1)}), std::nullopt);
  EXPECT_NE(fault(TypeDescription{"a.b", 0, nested(1)}), std::nullopt);
}

TEST(Description, refuses_bytes_that_describe_nothing) {
  const auto good = encode_description(describe<test::Item>());
  EXPECT_THROW(decode_description(""), DecodeError);
  EXPECT_THROW(decode_description(good + "x"), DecodeError);
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_THROW(decode_description(good.substr(0, size)), DecodeError) << size;
}

TEST(Description, refuses_kinds_and_children_that_do_not_fit) {
  const auto refused = [](const FieldDescription& description) {
    EXPECT_THROW(decode_description(encode_description(description)), DecodeError);
    EXPECT_NE(fault(TypeDescription{"a.b", 1, description}), std::nullopt);
  };
  refused(field("", static_cast<Kind>(0)));
  refused(field("", static_cast<Kind>(18)));
  refused(field("", Kind::list));
  refused(field("", Kind::optional, {field("", Kind::boolean), field("", Kind::boolean)}));
  refused(field("", Kind::map));
  refused(field("", Kind::string, {field("", Kind::boolean)}));
  refused(field("\xff", Kind::string));
  refused(field("", Kind::structure, {field("newer", static_cast<Kind>(200))}));
}

TEST(Description, refuses_more_children_than_there_are_and_fewer) {
  auto bytes = encode_description(field("", Kind::structure, {field("a", Kind::boolean)}));
  const auto count = 1 + 8 + 8 + 1;
  ASSERT_EQ(bytes[count], 1);
  bytes[count] = 2;
  EXPECT_THROW(decode_description(bytes), DecodeError);
  bytes[count] = 0;
  EXPECT_THROW(decode_description(bytes), DecodeError);
}

RC_GTEST_PROP(Description, reads_damaged_bytes_or_refuses_them, ()) {
  const auto bytes =
      test::damaged(encode_description(describe<test::Everything>()), "\0\x01\x02\x11"s);
  try {
    RC_ASSERT(encode_description(decode_description(bytes)) == bytes);
  } catch (const DecodeError&) {
    RC_SUCCEED("refused");
  }
}

}  // namespace
}  // namespace annal
