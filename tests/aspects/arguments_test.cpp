#include "annal/aspects/arguments.hpp"

#include <gtest/gtest.h>

namespace annal {
namespace {

struct Order {
  std::string describe() const { return "order 7"; }
};
struct Opaque {};

TEST(Arguments, text_is_quoted_and_numbers_are_not) {
  EXPECT_EQ(arguments_text("a", std::string("b"), std::string_view("c"), 1, 2.5, true),
            "\"a\", \"b\", \"c\", 1, 2.500000, true");
}

TEST(Arguments, what_describes_itself_does_and_the_rest_is_left_out) {
  EXPECT_EQ(arguments_text(Order{}, Opaque{}), "order 7, …");
}

TEST(Arguments, none_are_nothing) { EXPECT_EQ(arguments_text(), ""); }

}  // namespace
}  // namespace annal
