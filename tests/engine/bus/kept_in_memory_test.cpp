// The bus does not grow with the number of topics and streams it ever saw.
#include "annal/bus/recently_used.hpp"
#include "annal/bus/subscriptions.hpp"
#include "engine/bus/events.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

TEST(RecentlyUsed, remembers_what_was_put) {
  RecentlyUsed<int> values(4);
  values.put("a", std::make_shared<int>(1));
  ASSERT_TRUE(values.find("a"));
  EXPECT_EQ(*values.find("a"), 1);
  EXPECT_EQ(values.find("b"), nullptr);
}

TEST(RecentlyUsed, never_holds_more_than_its_limit) {
  RecentlyUsed<int> values(10);
  for (int i = 0; i < 1000; ++i) {
    values.put(std::to_string(i), std::make_shared<int>(i));
    EXPECT_LE(values.size(), 10u);
  }
}

TEST(RecentlyUsed, forgets_what_was_not_used_for_long_and_keeps_what_was) {
  RecentlyUsed<int> values(10);
  values.put("used", std::make_shared<int>(1));
  values.put("unused", std::make_shared<int>(2));
  for (int i = 0; i < 100; ++i) {
    values.put(std::to_string(i), std::make_shared<int>(i));
    ASSERT_TRUE(values.find("used")) << "after " << i;
  }
  EXPECT_EQ(values.find("unused"), nullptr);
}

TEST(RecentlyUsed, holds_one_at_least) {
  RecentlyUsed<int> values(0);
  values.put("a", std::make_shared<int>(1));
  EXPECT_TRUE(values.find("a"));
}

TEST(RecentlyUsed, forgets_what_it_is_told_to_in_both_generations) {
  RecentlyUsed<int> values(4);
  for (const auto* name : {"a1", "b1", "a2"}) values.put(name, std::make_shared<int>(1));
  values.forget_if([](const std::string& name) { return name[0] == 'a'; });
  EXPECT_EQ(values.find("a1"), nullptr);
  EXPECT_EQ(values.find("a2"), nullptr);
  EXPECT_TRUE(values.find("b1"));
}

TEST(Topics, are_remembered_up_to_a_limit_and_told_right_beyond_it) {
  Subscriptions subscriptions(8);
  int told = 0;
  auto connection =
      subscriptions.add(TopicPattern::of("sensor.*"), [&](const Envelope&) { ++told; }, {});
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 100; ++i)
      subscriptions.tell(event_of("sensor.s" + std::to_string(i)),
                         [](const std::string&, std::string) {});
  EXPECT_EQ(told, 200);
  EXPECT_LE(subscriptions.remembered_topics(), 8u);
  EXPECT_GT(subscriptions.remembered_topics(), 0u);
}

TEST(Topics, that_a_new_subscription_does_not_concern_stay_remembered) {
  Subscriptions subscriptions(8);
  const auto ignore = [](const std::string&, std::string) {};
  subscriptions.tell(event_of("document.updated"), ignore);
  subscriptions.tell(event_of("plan.done"), ignore);
  auto connection = subscriptions.add(TopicPattern::of("plan.*"), [](const Envelope&) {}, {});
  EXPECT_EQ(subscriptions.remembered_topics(), 1u);
}

}  // namespace
}  // namespace annal::test
