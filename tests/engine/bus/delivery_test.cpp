// Who is told of an event, in which order, and what the report says.
#include "engine/bus/events.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

class Delivery : public ::testing::Test {
 protected:
  Catalogue catalogue;
  ManualClock clock;
  SeededRandomness randomness;
  Bus bus{catalogue, {.clock = &clock, .randomness = &randomness}};
  Names notes;
};

TEST_F(Delivery, reaches_those_whose_pattern_matches) {
  auto exact = bus.subscribe(TopicPattern::of("document.updated"), notes_in(notes, "exact"));
  auto segment = bus.subscribe(TopicPattern::of("document.*"), notes_in(notes, "segment"));
  auto rest = bus.subscribe(TopicPattern::of("plan.>"), notes_in(notes, "rest"));
  bus.dispatch(event_of("document.updated"));
  bus.dispatch(event_of("document.deleted"));
  bus.dispatch(event_of("plan.step.done"));
  EXPECT_EQ(notes, (Names{"exact:document.updated", "segment:document.updated",
                          "segment:document.deleted", "rest:plan.step.done"}));
}

TEST_F(Delivery, reaches_those_who_subscribed_to_its_stream) {
  auto seven = bus.subscribe_entity("document/orders/7", notes_in(notes, "seven"));
  auto eight = bus.subscribe_entity("document/orders/8", notes_in(notes, "eight"));
  bus.dispatch(event_of("document.updated", "document/orders/7"));
  bus.dispatch(event_of("document.deleted", "document/orders/8"));
  bus.dispatch(event_of("document.deleted", "document/orders/9"));
  EXPECT_EQ(notes, (Names{"seven:document.updated", "eight:document.deleted"}));
}

TEST_F(Delivery, is_in_the_order_of_subscription_whatever_was_subscribed_to) {
  auto first = bus.subscribe(everything(), notes_in(notes, "1"));
  auto second = bus.subscribe_entity("document/orders/7", notes_in(notes, "2"));
  auto third = bus.subscribe(TopicPattern::of("document.*"), notes_in(notes, "3"));
  auto fourth = bus.subscribe_entity("document/orders/7", notes_in(notes, "4"));
  auto fifth = bus.subscribe(TopicPattern::of("document.updated"), notes_in(notes, "5"));
  bus.dispatch(event_of("document.updated"));
  EXPECT_EQ(notes, (Names{"1:document.updated", "2:document.updated", "3:document.updated",
                          "4:document.updated", "5:document.updated"}));
}

TEST_F(Delivery, reports_who_took_the_event) {
  auto first = bus.subscribe(everything(), [](const Envelope&) {});
  auto second = bus.subscribe(everything(), [](const Envelope&) {});
  const auto report = bus.dispatch(event_of("document.updated"));
  EXPECT_EQ(report.delivered, 2u);
  EXPECT_EQ(report.failed, 0u);
  EXPECT_FALSE(report.queued);
  EXPECT_EQ(report.dropped_by, std::nullopt);
}

TEST_F(Delivery, of_an_event_nobody_wants_tells_nobody) {
  auto other = bus.subscribe(TopicPattern::of("plan.done"), notes_in(notes, "other"));
  EXPECT_EQ(bus.dispatch(event_of("document.updated")).delivered, 0u);
  EXPECT_EQ(notes, Names{});
}

TEST_F(Delivery, includes_subscribers_who_came_after_the_topic_was_first_seen) {
  auto first = bus.subscribe(everything(), notes_in(notes, "first"));
  bus.dispatch(event_of("document.updated"));
  auto late = bus.subscribe(TopicPattern::of("document.*"), notes_in(notes, "late"));
  auto late_entity = bus.subscribe_entity("document/orders/7", notes_in(notes, "entity"));
  notes.clear();
  bus.dispatch(event_of("document.updated"));
  EXPECT_EQ(notes,
            (Names{"first:document.updated", "late:document.updated", "entity:document.updated"}));
}

