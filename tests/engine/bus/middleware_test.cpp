// What an event passes through before it is recorded or dispatched.
#include "engine/bus/events.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace annal::test {
namespace {

Middleware stamping(std::string tag) {
  return [tag](Envelope event) -> std::optional<Envelope> {
    event.tags.push_back(tag);
    return event;
  };
}

class MiddlewareTest : public ::testing::Test {
 protected:
  Catalogue catalogue;
  ManualClock clock;
  Bus bus{catalogue, {.clock = &clock}};
};

TEST_F(MiddlewareTest, lets_an_event_through_as_it_is_when_there_is_none) {
  const auto admission = bus.admit(event_of("document.created"));
  ASSERT_TRUE(admission.event);
  EXPECT_EQ(admission.event->type, "document.created");
  EXPECT_EQ(admission.why, "");
}

TEST_F(MiddlewareTest, enriches_in_the_order_it_was_added) {
  auto first = bus.use("first", stamping("seen:1"));
  auto second = bus.use("second", stamping("seen:2"));
  const auto admission = bus.admit(event_of("document.created"));
  ASSERT_TRUE(admission.event);
  EXPECT_EQ(admission.event->tags, (Names{"seen:1", "seen:2"}));
  EXPECT_EQ(admission.by, "");
}

TEST_F(MiddlewareTest, is_passed_by_admitting_without_telling_anybody) {
  Names notes;
  auto connection = bus.subscribe(everything(), notes_in(notes, "ann"));
  EXPECT_TRUE(bus.admit(event_of("document.created")).event);
  EXPECT_EQ(notes, Names{});
  EXPECT_EQ(bus.history().size(), 0u);
}

TEST_F(MiddlewareTest, is_not_asked_about_recorded_events) {
  auto dropping = bus.use("drop", [](Envelope) { return std::nullopt; });
  Names notes;
  auto connection = bus.subscribe(everything(), notes_in(notes, "ann"));
  bus.dispatch(event_of("document.created"));
  EXPECT_EQ(notes, (Names{"ann:document.created"}));
}

TEST_F(MiddlewareTest, drops_an_event_and_is_named_for_it) {
  bool asked = false;
  auto dropping = bus.use("quiet hours", [](Envelope) { return std::nullopt; });
  auto later = bus.use("later", [&](Envelope event) -> std::optional<Envelope> {
    asked = true;
    return event;
  });
  const auto admission = bus.admit(event_of("document.created"));
  EXPECT_FALSE(admission.event);
  EXPECT_EQ(admission.by, "quiet hours");
  EXPECT_EQ(admission.why, "dropped");
  EXPECT_FALSE(asked);
}

TEST_F(MiddlewareTest, that_drops_a_published_event_keeps_it_from_everybody) {
  Names notes;
  auto connection = bus.subscribe(everything(), notes_in(notes, "ann"));
  auto dropping = bus.use("quiet hours", [](Envelope) { return std::nullopt; });
  const auto report = bus.publish(event_of("document.viewed"));
  EXPECT_EQ(report.dropped_by, "quiet hours");
  EXPECT_EQ(report.why, "dropped");
  EXPECT_EQ(report.delivered, 0u);
  EXPECT_EQ(notes, Names{});
}

TEST_F(MiddlewareTest, that_throws_refuses_the_event) {
  auto failing = bus.use("checker", [](Envelope) -> std::optional<Envelope> {
    throw std::runtime_error("no dictionary");
  });
  const auto admission = bus.admit(event_of("document.created"));
  EXPECT_FALSE(admission.event);
  EXPECT_EQ(admission.by, "checker");
  EXPECT_EQ(admission.why, "failed: no dictionary");
}

TEST_F(MiddlewareTest, may_not_change_the_type) {
  auto changing = bus.use("rename", [](Envelope event) -> std::optional<Envelope> {
    event.type = "document.deleted";
    return event;
  });
  const auto admission = bus.admit(event_of("document.created"));
  EXPECT_FALSE(admission.event);
  EXPECT_EQ(admission.by, "rename");
  EXPECT_EQ(admission.why, "changed the type from \"document.created\" to \"document.deleted\"");
}

TEST_F(MiddlewareTest, may_not_change_the_stream) {
  auto changing = bus.use("move", [](Envelope event) -> std::optional<Envelope> {
    event.stream = "document/orders/8";
    return event;
  });
  const auto admission = bus.admit(event_of("document.created", "document/orders/7"));
  EXPECT_FALSE(admission.event);
  EXPECT_EQ(admission.why,
            "changed the stream from \"document/orders/7\" to \"document/orders/8\"");
}

TEST_F(MiddlewareTest, may_put_another_event_of_the_type_in_its_place) {
  Envelope told;
  auto connection = bus.subscribe(everything(), [&](const Envelope& event) { told = event; });
  auto replacing = bus.use("redact", [](Envelope event) -> std::optional<Envelope> {
    auto other = event_of(event.type, event.stream);
    other.data = "redacted";
    return other;
  });
  bus.publish(event_of("document.viewed"));
  EXPECT_EQ(told.data, "redacted");
  EXPECT_FALSE(told.id.is_nil());
  EXPECT_EQ(told.occurred_at, clock.now());
}

TEST_F(MiddlewareTest, sees_the_id_and_the_time_of_a_published_event) {
  Ulid seen;
  auto looking = bus.use("look", [&](Envelope event) -> std::optional<Envelope> {
    seen = event.id;
    return event;
  });
  bus.publish(event_of("document.viewed"));
  EXPECT_FALSE(seen.is_nil());
  EXPECT_EQ(bus.history()[0].id, seen);
}

TEST_F(MiddlewareTest, is_gone_when_its_connection_is) {
  {
    auto dropping = bus.use("drop", [](Envelope) { return std::nullopt; });
    EXPECT_FALSE(bus.admit(event_of("document.created")).event);
  }
  EXPECT_TRUE(bus.admit(event_of("document.created")).event);
}

TEST_F(MiddlewareTest, that_is_cut_while_an_event_passes_is_not_asked_any_more) {
  Connection second;
  bool asked = false;
  auto first = bus.use("first", [&](Envelope event) -> std::optional<Envelope> {
    second.disconnect();
    return event;
  });
  second = bus.use("second", [&](Envelope event) -> std::optional<Envelope> {
    asked = true;
    return event;
  });
  EXPECT_TRUE(bus.admit(event_of("document.created")).event);
  EXPECT_FALSE(asked);
}

TEST_F(MiddlewareTest, connection_may_outlive_the_bus) {
  Connection connection;
  {
    Bus brief(catalogue);
    connection = brief.use("drop", [](Envelope) { return std::nullopt; });
  }
  connection.disconnect();
  EXPECT_FALSE(connection.connected());
}

TEST_F(MiddlewareTest, must_hold_a_function) {
  EXPECT_THROW((void)bus.use("empty", Middleware{}), InvalidInput);
}

}  // namespace
}  // namespace annal::test
