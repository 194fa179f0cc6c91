// How long a subscription lasts, and what may be done to it inside handlers.
#include "engine/bus/events.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

class ConnectionTest : public ::testing::Test {
 protected:
  Catalogue catalogue;
  std::unique_ptr<Bus> bus = std::make_unique<Bus>(catalogue);
  Names notes;
};

TEST_F(ConnectionTest, ends_the_subscription_when_it_is_destroyed) {
  {
    auto connection = bus->subscribe(everything(), notes_in(notes, "ann"));
    EXPECT_EQ(bus->subscriber_count(), 1u);
  }
  bus->publish(event_of("a"));
  EXPECT_EQ(notes, Names{});
  EXPECT_EQ(bus->subscriber_count(), 0u);
}

TEST_F(ConnectionTest, ends_an_entity_subscription_and_leaves_its_neighbour) {
  auto stays = bus->subscribe_entity("document/orders/7", notes_in(notes, "stays"));
  auto goes = bus->subscribe_entity("document/orders/7", notes_in(notes, "goes"));
  auto alone = bus->subscribe_entity("document/orders/8", notes_in(notes, "alone"));
  bus->publish(event_of("a"));
  goes.disconnect();
  alone.disconnect();
  notes.clear();
  bus->publish(event_of("b"));
  bus->publish(event_of("b", "document/orders/8"));
  EXPECT_EQ(notes, (Names{"stays:b"}));
  EXPECT_EQ(bus->subscriber_count(), 1u);
}

TEST_F(ConnectionTest, may_be_disconnected_twice) {
  auto connection = bus->subscribe(everything(), notes_in(notes, "ann"));
  EXPECT_TRUE(connection.connected());
  connection.disconnect();
  connection.disconnect();
  EXPECT_FALSE(connection.connected());
}

TEST_F(ConnectionTest, takes_the_subscription_along_when_it_is_moved) {
  auto connection = bus->subscribe(everything(), notes_in(notes, "ann"));
  Connection other = std::move(connection);
  bus->publish(event_of("a"));
  EXPECT_EQ(notes, (Names{"ann:a"}));
  EXPECT_TRUE(other.connected());
}

TEST_F(ConnectionTest, ends_the_subscription_it_held_when_another_is_assigned) {
  auto connection = bus->subscribe(everything(), notes_in(notes, "old"));
  connection = bus->subscribe(everything(), notes_in(notes, "new"));
  Connection& itself = connection;
  connection = std::move(itself);
  bus->publish(event_of("a"));
  EXPECT_EQ(notes, (Names{"new:a"}));
}

TEST_F(ConnectionTest, leaves_the_subscription_in_place_when_released) {
  {
    auto connection = bus->subscribe(everything(), notes_in(notes, "ann"));
    connection.release();
    EXPECT_FALSE(connection.connected());
  }
  bus->publish(event_of("a"));
  EXPECT_EQ(notes, (Names{"ann:a"}));
}

TEST_F(ConnectionTest, may_outlive_the_bus) {
  auto connection = bus->subscribe(everything(), notes_in(notes, "ann"));
  auto entity = bus->subscribe_entity("document/orders/7", notes_in(notes, "ann"));
  bus.reset();
  connection.disconnect();
  EXPECT_FALSE(connection.connected());
}

TEST_F(ConnectionTest, lets_go_of_the_handler_when_cut) {
  auto held = std::make_shared<int>(1);
  auto pattern = bus->subscribe(everything(), [held](const Envelope&) {});
  auto entity = bus->subscribe_entity("document/orders/7", [held](const Envelope&) {});
  bus->publish(event_of("a"));
  EXPECT_EQ(held.use_count(), 3);
  pattern.disconnect();
  EXPECT_EQ(held.use_count(), 2);
  entity.disconnect();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(ConnectionTest, lets_go_of_the_handler_when_the_bus_ends) {
  auto held = std::make_shared<int>(1);
  bus->subscribe(everything(), [held](const Envelope&) {}).release();
  bus->publish(event_of("a"));
  bus.reset();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(ConnectionTest, may_be_cut_by_its_own_handler_which_finishes) {
  Connection connection;
  auto held = std::make_shared<int>(7);
  int seen = 0;
  connection = bus->subscribe(everything(), [&, held](const Envelope&) {
    connection.disconnect();
    seen += *held;
  });
  held.reset();
  bus->publish(event_of("a"));
  bus->publish(event_of("b"));
  EXPECT_EQ(seen, 7);
  EXPECT_EQ(bus->subscriber_count(), 0u);
}

TEST_F(ConnectionTest, cut_by_a_handler_told_before_is_not_told_of_the_same_event) {
  Connection victim, entity_victim;
  auto cutting = bus->subscribe(everything(), [&](const Envelope&) {
    victim.disconnect();
    entity_victim.disconnect();
  });
  victim = bus->subscribe(everything(), notes_in(notes, "victim"));
  entity_victim = bus->subscribe_entity("document/orders/7", notes_in(notes, "victim"));
  EXPECT_EQ(bus->publish(event_of("a")).delivered, 1u);
  EXPECT_EQ(notes, Names{});
}

TEST_F(ConnectionTest, made_inside_a_handler_is_told_from_the_next_event_on) {
  std::vector<Connection> added;
  auto adding = bus->subscribe(TopicPattern::of("a"), [&](const Envelope&) {
    added.push_back(bus->subscribe(everything(), notes_in(notes, "new")));
    added.push_back(bus->subscribe_entity("document/orders/7", notes_in(notes, "entity")));
  });
  bus->publish(event_of("a"));
  EXPECT_EQ(notes, Names{});
  bus->publish(event_of("b"));
  EXPECT_EQ(notes, (Names{"new:b", "entity:b"}));
}

TEST_F(ConnectionTest, made_inside_a_handler_is_told_of_events_queued_there) {
  std::vector<Connection> added;
  auto adding = bus->subscribe(TopicPattern::of("a"), [&](const Envelope&) {
    bus->publish(event_of("b"));
    added.push_back(bus->subscribe(everything(), notes_in(notes, "new")));
  });
  bus->publish(event_of("a"));
  EXPECT_EQ(notes, (Names{"new:b"}));
}

// A handler's captures may hold connections of the same bus: cutting one cuts the others, from
// inside the bus.
TEST_F(ConnectionTest, may_be_held_by_another_handler) {
  auto inner = std::make_shared<Connection>(bus->subscribe(everything(), notes_in(notes, "inner")));
  auto outer = bus->subscribe_entity("document/orders/7", [inner](const Envelope&) {});
  auto third = bus->subscribe(everything(), [](const Envelope&) {});
  inner.reset();
  EXPECT_EQ(bus->subscriber_count(), 3u);
  outer.disconnect();
  EXPECT_EQ(bus->subscriber_count(), 1u);
}

TEST_F(ConnectionTest, may_be_held_by_a_handler_when_the_bus_ends) {
  auto inner = std::make_shared<Connection>(bus->subscribe(everything(), notes_in(notes, "inner")));
  bus->subscribe(everything(), [inner](const Envelope&) {}).release();
  auto itself = std::make_shared<Connection>();
  *itself = bus->subscribe(everything(), [itself](const Envelope&) {});
  const std::weak_ptr<Connection> watched = itself;
  itself.reset();
  inner.reset();
  bus.reset();
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace annal::test