TEST_F(Delivery, of_a_type_can_be_asked_about_before_there_is_an_event) {
  EXPECT_FALSE(bus.has_subscriber("document.updated"));
  auto connection = bus.subscribe(TopicPattern::of("document.*"), notes_in(notes, "told"));
  auto entity = bus.subscribe_entity("plan/1", notes_in(notes, "entity"));
  EXPECT_TRUE(bus.has_subscriber("document.updated"));
  EXPECT_FALSE(bus.has_subscriber("plan.done"));
  connection.disconnect();
  EXPECT_FALSE(bus.has_subscriber("document.updated"));
}

TEST_F(Delivery, hands_over_the_event_as_it_was_dispatched) {
  Envelope told;
  auto connection = bus.subscribe(everything(), [&](const Envelope& event) { told = event; });
  auto event = event_of("document.updated");
  event.position = {7};
  event.version = {2};
  event.data = std::string("\0\1\2", 3);
  event.metadata = {{"editor", "ann"}};
  event.tags = {"commit:1f3a"};
  bus.dispatch(event);
  EXPECT_EQ(told.position, Position{7});
  EXPECT_EQ(told.version, Version{2});
  EXPECT_EQ(told.data, event.data);
  EXPECT_EQ(told.metadata, event.metadata);
  EXPECT_TRUE(told.id.is_nil());
  EXPECT_EQ(told.occurred_at, std::nullopt);
}

TEST_F(Delivery, of_a_published_event_fills_in_its_id_and_when_it_occurred) {
  std::vector<Envelope> told;
  auto connection =
      bus.subscribe(everything(), [&](const Envelope& event) { told.push_back(event); });
  bus.publish(event_of("document.viewed"));
  bus.publish(event_of("document.viewed"));
  ASSERT_EQ(told.size(), 2u);
  EXPECT_LT(told[0].id, told[1].id);
  EXPECT_FALSE(told[0].id.is_nil());
  EXPECT_EQ(told[0].occurred_at, clock.now());
  EXPECT_EQ(told[0].position, Position{0});
}

TEST_F(Delivery, of_a_published_event_keeps_the_id_and_time_it_came_with) {
  Envelope told;
  auto connection = bus.subscribe(everything(), [&](const Envelope& event) { told = event; });
  auto event = event_of("document.viewed");
  event.id = *Ulid::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  event.occurred_at = clock.now() - std::chrono::hours(1);
  bus.publish(event);
  EXPECT_EQ(told.id, event.id);
  EXPECT_EQ(told.occurred_at, event.occurred_at);
}

TEST_F(Delivery, uses_the_machines_clock_and_randomness_unless_told_otherwise) {
  Bus plain(catalogue);
  Envelope told;
  auto connection = plain.subscribe(everything(), [&](const Envelope& event) { told = event; });
  plain.publish(event_of("document.viewed"));
  EXPECT_FALSE(told.id.is_nil());
  EXPECT_TRUE(told.occurred_at.has_value());
}

TEST_F(Delivery, refuses_to_publish_what_is_no_topic) {
  EXPECT_THROW(bus.publish(event_of("document..updated")), InvalidInput);
  EXPECT_THROW(bus.publish(event_of("")), InvalidInput);
  EXPECT_EQ(bus.history().size(), 0u);
}

TEST_F(Delivery, refuses_subscriptions_that_could_never_be_told) {
  EXPECT_THROW((void)bus.subscribe(everything(), EventHandler{}), InvalidInput);
  EXPECT_THROW((void)bus.subscribe_entity("document/orders/7", EventHandler{}), InvalidInput);
  EXPECT_THROW((void)bus.subscribe_entity("", [](const Envelope&) {}), InvalidInput);
  EXPECT_EQ(bus.subscriber_count(), 0u);
}

}  // namespace
}  // namespace annal::test
