// Points in time among the arguments, and what is said about where they led.
#include "cli/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace annal::cli::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

// orders/7 at versions 1, 2, 3 holds 1, 2, 3; positions 1, 2, 4; position 3 is another document's.
void fill_with_orders(const Shell& shell) {
  shell.ok({"put", "orders/7", "--content", "1"});
  shell.ok({"put", "orders/7", "--content", "2"});
  shell.ok({"put", "orders/8", "--content", "8"});
  shell.ok({"put", "orders/7", "--content", "3"});
}

TEST(Points, make_ranges_either_side_of_which_may_be_left_out) {
  const Shell shell;
  fill_with_orders(shell);
  const std::string whole = shell.ok({"diff", "orders/7@v1..v3"});
  EXPECT_EQ(shell.ok({"diff", "orders/7@v1.."}), whole);
  EXPECT_EQ(shell.ok({"diff", "orders/7", "v1..v3"}), whole);
  EXPECT_THAT(shell.ok({"diff", "orders/7@..v1"}), HasSubstr("--- (nothing)"));
  EXPECT_THAT(shell.ok({"diff", "orders/7", ".."}), HasSubstr("+++ orders/7@v3"));
  const auto answer = shell.annal({"get", "orders/7@v1..v2"});
  EXPECT_EQ(answer.code, 2);
  EXPECT_THAT(answer.err, HasSubstr("is a range; write one point"));
  EXPECT_EQ(shell.annal({"log", "nothing"}).code, 1);
}

TEST(Points, name_versions_positions_and_distances_from_the_head) {
  const Shell shell;
  fill_with_orders(shell);
  EXPECT_EQ(shell.ok({"get", "orders/7@v2"}), "2\n");
  EXPECT_EQ(shell.ok({"get", "orders/7@1"}), "1\n");
  EXPECT_EQ(shell.ok({"get", "orders/7@3"}), "2\n");
  EXPECT_EQ(shell.ok({"get", "orders/7@head~1"}), "2\n");
  EXPECT_EQ(shell.ok({"get", "orders/7@head"}), "3\n");
  EXPECT_EQ(shell.ok({"get", "orders/7", "--at", "v1"}), "1\n");
}

TEST(Points, name_times) {
  const Shell shell;
  const auto first = json::parse(shell.ok({"put", "orders/7", "--content", "1", "--json"}));
  shell.ok({"put", "orders/7", "--content", "2"});
  const std::string time = first.at("recorded_at");
  EXPECT_EQ(shell.ok({"get", "orders/7@" + time}), "1\n");
  EXPECT_EQ(shell.ok({"get", "orders/7@now"}), "2\n");
  EXPECT_EQ(shell.ok({"get", "orders/7@\"0 seconds ago\""}), "2\n");
  EXPECT_EQ(shell.annal({"get", "orders/7@\"2 hours ago\""}).code, 1);
  EXPECT_EQ(shell.annal({"get", "orders/7@2001-01-01"}).code, 1);
}

TEST(Points, are_printed_back_as_positions) {
  const Shell shell;
  fill_with_orders(shell);
  const auto then = shell.annal({"get", "orders/7@v2"});
  EXPECT_THAT(then.err, MatchesRegex("at @2 20[0-9T:.-]+Z\n"));
  EXPECT_THAT(shell.annal({"get", "orders/7"}).err, StartsWith("at @4 "));
  EXPECT_EQ(json::parse(shell.ok({"get", "orders/7@v2", "--json"})).at("at"), 2);
  EXPECT_EQ(shell.annal({"get", "orders/7@v2", "--json"}).err, "");
  EXPECT_THAT(shell.annal({"diff", "orders/7@v1..v3"}).err, StartsWith("from @1 "));
  EXPECT_THAT(shell.annal({"log", "orders/7@v2"}).err,
              StartsWith("from @0 (before the first event) to @2 "));
  EXPECT_THAT(shell.annal({"restore", "orders/7@v2"}).err, StartsWith("at @2 "));
}

TEST(Points, outside_the_history_are_not_found) {
  const Shell shell;
  fill_with_orders(shell);
  for (const char* name :
       {"orders/7@v9", "orders/7@99", "orders/7@head~99", "orders/7@commit:abc"}) {
    const auto answer = shell.annal({"get", name});
    EXPECT_EQ(answer.code, 1) << name;
    EXPECT_EQ(answer.out, "") << name;
    EXPECT_THAT(answer.err, StartsWith("annal: ")) << name;
  }
}

TEST(Points, that_do_not_read_as_one_are_part_of_the_name) {
  const Shell shell;
  shell.ok({"put", "users/ann@example.com", "--content", "1"});
  shell.ok({"put", "users/ann@example.com", "--content", "2"});
  EXPECT_EQ(shell.ok({"get", "users/ann@example.com"}), "2\n");
  EXPECT_EQ(shell.ok({"get", "users/ann@example.com@v1"}), "1\n");
  const auto answer = shell.annal({"get", "users/ann@example.com@yesteryear"});
  EXPECT_EQ(answer.code, 1);
  EXPECT_THAT(answer.err, HasSubstr("reads as no point in time"));
}

TEST(Points, given_by_option_leave_the_name_as_it_stands) {
  const Shell shell;
  const auto refused = shell.annal({"put", "icons/logo@2", "--content", "1"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--literal"));
  shell.ok({"put", "icons/logo@2", "--content", "1", "--literal"});
  EXPECT_EQ(shell.annal({"get", "icons/logo@2"}).code, 1);
  EXPECT_EQ(shell.ok({"get", "icons/logo@2", "--at", "head"}), "1\n");
  shell.ok({"put", "icons/a..b", "--content", "2"});
  EXPECT_EQ(shell.ok({"get", "icons/a..b"}), "2\n");
}

TEST(Points, that_are_malformed_where_only_a_point_can_stand_are_a_usage_error) {
  const Shell shell;
  fill_with_orders(shell);
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"get", "orders/7", "--at", "whenever"},
                                             {"log", "orders/7", "whenever.."},
                                             {"diff", "orders/7", "v1", "whenever"},
                                             {"list", "orders", "--at", "2026-13-01"}}) {
    const auto answer = shell.annal(arguments);
    EXPECT_EQ(answer.code, 2) << arguments[0];
    EXPECT_EQ(answer.out, "") << arguments[0];
  }
}

}  // namespace
}  // namespace annal::cli::test
