// Rules about what does not come.
#include "annal/bus/rules/sequence_rule.hpp"
#include "engine/bus/rules/told.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

rules::Absence blocked_and_not_resolved() {
  return {.name = "stuck",
          .of = of_type("blocked"),
          .until = of_type("resolved"),
          .within = minutes(10),
          .emit = emits("noted")};
}

class Waiting : public ::testing::Test {
 protected:
  Told told{rules::absence(blocked_and_not_resolved())};
};

TEST_F(Waiting, in_vain_is_told_at_the_time_it_was_up) {
  told.see("blocked", minute(0));
  EXPECT_EQ(told.advance(minute(10) - microseconds(1)), 0u);
  ASSERT_EQ(told.advance(minute(12)), 1u);
  EXPECT_EQ(told.last().from, minute(0));
  EXPECT_EQ(told.last().to, minute(10));
  EXPECT_EQ(told.last().at, minute(10)) << "not when it was noticed";
  EXPECT_EQ(told.last().value, 600e6);
  EXPECT_EQ(told.last().caused_by, ids({1}));
  EXPECT_EQ(told.last().event.type, "blocked");
  EXPECT_EQ(told.advance(minute(100)), 0u) << "once";
}

TEST_F(Waiting, is_over_when_the_other_comes) {
  told.see("blocked", minute(0));
  told.see("resolved", minute(9));
  EXPECT_EQ(told.advance(minute(60)), 0u);
}

TEST_F(Waiting, is_not_ended_at_the_very_time_it_is_up) {
  told.see("blocked", minute(0));
  EXPECT_EQ(told.see("resolved", minute(10)), 1u);
}

TEST_F(Waiting, in_vain_is_told_before_the_event_that_moves_the_clock_is_looked_at) {
  told.see("blocked", minute(0));
  ASSERT_EQ(told.see("blocked", minute(30)), 1u);
  EXPECT_EQ(told.last().at, minute(10));
}

TEST_F(Waiting, in_vain_is_noticed_by_events_the_rule_has_no_interest_in) {
  told.see("blocked", minute(0));
  EXPECT_EQ(told.see("weather", minute(11)), 1u);
}

TEST_F(Waiting, says_when_it_is_due) {
  EXPECT_EQ(told.run->due(), std::nullopt);
  told.see("blocked", minute(1), {}, "a");
  told.see("blocked", minute(2), {}, "b");
  EXPECT_EQ(told.run->due(), minute(11));
  told.see("resolved", minute(3), {}, "a");
  EXPECT_EQ(told.run->due(), minute(12));
  EXPECT_EQ(told.advance(*told.run->due()), 1u);
  EXPECT_EQ(told.run->due(), std::nullopt);
}

TEST_F(Waiting, of_several_keys_is_told_in_the_order_of_their_times) {
  told.see("blocked", minute(2), minute(2), "a");
  told.see("blocked", minute(1), minute(2), "b");
  told.see("blocked", minute(2), minute(2), "c");
  EXPECT_EQ(told.advance(minute(60)), 3u);
  EXPECT_EQ(told.matches[0].key, "b");
  EXPECT_EQ(told.matches[1].key, "a");
  EXPECT_EQ(told.matches[2].key, "c");
}

TEST_F(Waiting, goes_on_when_what_began_it_comes_again) {
  told.see("blocked", minute(0));
  told.see("blocked", minute(6));
  EXPECT_EQ(told.advance(minute(10)), 1u);
  EXPECT_EQ(told.last().from, minute(0));
  EXPECT_EQ(told.advance(minute(60)), 0u) << "the second was a reminder of the first";
}

TEST_F(Waiting, is_told_again_when_what_began_it_comes_after_a_pause) {
  told.see("blocked", minute(0));
  EXPECT_EQ(told.see("blocked", minute(10)), 1u);
  EXPECT_EQ(told.advance(minute(60)), 1u);
}

TEST_F(Waiting, is_told_again_after_it_was_over) {
  told.see("blocked", minute(0));
  told.see("resolved", minute(1));
  told.see("blocked", minute(2));
  ASSERT_EQ(told.advance(minute(60)), 1u);
  EXPECT_EQ(told.last().from, minute(2));
}

TEST_F(Waiting, may_begin_anew_with_each) {
  auto options = blocked_and_not_resolved();
  options.again = rules::Again::restarts;
  Told anew(rules::absence(options));
  anew.see("blocked", minute(0));
  anew.see("blocked", minute(6));
  EXPECT_EQ(anew.advance(minute(15)), 0u);
  ASSERT_EQ(anew.advance(minute(16)), 1u);
  EXPECT_EQ(anew.last().from, minute(6));
}

