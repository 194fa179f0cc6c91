// What the bus counts of types, entities and subscribers.
#include "engine/bus/events.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

using std::chrono::seconds;

class Statistics : public ::testing::Test {
 protected:
  Figures of_type(const std::string& type) const { return bus.statistics().types[type]; }
  Figures of_entity(const std::string& stream) const { return bus.statistics().entities[stream]; }
  Figures of_subscriber(const std::string& name) const {
    for (const auto& subscriber : bus.statistics().subscribers)
      if (subscriber.name == name) return subscriber.figures;
    ADD_FAILURE() << "there is no " << name;
    return {};
  }

  Catalogue catalogue;
  ManualClock clock;
  ManualMonotonicClock steady;
  Bus bus{catalogue, {.clock = &clock, .monotonic = &steady}};
};

TEST_F(Statistics, are_all_zero_before_anything_happens) {
  const auto statistics = bus.statistics();
  EXPECT_EQ(statistics.told, 0u);
  EXPECT_EQ(statistics.published, 0u);
  EXPECT_TRUE(statistics.types.empty());
  EXPECT_TRUE(statistics.entities.empty());
  EXPECT_TRUE(statistics.subscribers.empty());
}

TEST_F(Statistics, count_events_told_and_published) {
  bus.dispatch(event_of("a"));
  bus.publish(event_of("a"));
  bus.publish(event_of("b"));
  EXPECT_EQ(bus.statistics().told, 3u);
  EXPECT_EQ(bus.statistics().published, 2u);
}

TEST_F(Statistics, count_by_type_and_by_entity) {
  bus.publish(event_of("a", "plan/1"));
  bus.publish(event_of("a", "plan/2"));
  bus.publish(event_of("b", "plan/1"));
  bus.publish(event_of("b", ""));
  EXPECT_EQ(of_type("a").count, 2u);
  EXPECT_EQ(of_type("b").count, 2u);
  EXPECT_EQ(of_entity("plan/1").count, 2u);
  EXPECT_EQ(of_entity("plan/2").count, 1u);
  EXPECT_EQ(bus.statistics().entities.size(), 2u) << "no stream is no entity";
}

TEST_F(Statistics, count_what_each_subscriber_was_told) {
  const auto all = bus.subscribe(everything(), [](const Envelope&) {}, {.name = "all"});
  const auto plan = bus.subscribe_entity("plan/1", [](const Envelope&) {}, {.name = "plan"});
  const auto done = bus.subscribe(TopicPattern::of("*.done"), [](const Envelope&) {});
  bus.publish(event_of("plan.done", "plan/1"));
  bus.publish(event_of("plan.made", "plan/1"));
  bus.publish(event_of("plan.made", "plan/2"));
  EXPECT_EQ(of_subscriber("all").count, 3u);
  EXPECT_EQ(of_subscriber("plan").count, 2u);
  EXPECT_EQ(of_subscriber("*.done").count, 1u);
  EXPECT_EQ(bus.statistics().subscribers.at(1).interest, "plan/1");
}

TEST_F(Statistics, count_errors_of_type_entity_and_subscriber) {
  const auto good = bus.subscribe(everything(), [](const Envelope&) {}, {.name = "good"});
  const auto bad = bus.subscribe(everything(),
                                 [](const Envelope& event) {
                                   if (event.type == "a") throw Error("no room");
                                 },
                                 {.name = "bad"});
  for (int i = 0; i < 20; ++i) bus.publish(event_of("a", "plan/1"));
  bus.publish(event_of("b", "plan/1"));
  EXPECT_EQ(of_type("a").errors, 20u);
  EXPECT_EQ(of_type("b").errors, 0u);
  EXPECT_EQ(of_entity("plan/1").errors, 20u);
  EXPECT_EQ(of_subscriber("bad").errors, 20u);
  EXPECT_EQ(of_subscriber("bad").count, 21u);
  EXPECT_EQ(of_subscriber("good").errors, 0u);
  EXPECT_EQ(bus.statistics().dead_letters, 20u);
}

