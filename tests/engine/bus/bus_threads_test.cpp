// Publishing, subscribing and cutting from several threads at once.
#include "engine/bus/events.hpp"
#include "engine/bus/together.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace annal::test {
namespace {

constexpr int rounds = 500;

class BusThreads : public ::testing::Test {
 protected:
  std::function<void()> publishing(std::string type) {
    return [this, type] {
      for (int i = 0; i < rounds; ++i) bus.publish(event_of(type));
    };
  }

  Catalogue catalogue;
  Bus bus{catalogue};
};

TEST_F(BusThreads, tell_a_lasting_subscriber_everything_while_others_come_and_go) {
  std::atomic<int> told{0}, passing{0};
  auto lasting = bus.subscribe(everything(), [&](const Envelope&) { ++told; });
  const auto coming_and_going = [&](TopicPattern pattern) {
    return [this, pattern, &passing] {
      for (int i = 0; i < rounds; ++i) {
        auto count = std::make_shared<std::atomic<int>*>(&passing);
        auto pattern_subscription = bus.subscribe(pattern, [count](const Envelope&) { ++**count; });
        auto entity =
            bus.subscribe_entity("document/orders/7", [count](const Envelope&) { ++**count; });
        bus.publish(event_of("c"));
      }
    };
  };
  run_together({publishing("a"), publishing("b"), coming_and_going(everything()),
                coming_and_going(TopicPattern::of("b"))});
  EXPECT_EQ(told, 4 * rounds);
  EXPECT_GE(passing, 3 * rounds) << "each was there when its own thread published";
  EXPECT_EQ(bus.subscriber_count(), 1u);
  EXPECT_EQ(bus.dead_letters().size(), 0u);
}

TEST_F(BusThreads, begin_no_call_once_a_subscription_is_cut) {
  constexpr int publishers = 3;
  for (int round = 0; round < 50; ++round) {
    auto cut = std::make_shared<std::atomic<bool>>(false);
    auto late = std::make_shared<std::atomic<int>>(0);
    auto connection = bus.subscribe(everything(), [cut, late](const Envelope&) {
      if (*cut) ++*late;
    });
    const auto publish = [this] {
      for (int i = 0; i < 20; ++i) bus.publish(event_of("a"));
    };
    run_together({publish, publish, publish, [&] {
                    connection.disconnect();
                    *cut = true;
                  }});
    EXPECT_LE(*late, publishers) << "at most the calls that had begun, one a thread, may be seen";
    *late = 0;
    bus.publish(event_of("a"));
    EXPECT_EQ(*late, 0);
  }
}

TEST_F(BusThreads, keep_an_owner_alive_for_as_long_as_its_handler_runs) {
  for (int round = 0; round < 100; ++round) {
    auto owner = std::make_shared<std::vector<int>>(100, 7);
    std::atomic<int> wrong{0};
    bus.subscribe(everything(),
                  [numbers = owner.get(), &wrong](const Envelope&) {
                    for (const int number : *numbers) wrong += number != 7;
                  },
                  {.owner = owner})
        .release();
    run_together({[&] { bus.publish(event_of("a")); }, [&] { bus.publish(event_of("a")); },
                  [&] { owner.reset(); }});
    EXPECT_EQ(wrong, 0);
  }
  bus.publish(event_of("a"));
  EXPECT_EQ(bus.subscriber_count(), 0u);
}

TEST_F(BusThreads, queue_only_behind_events_of_the_same_thread) {
  DispatchReport elsewhere;
  auto connection = bus.subscribe(TopicPattern::of("a"), [&](const Envelope&) {
    std::jthread([&] { elsewhere = bus.publish(event_of("b")); }).join();
  });
  auto told = bus.subscribe(TopicPattern::of("b"), [](const Envelope&) {});
  bus.publish(event_of("a"));
  EXPECT_FALSE(elsewhere.queued);
  EXPECT_EQ(elsewhere.delivered, 1u);
}

TEST_F(BusThreads, may_read_history_and_change_middleware_meanwhile) {
  std::atomic<int> told{0};
  auto lasting = bus.subscribe(everything(), [&](const Envelope& event) {
    ++told;
    if (event.type == "b") throw Error("no room");
  });
  run_together({publishing("a"), publishing("b"),
                [&] {
                  for (int i = 0; i < rounds; ++i) {
                    auto stage = bus.use("pass", [](Envelope event) -> std::optional<Envelope> {
                      event.tags.push_back("seen:1");
                      return event;
                    });
                    EXPECT_TRUE(bus.admit(event_of("document.created")).event);
                  }
                },
                [&] {
                  for (int i = 0; i < rounds / 10; ++i) {
                    EXPECT_LE(bus.history({.limit = 10}).size(), 10u);
                    EXPECT_LE(bus.dead_letters().size(), 500u);
                  }
                }});
  EXPECT_EQ(told, 2 * rounds);
  EXPECT_EQ(bus.history({.limit = 10'000}).size(), 1000u);
  EXPECT_EQ(bus.dead_letters().size(), 500u);
}

}  // namespace
}  // namespace annal::test
