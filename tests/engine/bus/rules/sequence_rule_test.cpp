// Rules about two events, one after the other.
#include "annal/bus/rules/sequence_rule.hpp"

#include "engine/bus/rules/told.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

rules::Sequence asked_then_answered() {
  return {.name = "answers",
          .first = of_type("asked"),
          .then = of_type("answered"),
          .within = minutes(10),
          .emit = emits("noted")};
}

class InSequence : public ::testing::Test {
 protected:
  Told told{rules::sequence(asked_then_answered())};
};

TEST_F(InSequence, finds_the_second_after_the_first) {
  EXPECT_EQ(told.see("asked", minute(0)), 0u);
  ASSERT_EQ(told.see("answered", minute(3)), 1u);
  EXPECT_EQ(told.last().from, minute(0));
  EXPECT_EQ(told.last().to, minute(3));
  EXPECT_EQ(told.last().at, minute(3));
  EXPECT_EQ(told.last().count, 2u);
  EXPECT_EQ(told.last().value, 180e6);
  EXPECT_EQ(told.last().caused_by, ids({1, 2}));
  EXPECT_EQ(told.last().event.type, "answered");
}

TEST_F(InSequence, does_not_find_the_second_alone_or_before_the_first) {
  EXPECT_EQ(told.see("answered", minute(0)), 0u);
  EXPECT_EQ(told.see("asked", minute(1)), 0u);
}

TEST_F(InSequence, does_not_find_it_once_the_time_is_up) {
  told.see("asked", minute(0));
  EXPECT_EQ(told.see("answered", minute(10)), 0u);
}

TEST_F(InSequence, finds_it_a_moment_before_the_time_is_up) {
  told.see("asked", minute(0));
  EXPECT_EQ(told.see("answered", minute(10) - microseconds(1)), 1u);
}

TEST_F(InSequence, pairs_events_of_one_key) {
  told.see("asked", minute(0), {}, "a");
  EXPECT_EQ(told.see("answered", minute(1), {}, "b"), 0u);
}

TEST_F(InSequence, begins_the_wait_anew_with_a_further_first) {
  told.see("asked", minute(0));
  told.see("asked", minute(6));
  ASSERT_EQ(told.see("answered", minute(12)), 1u);
  EXPECT_EQ(told.last().from, minute(6));
}

TEST_F(InSequence, pairs_each_event_once) {
  told.see("asked", minute(0));
  told.see("asked", minute(1));
  EXPECT_EQ(told.see("answered", minute(2)), 1u);
  EXPECT_EQ(told.see("answered", minute(3)), 0u);
}

TEST_F(InSequence, finds_a_first_that_comes_after_its_second) {
  told.see("answered", minute(3));
  ASSERT_EQ(told.see("asked", minute(1), minute(4)), 1u);
  EXPECT_EQ(told.last().at, minute(3));
  EXPECT_EQ(told.last().caused_by, ids({2, 1}));
  EXPECT_EQ(told.last().event.type, "asked") << "it completed what was known";
}

TEST_F(InSequence, pairs_what_comes_late_between_two_with_its_neighbour) {
  told.see("asked", minute(0));
  told.see("answered", minute(5));
  ASSERT_EQ(told.see("asked", minute(2), minute(6)), 1u);
  EXPECT_EQ(told.last().from, minute(2));
  EXPECT_EQ(told.last().to, minute(5));
  ASSERT_EQ(told.see("answered", minute(1), minute(6)), 1u);
  EXPECT_EQ(told.last().from, minute(0));
  EXPECT_EQ(told.last().to, minute(1));
}

TEST_F(InSequence, keeps_the_order_of_the_log_among_events_of_one_time) {
  told.see("asked", minute(0));
  EXPECT_EQ(told.see("answered", minute(0)), 1u);
  told.see("answered", minute(5));
  EXPECT_EQ(told.see("asked", minute(5)), 0u);
}

TEST_F(InSequence, pairs_an_event_of_both_sorts_as_either) {
  auto options = asked_then_answered();
  options.then = options.first;
  Told beats(rules::sequence(options));
  for (const int when : {0, 2, 5}) beats.see("asked", minute(when));
  ASSERT_EQ(beats.matches.size(), 2u);
  EXPECT_EQ(beats.matches[0].duration(), minutes(2));
  EXPECT_EQ(beats.matches[1].duration(), minutes(3));
}

TEST(Completion, tells_how_long_it_took_from_start_to_end) {
  Told told(rules::completion({.name = "work",
                               .start = of_type("created"),
                               .end = of_type("completed"),
                               .within = hours(48),
                               .emit = emits("metrics")}));
  told.see("created", minute(0));
  told.see("failed", minute(1));
  ASSERT_EQ(told.see("completed", at(hours(25))), 1u);
  EXPECT_EQ(told.last().duration(), hours(25));
  EXPECT_EQ(told.last().value, 25 * 3600e6);
}

TEST(Completion, forgets_a_start_after_its_time) {
  Told told(rules::completion({.name = "work",
                               .start = of_type("created"),
                               .end = of_type("completed"),
                               .within = hours(1),
                               .emit = emits("metrics")}));
  told.see("created", minute(0));
  EXPECT_EQ(told.see("completed", at(hours(1))), 0u);
  told.advance(at(hours(3)));
  EXPECT_EQ(told.run->counts().keys, 0u);
}

}  // namespace
}  // namespace annal::test
