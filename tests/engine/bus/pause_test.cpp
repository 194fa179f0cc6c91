// Connections that are paused for a while.
#include "engine/bus/events.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

class Paused : public ::testing::Test {
 protected:
  Catalogue catalogue;
  ManualClock clock;
  Bus bus{catalogue, {.clock = &clock}};
  Names notes;
};

TEST_F(Paused, subscriber_is_told_nothing_and_nothing_is_made_up_for) {
  auto ann = bus.subscribe(everything(), notes_in(notes, "ann"));
  const auto bob = bus.subscribe(everything(), notes_in(notes, "bob"));
  ann.pause();
  EXPECT_EQ(bus.publish(event_of("a")).delivered, 1u);
  ann.resume();
  bus.publish(event_of("b"));
  EXPECT_EQ(notes, (Names{"bob:a", "ann:b", "bob:b"}));
}

TEST_F(Paused, subscriber_is_told_no_more_of_the_event_at_which_he_was_paused) {
  Connection victim;
  const auto pausing = bus.subscribe(everything(), [&](const Envelope&) { victim.pause(); });
  victim = bus.subscribe_entity("document/orders/7", notes_in(notes, "victim"));
  bus.publish(event_of("a"));
  EXPECT_EQ(notes, Names{});
}

TEST_F(Paused, subscriber_is_there_and_shown_as_paused) {
  auto ann = bus.subscribe(everything(), notes_in(notes, "ann"), {.name = "ann"});
  ann.pause();
  EXPECT_EQ(bus.subscriber_count(), 1u);
  EXPECT_TRUE(bus.statistics().subscribers.at(0).paused);
  ann.resume();
  EXPECT_FALSE(bus.statistics().subscribers.at(0).paused);
}

TEST_F(Paused, subscriber_is_not_counted_as_told) {
  auto plain = bus.subscribe(everything(), [](const Envelope&) {});
  auto choosing =
      bus.subscribe(QueryItem{.stream = "document/orders/7", .types = {TopicPattern::of("a")}},
                    [](const Envelope&) {});
  bus.publish(event_of("a"));
  plain.pause();
  choosing.pause();
  bus.publish(event_of("a"));
  bus.publish(event_of("a"));
  plain.resume();
  choosing.resume();
  bus.publish(event_of("a"));
  for (const auto& subscriber : bus.statistics().subscribers) {
    EXPECT_EQ(subscriber.figures.count, 2u) << subscriber.interest;
    EXPECT_EQ(subscriber.figures.per_minute, 2.0) << subscriber.interest;
    EXPECT_EQ(subscriber.figures.latencies.measured, 2u) << subscriber.interest;
  }
}

TEST_F(Paused, middleware_lets_events_pass) {
  auto dropping = bus.use("drop", [](Envelope) { return std::nullopt; });
  dropping.pause();
  EXPECT_TRUE(bus.publish(event_of("a")).accepted());
  dropping.resume();
  EXPECT_EQ(bus.publish(event_of("a")).dropped_by, "drop");
}

TEST_F(Paused, connection_may_be_cut) {
  auto ann = bus.subscribe(everything(), notes_in(notes, "ann"));
  ann.pause();
  ann.disconnect();
  ann.resume();
  EXPECT_EQ(bus.publish(event_of("a")).delivered, 0u);
  EXPECT_EQ(bus.subscriber_count(), 0u);
}

TEST_F(Paused, connection_may_be_of_a_bus_that_is_gone) {
  auto brief = std::make_unique<Bus>(catalogue);
  auto subscriber = brief->subscribe(everything(), notes_in(notes, "ann"));
  auto middleware = brief->use("pass", [](Envelope event) { return std::optional(event); });
  auto control = brief->control().add(
      [](const Envelope&, ControlContext&) { return ControlDecision::proceed(); }, {.name = "c"});
  brief.reset();
  for (auto* connection : {&subscriber, &middleware, &control}) {
    connection->pause();
    connection->resume();
    connection->disconnect_and_wait();
    EXPECT_FALSE(connection->connected());
  }
}

TEST_F(Paused, connection_that_holds_nothing_may_be_told_anything) {
  Connection none;
  none.pause();
  none.resume();
  none.disconnect_and_wait();
  EXPECT_FALSE(none.connected());
}

TEST_F(Paused, middleware_may_hold_its_own_connection_when_the_bus_ends) {
  auto itself = std::make_shared<Connection>();
  const std::weak_ptr<Connection> watched = itself;
  auto brief = std::make_unique<Bus>(catalogue);
  *itself = brief->use("itself", [itself](Envelope event) { return std::optional(event); });
  itself.reset();
  brief.reset();
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace annal::test
