// The bus does not grow with the number of topics and streams it ever saw.
#include "annal/bus/subscriptions.hpp"
#include "engine/bus/events.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

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
