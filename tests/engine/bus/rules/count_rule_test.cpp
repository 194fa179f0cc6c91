// Rules that count, in a window or per unit of time.
#include "annal/bus/rules/count_rule.hpp"

#include "engine/bus/rules/told.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace annal::test {
namespace {

rules::Count three_failures() {
  return {.name = "failures",
          .of = of_type("failed"),
          .at_least = 3,
          .window = minutes(10),
          .emit = emits("alert")};
}

class Counting : public ::testing::Test {
 protected:
  Told told{rules::count(three_failures())};
};

TEST_F(Counting, says_nothing_of_fewer) {
  EXPECT_EQ(told.see("failed", minute(0)), 0u);
  EXPECT_EQ(told.see("failed", minute(1)), 0u);
}

TEST_F(Counting, finds_the_third_within_the_window) {
  told.see("failed", minute(0));
  told.see("failed", minute(4));
  ASSERT_EQ(told.see("failed", minute(9)), 1u);
  EXPECT_EQ(told.last().rule, "failures");
  EXPECT_EQ(told.last().key, "coder/1");
  EXPECT_EQ(told.last().count, 3u);
  EXPECT_EQ(told.last().value, 3.0);
  EXPECT_EQ(told.last().from, minute(0));
  EXPECT_EQ(told.last().to, minute(9));
  EXPECT_EQ(told.last().at, minute(9));
  EXPECT_EQ(told.last().duration(), minutes(9));
  EXPECT_EQ(told.last().caused_by, ids({1, 2, 3}));
  EXPECT_EQ(told.last().event.id, id_of(3));
}

TEST_F(Counting, leaves_out_what_is_exactly_a_window_old) {
  told.see("failed", minute(0));
  told.see("failed", minute(4));
  EXPECT_EQ(told.see("failed", minute(10)), 0u);
}

TEST_F(Counting, takes_what_is_a_moment_less_than_a_window_old) {
  told.see("failed", minute(0));
  told.see("failed", minute(4));
  EXPECT_EQ(told.see("failed", minute(10) - microseconds(1)), 1u);
}

TEST_F(Counting, speaks_at_each_event_while_it_holds) {
  for (int i = 0; i < 5; ++i) told.see("failed", minute(i));
  ASSERT_EQ(told.matches.size(), 3u);
  EXPECT_EQ(told.last().count, 5u);
}

TEST_F(Counting, counts_each_key_for_itself) {
  told.see("failed", minute(0), {}, "coder/1");
  told.see("failed", minute(1), {}, "coder/2");
  told.see("failed", minute(2), {}, "coder/1");
  EXPECT_EQ(told.see("failed", minute(3), {}, "coder/2"), 0u);
  EXPECT_EQ(told.see("failed", minute(4), {}, "coder/2"), 1u);
  EXPECT_EQ(told.last().caused_by, ids({2, 4, 5}));
}

TEST_F(Counting, counts_only_what_the_query_means) {
  told.see("failed", minute(0));
  told.see("failed", minute(1));
  EXPECT_EQ(told.see("started", minute(2)), 0u);
}

TEST_F(Counting, finds_three_in_whatever_order_they_come) {
  std::vector<int> happened = {0, 5, 9};
  do {
    Told fresh(rules::count(three_failures()));
    for (const int when : happened) fresh.see("failed", minute(when), minute(10));
    ASSERT_EQ(fresh.matches.size(), 1u) << happened[0] << ' ' << happened[1];
    EXPECT_EQ(fresh.last().from, minute(0));
    EXPECT_EQ(fresh.last().at, minute(9));
    EXPECT_EQ(fresh.last().event.id, id_of(3)) << "the last to come completes it";
  } while (std::next_permutation(happened.begin(), happened.end()));
}

TEST_F(Counting, finds_the_window_that_a_late_event_fills_whichever_side_it_is_on) {
  for (const int when : {0, 1, 14}) told.see("failed", minute(when), minute(15));
  ASSERT_EQ(told.see("failed", minute(5), minute(15)), 1u);
  EXPECT_EQ(told.last().to, minute(5));
  EXPECT_EQ(told.last().caused_by, ids({1, 2, 4}));
}

TEST_F(Counting, does_not_join_what_is_in_no_one_window) {
  told.see("failed", minute(0), minute(15));
  told.see("failed", minute(12), minute(15));
  EXPECT_EQ(told.see("failed", minute(6), minute(15)), 0u);
}

TEST_F(Counting, does_not_take_a_full_window_beside_a_late_event_for_its_own) {
  for (const int when : {9, 10, 10}) told.see("failed", minute(when));
  EXPECT_EQ(told.see("failed", minute(0), minute(11)), 0u);
}

TEST_F(Counting, leaves_out_and_counts_what_comes_after_window_and_lateness) {
  told.see("failed", minute(0));
  told.see("failed", minute(1));
  EXPECT_EQ(told.see("failed", minute(2), minute(22)), 0u);
  EXPECT_EQ(told.run->counts().late, 1u);
}

TEST_F(Counting, takes_what_comes_just_before_window_and_lateness_are_over) {
  told.see("failed", minute(4), minute(20));
  told.see("failed", minute(3), minute(20));
  EXPECT_EQ(told.see("failed", minute(2), minute(22) - microseconds(1)), 1u);
  EXPECT_EQ(told.run->counts().late, 0u);
}

TEST_F(Counting, counts_an_event_that_comes_again_once) {
  const Envelope failed = told.event("failed", minute(0));
  told.see(failed);
  EXPECT_EQ(told.see(failed), 0u);
  EXPECT_EQ(told.see(failed), 0u);
  EXPECT_EQ(told.run->counts().duplicates, 2u);
}

TEST_F(Counting, names_the_latest_hundred_causes) {
  for (int i = 0; i < 150; ++i) told.see("failed", at(seconds(i)));
  EXPECT_EQ(told.last().count, 150u);
  ASSERT_EQ(told.last().caused_by.size(), causes_limit);
  EXPECT_EQ(told.last().caused_by.front(), id_of(51));
  EXPECT_EQ(told.last().caused_by.back(), id_of(150));
}

TEST_F(Counting, counts_no_further_than_it_remembers) {
  for (int i = 0; i < 1000; ++i) told.see("failed", at(seconds(0)));
  EXPECT_EQ(told.last().count, 256u);
}

TEST_F(Counting, finds_what_comes_in_exactly_the_wrong_order) {
  for (int i = 0; i < 1000; ++i) told.see("failed", minute(10) - microseconds(i), minute(10));
  EXPECT_EQ(told.matches.size(), 254u) << "what is older than the 256 latest has no room";
  EXPECT_EQ(told.run->counts().late, 744u);
}

TEST_F(Counting, remembers_as_many_as_it_needs) {
  auto options = three_failures();
  options.at_least = 500;
  Told many(rules::count(options));
  for (int i = 0; i < 500; ++i) many.see("failed", at(seconds(i)));
  EXPECT_EQ(many.matches.size(), 1u);
}

class CountingOnce : public ::testing::Test {
 protected:
  static Rule rule() {
    auto options = three_failures();
    options.says = rules::Says::once;
    return rules::count(options);
  }
  Told told{rule()};
};

TEST_F(CountingOnce, speaks_when_the_count_is_reached_and_not_again_while_it_holds) {
  for (int i = 0; i < 9; ++i) told.see("failed", minute(i));
  ASSERT_EQ(told.matches.size(), 1u);
  EXPECT_EQ(told.last().at, minute(2));
}

TEST_F(CountingOnce, speaks_again_after_the_count_has_fallen) {
  for (const int when : {0, 1, 2, 3, 20, 21}) told.see("failed", minute(when));
  EXPECT_EQ(told.matches.size(), 1u);
  EXPECT_EQ(told.see("failed", minute(22)), 1u);
}

TEST_F(CountingOnce, is_not_moved_by_a_late_event_in_a_window_that_has_spoken) {
  for (const int when : {1, 2, 4}) told.see("failed", minute(when));
  EXPECT_EQ(told.see("failed", minute(3), minute(5)), 0u);
}

rules::Rate six_a_minute() {
  return {.name = "burst",
          .of = of_type("*"),
          .at_least = 6,
          .per = minutes(1),
          .window = seconds(30),
          .emit = emits("alert")};
}

TEST(Rate, is_reached_by_as_many_events_as_the_window_has_room_for) {
  Told told(rules::rate(six_a_minute()));
  EXPECT_EQ(told.see("called", at(seconds(0))), 0u);
  EXPECT_EQ(told.see("called", at(seconds(9))), 0u);
  ASSERT_EQ(told.see("called", at(seconds(18))), 1u);
  EXPECT_EQ(told.last().count, 3u);
  EXPECT_DOUBLE_EQ(told.last().value, 6);
  ASSERT_EQ(told.see("called", at(seconds(20))), 1u);
  EXPECT_DOUBLE_EQ(told.last().value, 8);
}

TEST(Rate, is_not_reached_by_fewer_than_it_asks_for) {
  auto options = six_a_minute();
  options.at_least = 6.1;
  Told told(rules::rate(options));
  for (int i = 0; i < 3; ++i) told.see("called", at(seconds(i)));
  EXPECT_TRUE(told.matches.empty());
  EXPECT_EQ(told.see("called", at(seconds(3))), 1u);
}

TEST(Rate, can_be_told_per_second) {
  auto options = six_a_minute();
  options.at_least = 0.1;
  options.per = seconds(1);
  Told told(rules::rate(options));
  for (int i = 0; i < 3; ++i) told.see("called", at(seconds(i)));
  ASSERT_EQ(told.matches.size(), 1u);
  EXPECT_DOUBLE_EQ(told.last().value, 0.1);
}

}  // namespace
}  // namespace annal::test