TEST_F(Waiting, is_ended_by_what_was_recorded_before_it_began) {
  told.see("resolved", minute(5));
  told.see("blocked", minute(1), minute(6));
  EXPECT_EQ(told.advance(minute(60)), 0u);
}

TEST_F(Waiting, is_not_ended_by_what_happened_before_it_began) {
  told.see("blocked", minute(5));
  told.see("resolved", minute(4), minute(6));
  EXPECT_EQ(told.advance(minute(60)), 1u);
}

TEST_F(Waiting, that_was_up_before_it_was_recorded_is_told_at_once) {
  EXPECT_EQ(told.see("blocked", minute(0), minute(15)), 1u);
}

TEST_F(Waiting, that_a_late_end_divides_is_two) {
  told.see("blocked", minute(0));
  told.see("blocked", minute(6));
  told.see("resolved", minute(3), minute(7));
  ASSERT_EQ(told.advance(minute(60)), 1u);
  EXPECT_EQ(told.last().from, minute(6));
}

TEST_F(Waiting, can_wait_for_what_is_recorded_late) {
  auto options = blocked_and_not_resolved();
  options.lateness = minutes(5);
  Told patient(rules::absence(options));
  patient.see("blocked", minute(0));
  EXPECT_EQ(patient.run->due(), minute(15));
  patient.see("resolved", minute(9), minute(14));
  patient.see("blocked", minute(20));
  EXPECT_EQ(patient.advance(minute(34)), 0u);
  ASSERT_EQ(patient.advance(minute(35)), 1u);
  EXPECT_EQ(patient.last().at, minute(30));
}

TEST_F(Waiting, for_the_next_of_the_same_sort_watches_a_heartbeat) {
  auto options = blocked_and_not_resolved();
  options.of = options.until = of_type("beat");
  Told heart(rules::absence(options));
  for (const int when : {0, 5, 12, 20}) heart.see("beat", minute(when));
  EXPECT_TRUE(heart.matches.empty());
  ASSERT_EQ(heart.advance(minute(31)), 1u);
  EXPECT_EQ(heart.last().at, minute(30));
}

TEST_F(Waiting, is_told_once_however_many_reminders_there_were) {
  for (int i = 0; i < 3600; ++i) told.see("blocked", at(seconds(i)));
  ASSERT_EQ(told.matches.size(), 1u);
  EXPECT_EQ(told.last().from, minute(0));
  EXPECT_EQ(told.advance(at(hours(3))), 0u);
}

TEST_F(Waiting, after_many_reminders_and_an_end_begins_with_the_next) {
  for (int i = 0; i < 3600; ++i) told.see("blocked", at(seconds(i)));
  told.see("resolved", at(seconds(3600)));
  told.see("blocked", at(seconds(3601)));
  EXPECT_EQ(told.matches.size(), 1u);
  ASSERT_EQ(told.advance(at(hours(3))), 1u);
  EXPECT_EQ(told.last().from, at(seconds(3601)));
}

TEST_F(Waiting, that_a_late_end_divides_begins_with_the_first_reminder_it_remembers) {
  for (int i = 0; i < 40; ++i) told.see("blocked", at(seconds(10 * i)));
  told.see("resolved", at(seconds(100)), at(seconds(400)));
  ASSERT_EQ(told.advance(at(hours(3))), 1u);
  EXPECT_GT(told.last().from, at(seconds(100)));
  EXPECT_LT(told.last().from, at(seconds(390)));
}

TEST_F(Waiting, keeps_neither_data_nor_metadata) {
  Envelope blocked = told.event("blocked", minute(0));
  blocked.data = std::string(100'000, 'x');
  blocked.metadata = {{"k", "v"}};
  blocked.correlation_id = "c";
  blocked.tags = {"agent:a"};
  told.see(blocked);
  told.advance(minute(60));
  EXPECT_EQ(told.last().event.data, "");
  EXPECT_TRUE(told.last().event.metadata.empty());
  EXPECT_EQ(told.last().event.correlation_id, "c");
  EXPECT_EQ(told.last().event.tags, blocked.tags);
  EXPECT_EQ(told.last().event.position, blocked.position);
}

}  // namespace
}  // namespace annal::test
