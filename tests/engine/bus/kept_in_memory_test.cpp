// The bus does not grow with the number of topics and streams it ever saw.
#include "annal/bus/subscriptions.hpp"
#include "engine/bus/events.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

class Topics : public ::testing::Test {
 protected:
  void tell(Envelope event) {
    Subscriptions::Visit visit(subscriptions.audience());
    DispatchReport report;
    subscriptions.tell(visit, std::make_shared<const Envelope>(std::move(event)), false,
                       clock.now(), report);
  }
  std::size_t remembered() {
    std::size_t topics = 0;
    Subscriptions::Audience::Look(subscriptions.audience())
        .for_each_topic([&](const std::string*, const Topic&) { ++topics; });
    return topics;
  }

  ManualClock clock;
  SeededRandomness randomness;
  DeadLetters dead_letters{10, 1000};
  Subscriptions subscriptions{
      8, {&randomness, 10, 1000, 10, 10}, dead_letters, [](std::shared_ptr<void>) {}};
};

TEST_F(Topics, are_remembered_up_to_a_limit_and_told_right_beyond_it) {
  int told = 0;
  auto connection = subscriptions.add(Query::of_types({TopicPattern::of("sensor.*")}),
                                      [&](const Envelope&) { ++told; }, {});
  auto entity =
      subscriptions.add(Query::of_stream("sensor/7"), [&](const Envelope&) { ++told; }, {});
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 100; ++i) tell(event_of("sensor.s" + std::to_string(i), "sensor/7"));
  EXPECT_EQ(told, 400);
  EXPECT_LE(remembered(), 8u);
  EXPECT_GT(remembered(), 0u);
}

}  // namespace
}  // namespace annal::test
