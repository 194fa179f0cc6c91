// A handler that throws harms nobody but itself.
#include "engine/bus/events.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace annal::test {
namespace {

EventHandler throwing(std::string what) {
  return [what](const Envelope&) { throw std::runtime_error(what); };
}

TEST(HandlerThatThrows, neither_reaches_the_publisher_nor_those_after_it) {
  Catalogue catalogue;
  Bus bus(catalogue);
  Names notes;
  auto before = bus.subscribe(everything(), notes_in(notes, "before"));
  auto bad = bus.subscribe(everything(), throwing("no room"));
  auto after = bus.subscribe(everything(), notes_in(notes, "after"));
  const auto report = bus.publish(event_of("document.viewed"));
  EXPECT_EQ(notes, (Names{"before:document.viewed", "after:document.viewed"}));
  EXPECT_EQ(report.delivered, 2u);
  EXPECT_EQ(report.failed, 1u);
}

TEST(HandlerThatThrows, is_told_of_the_next_event_again) {
  Catalogue catalogue;
  Bus bus(catalogue);
  auto bad = bus.subscribe(everything(), throwing("no room"));
  bus.publish(event_of("document.viewed"));
  EXPECT_EQ(bus.publish(event_of("document.viewed")).failed, 1u);
}

TEST(HandlerThatThrows, is_kept_with_its_name_its_event_and_what_it_said) {
  Catalogue catalogue;
  Bus bus(catalogue);
  auto bad = bus.subscribe(everything(), throwing("no room"), {.name = "mailer"});
  bus.publish(event_of("document.viewed", "document/orders/9"));
  const auto failures = bus.dead_letters();
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].subscriber, "mailer");
  EXPECT_EQ(failures[0].event.type, "document.viewed");
  EXPECT_EQ(failures[0].event.stream, "document/orders/9");
  EXPECT_EQ(failures[0].what, "no room");
}

TEST(HandlerThatThrows, is_named_by_what_it_subscribed_to_when_it_has_no_name) {
  Catalogue catalogue;
  Bus bus(catalogue);
  auto pattern = bus.subscribe(TopicPattern::of("document.*"), throwing("no room"));
  auto entity = bus.subscribe_entity("document/orders/7", throwing("no room"));
  bus.publish(event_of("document.viewed"));
  ASSERT_EQ(bus.dead_letters().size(), 2u);
  EXPECT_EQ(bus.dead_letters()[0].subscriber, "document/orders/7");
  EXPECT_EQ(bus.dead_letters()[1].subscriber, "document.*");
}

TEST(HandlerThatThrows, may_throw_what_is_no_exception) {
  Catalogue catalogue;
  Bus bus(catalogue);
  auto bad = bus.subscribe(everything(), [](const Envelope&) { throw 42; });
  EXPECT_EQ(bus.publish(event_of("document.viewed")).failed, 1u);
  ASSERT_EQ(bus.dead_letters().size(), 1u);
  EXPECT_EQ(bus.dead_letters()[0].what, "something that is no std::exception was thrown");
}

TEST(HandlerThatThrows, is_kept_newest_first_and_not_for_ever) {
  Catalogue catalogue;
  Bus bus(catalogue, {.dead_letters = 2});
  auto bad = bus.subscribe(everything(), throwing("no room"));
  for (const auto* type : {"a", "b", "c"}) bus.publish(event_of(type));
  const auto failures = bus.dead_letters();
  ASSERT_EQ(failures.size(), 2u);
  EXPECT_EQ(failures[0].event.type, "c");
  EXPECT_EQ(failures[1].event.type, "b");
}

}  // namespace
}  // namespace annal::test
