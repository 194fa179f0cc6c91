// Everything at once: publishing, coming, going, asking.
#include "engine/bus/events.hpp"
#include "engine/bus/together.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace annal::test {
namespace {

class Churn : public ::testing::Test {
 protected:
  static constexpr int steps = 300;

  static std::function<void()> repeat(std::function<void(int)> act, int times = steps) {
    return [act = std::move(act), times] {
      for (int i = 0; i < times; ++i) act(i);
    };
  }
  std::function<void()> publish_types(std::string prefix) {
    return repeat([this, prefix](int i) {
      auto event = event_of(prefix + std::to_string(i % 7), "plan/" + std::to_string(i % 5));
      event.tags = {"board:" + std::to_string(i % 3)};
      bus.publish(event);
    });
  }

  Catalogue catalogue;
  Bus bus{catalogue, {.topics = 6}};
};

TEST_F(Churn, leaves_every_count_right) {
  std::atomic<std::uint64_t> told{0}, taken{0};
  const auto lasting =
      bus.subscribe(everything(), [&](const Envelope&) { ++told; }, {.name = "lasting"});
  const auto failing = bus.subscribe(TopicPattern::of("a3"),
                                     [&](const Envelope&) {
                                       if (taken++ % 2 == 0) throw Error("no");
                                     },
                                     {.name = "failing"});
  run_together({publish_types("a"), publish_types("b"), repeat([&](int i) {
                  auto passing = bus.subscribe(Query::with_tags({"board:" + std::to_string(i % 3)}),
                                               [](const Envelope&) {});
                  auto entity = bus.subscribe_entity("plan/1", [](const Envelope&) {});
                  entity.pause();
                  bus.publish(event_of("c"));
                  entity.resume();
                  if (i % 10 == 0) passing.disconnect_and_wait();
                }),
                repeat([&](int i) {
                  const auto rule = bus.control().add(
                      [](const Envelope&, ControlContext&) { return ControlDecision::skip(); },
                      {.name = "rule", .priority = i, .interest = Query::with_tags({"board:1"})});
                  const auto pass =
                      bus.use("pass", [](Envelope event) { return std::optional(event); });
                  bus.publish(event_of("d"));
                  EXPECT_LE(bus.control().status().size(), 1u);
                }),
                repeat(
                    [&](int) {
                      EXPECT_LE(bus.history({.limit = 10}).size(), 10u);
                      EXPECT_LE(bus.statistics().published, 4u * steps);
                      bus.redrive("failing");
                      EXPECT_GE(bus.subscriber_count(), 2u);
                    },
                    steps / 5)});
  const auto statistics = bus.statistics();
  EXPECT_EQ(statistics.published, 4u * steps);
  EXPECT_EQ(statistics.told, statistics.published) << "in the place of each that was skipped, why";
  EXPECT_EQ(told, statistics.told);
  ASSERT_EQ(statistics.subscribers.size(), 2u);
  EXPECT_EQ(statistics.subscribers[0].figures.count, told);
  std::uint64_t by_type = 0, by_entity = 0;
  for (const auto& [name, figures] : statistics.types) by_type += figures.count;
  for (const auto& [name, figures] : statistics.entities) by_entity += figures.count;
  EXPECT_EQ(by_type, told);
  EXPECT_EQ(by_entity, told);
}

TEST_F(Churn, keeps_nothing_of_those_who_left) {
  for (int round = 0; round < 200; ++round) {
    const auto held = std::make_shared<int>(round);
    const auto come_and_go = [&] {
      for (int i = 0; i < 5; ++i) {
        const auto all = bus.subscribe(everything(), [held](const Envelope&) {});
        const auto rule = bus.control().add(
            [held](const Envelope&, ControlContext&) { return ControlDecision::proceed(); },
            {.name = "rule"});
        bus.publish(event_of("a"));
      }
    };
    run_together({come_and_go, come_and_go, come_and_go, come_and_go});
    ASSERT_EQ(held.use_count(), 1) << "round " << round;
  }
}

TEST_F(Churn, tells_each_thread_that_comes_what_it_publishes_itself) {
  const auto come_and_go = [&](int number) {
    return repeat([this, number](int i) {
      int told = 0;
      const std::string stream = "mine/" + std::to_string(number);
      const auto entity = bus.subscribe_entity(stream, [&](const Envelope&) { ++told; });
      const auto type = bus.subscribe(TopicPattern::of("t" + std::to_string(number)),
                                      [&](const Envelope&) { ++told; });
      bus.publish(event_of("t" + std::to_string(number), stream));
      EXPECT_EQ(told, 2) << i;
    });
  };
  run_together({come_and_go(0), come_and_go(1), come_and_go(2), come_and_go(3)});
  EXPECT_EQ(bus.subscriber_count(), 0u);
}

}  // namespace
}  // namespace annal::test