TEST_F(Statistics, say_when_something_happened_last) {
  EXPECT_EQ(of_type("a").last, std::nullopt);
  bus.publish(event_of("a", "plan/1"));
  const auto first = clock.now();
  clock.advance(seconds(5));
  bus.publish(event_of("b", "plan/1"));
  EXPECT_EQ(of_type("a").last, first);
  EXPECT_EQ(of_entity("plan/1").last, clock.now());
}

TEST_F(Statistics, have_events_per_minute_over_a_window_that_slides) {
  const auto all = bus.subscribe(everything(), [](const Envelope&) {}, {.name = "all"});
  const auto one = bus.subscribe(QueryItem{.stream = "plan/1", .types = {TopicPattern::of("a")}},
                                 [](const Envelope&) {}, {.name = "choosing"});
  clock.set(Timestamp(seconds(1'800'000'000)));
  for (int i = 0; i < 30; ++i) bus.publish(event_of("a", "plan/1"));
  clock.advance(seconds(30));
  for (int i = 0; i < 12; ++i) bus.publish(event_of("a", "plan/1"));
  const auto expect_all = [&](double per_minute) {
    EXPECT_DOUBLE_EQ(of_type("a").per_minute, per_minute);
    EXPECT_DOUBLE_EQ(of_entity("plan/1").per_minute, per_minute);
    EXPECT_DOUBLE_EQ(of_subscriber("all").per_minute, per_minute);
    EXPECT_DOUBLE_EQ(of_subscriber("choosing").per_minute, per_minute);
  };
  expect_all(42);
  clock.advance(seconds(30));
  expect_all(42);
  clock.advance(std::chrono::milliseconds(500));
  expect_all(12 + 15);
  clock.advance(std::chrono::milliseconds(500));
  expect_all(12);
  clock.advance(seconds(30));
  expect_all(0);
  EXPECT_EQ(of_type("a").count, 42u);
}

TEST_F(Statistics, have_latencies_of_types_entities_and_subscribers) {
  const auto slow = bus.subscribe(
      everything(), [&](const Envelope&) { steady.advance(std::chrono::milliseconds(3)); },
      {.name = "slow"});
  const auto fast = bus.subscribe(
      everything(), [&](const Envelope&) { steady.advance(std::chrono::microseconds(40)); },
      {.name = "fast"});
  for (int i = 0; i < 8; ++i) bus.publish(event_of("a", "plan/1"));
  const auto is_about = [](std::chrono::nanoseconds measured, std::chrono::nanoseconds wanted) {
    return std::chrono::abs(measured - wanted) <= wanted / 5;
  };
  EXPECT_EQ(of_subscriber("slow").latencies.measured, 8u);
  EXPECT_TRUE(is_about(of_subscriber("slow").latencies.p50, std::chrono::milliseconds(3)));
  EXPECT_TRUE(is_about(of_subscriber("fast").latencies.p99, std::chrono::microseconds(40)));
  EXPECT_EQ(of_type("a").latencies.longest, std::chrono::microseconds(3040));
  EXPECT_EQ(of_entity("plan/1").latencies.longest, std::chrono::microseconds(3040));
}

TEST_F(Statistics, measure_a_handler_that_throws_and_none_that_was_not_called) {
  const auto bad = bus.subscribe(everything(),
                                 [&](const Envelope&) {
                                   steady.advance(std::chrono::milliseconds(3));
                                   throw Error("no room");
                                 },
                                 {.name = "bad"});
  const auto choosing =
      bus.subscribe(QueryItem{.stream = "plan/1", .types = {TopicPattern::of("b")}},
                    [](const Envelope&) {}, {.name = "choosing"});
  bus.publish(event_of("a", "plan/1"));
  EXPECT_EQ(of_subscriber("bad").latencies.longest, std::chrono::milliseconds(3));
  EXPECT_EQ(of_subscriber("choosing").latencies.measured, 0u);
  EXPECT_EQ(of_subscriber("choosing").count, 0u);
}

TEST_F(Statistics, survive_subscribers_that_come_and_go) {
  const auto lasting = bus.subscribe(everything(), [](const Envelope&) {}, {.name = "lasting"});
  const auto entity = bus.subscribe_entity("plan/1", [](const Envelope&) {}, {.name = "entity"});
  const auto tagged =
      bus.subscribe(Query::with_tags({"board:b1"}), [](const Envelope&) {}, {.name = "tagged"});
  Envelope event = event_of("a", "plan/1");
  event.tags = {"board:b1"};
  for (int i = 0; i < 50; ++i) {
    const auto passing = bus.subscribe(everything(), [](const Envelope&) {});
    bus.publish(event);
  }
  EXPECT_EQ(of_type("a").count, 50u);
  EXPECT_DOUBLE_EQ(of_type("a").per_minute, 50);
  EXPECT_EQ(of_entity("plan/1").count, 50u);
  for (const auto* name : {"lasting", "entity", "tagged"}) {
    EXPECT_EQ(of_subscriber(name).count, 50u) << name;
    EXPECT_DOUBLE_EQ(of_subscriber(name).per_minute, 50) << name;
  }
}

TEST_F(Statistics, survive_types_and_streams_for_which_there_is_no_room) {
  for (const std::size_t topics : {1, 2, 3, 5}) {
    Bus small(catalogue, {.topics = topics});
    const auto entity = small.subscribe_entity("plan/0", [](const Envelope&) {});
    const auto all = small.subscribe(everything(), [](const Envelope&) {});
    for (int i = 0; i < 60; ++i)
      small.publish(event_of(i % 2 == 0 ? "a" : "b", "plan/" + std::to_string(i % 3)));
    auto statistics = small.statistics();
    EXPECT_EQ(statistics.types["a"].count, 30u) << topics;
    EXPECT_EQ(statistics.types["b"].count, 30u) << topics;
    EXPECT_EQ(statistics.subscribers.at(0).figures.count, 20u) << topics;
    EXPECT_EQ(statistics.subscribers.at(1).figures.count, 60u) << topics;
  }
}

TEST_F(Statistics, are_whole_inside_a_handler_after_somebody_came) {
  std::vector<Connection> added;
  std::uint64_t seen = 0;
  const auto all = bus.subscribe(everything(), [](const Envelope&) {}, {.name = "all"});
  const auto first = bus.subscribe(TopicPattern::of("a"), [&](const Envelope&) {
    added.push_back(bus.subscribe(everything(), [](const Envelope&) {}));
    bus.publish(event_of("b"));
  });
  const auto second = bus.subscribe(TopicPattern::of("b"),
                                    [&](const Envelope&) { seen = of_subscriber("all").count; });
  bus.publish(event_of("a"));
  EXPECT_EQ(seen, 2u);
}

TEST_F(Statistics, forget_the_names_that_were_used_longest_ago) {
  Bus small(catalogue, {.topics = 4, .names = 4});
  for (int i = 0; i < 100; ++i)
    small.publish(event_of("type" + std::to_string(i), "plan/" + std::to_string(i)));
  const auto statistics = small.statistics();
  EXPECT_LE(statistics.types.size(), 8u);
  EXPECT_LE(statistics.entities.size(), 4u);
  EXPECT_EQ(statistics.types.count("type99"), 1u);
  EXPECT_EQ(statistics.entities.count("plan/99"), 1u);
  EXPECT_EQ(statistics.told, 100u);
}

TEST_F(Statistics, place_an_event_that_waited_at_the_time_it_is_told) {
  const auto slow = bus.subscribe(TopicPattern::of("a"), [&](const Envelope&) {
    clock.advance(seconds(7));
    bus.publish(event_of("b"));
  });
  bus.publish(event_of("a"));
  EXPECT_EQ(of_type("b").last, clock.now());
}

}  // namespace
}  // namespace annal::test
