// What becomes of an event that control does not let proceed.
#include "annal/bus/vocabulary.hpp"
#include "engine/bus/events.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

class Veto : public ::testing::Test {
 protected:
  // Says the same of every event.
  [[nodiscard]] Connection rule(std::function<ControlDecision()> decide) {
    return bus.control().add([decide](const Envelope&, ControlContext&) { return decide(); },
                             {.name = "rule"});
  }
  void expect_untold() {
    EXPECT_EQ(notes, Names{});
    EXPECT_EQ(types_of(bus.history()), (Names{"control.decided"}));
    EXPECT_EQ(bus.statistics().told, 1u) << "what the bus tells of the decision";
    EXPECT_EQ(bus.statistics().published, 1u);
  }

  Catalogue catalogue;
  ManualClock clock;
  Bus bus{catalogue, {.clock = &clock}};
  Names notes;
  Connection all = bus.subscribe(everything(), notes_in(notes, "all"));
};

TEST_F(Veto, is_none_when_control_says_proceed) {
  const auto proceeding = rule(ControlDecision::proceed);
  const auto report = bus.publish(event_of("a"));
  EXPECT_TRUE(report.accepted());
  EXPECT_EQ(report.delivered, 1u);
  EXPECT_EQ(report.vetoed_by, std::nullopt);
  EXPECT_EQ(report.why, "");
  EXPECT_EQ(bus.statistics().rejected, 0u);
  EXPECT_EQ(bus.statistics().skipped, 0u);
}

TEST_F(Veto, is_none_where_a_handler_fails_which_is_warned_of) {
  const auto broken = bus.control().add(
      [](const Envelope&, ControlContext&) -> ControlDecision { throw Error("no table"); },
      {.name = "broken"});
  std::string warning;
  const auto warned = bus.subscribe(TopicPattern::of("warning.raised"), [&](const Envelope& event) {
    warning = decode<WarningRaised>(event.data).message;
  });
  EXPECT_TRUE(bus.publish(event_of("a")).accepted());
  EXPECT_EQ(warning, "the control handler \"broken\" failed and was passed over: no table");
}

TEST_F(Veto, by_skip_is_no_fault) {
  const auto skipping = rule([] { return ControlDecision::skip("seen today"); });
  const auto report = bus.publish(event_of("a"));
  EXPECT_FALSE(report.accepted());
  EXPECT_TRUE(report.skipped);
  EXPECT_EQ(report.vetoed_by, "rule");
  EXPECT_EQ(report.dropped_by, std::nullopt);
  EXPECT_EQ(report.why, "skipped: seen today");
  EXPECT_EQ(bus.statistics().skipped, 1u);
  EXPECT_EQ(bus.statistics().rejected, 0u);
  expect_untold();
}

TEST_F(Veto, by_skip_needs_no_reason) {
  const auto skipping = rule([] { return ControlDecision::skip(); });
  EXPECT_EQ(bus.publish(event_of("a")).why, "skipped");
}

TEST_F(Veto, by_fail_says_why) {
  const auto failing = rule([] { return ControlDecision::fail("at night nothing is deleted"); });
  const auto report = bus.publish(event_of("a"));
  EXPECT_FALSE(report.accepted());
  EXPECT_FALSE(report.skipped);
  EXPECT_EQ(report.vetoed_by, "rule");
  EXPECT_EQ(report.why, "rejected: at night nothing is deleted");
  EXPECT_EQ(bus.statistics().rejected, 1u);
  EXPECT_EQ(bus.statistics().skipped, 0u);
  expect_untold();
}

TEST_F(Veto, by_error_is_a_fault_of_control) {
  const auto erring = rule([] { return ControlDecision::error("no table of roles"); });
  const auto report = bus.publish(event_of("a"));
  EXPECT_EQ(report.vetoed_by, "rule");
  EXPECT_EQ(report.why, "control fault: no table of roles");
  EXPECT_EQ(bus.statistics().rejected, 1u);
  expect_untold();
}

TEST_F(Veto, by_a_critical_handler_that_throws_is_a_fault_of_control) {
  const auto bad = bus.control().add(
      [](const Envelope&, ControlContext&) -> ControlDecision { throw Error("no table"); },
      {.name = "bad", .critical = true});
  EXPECT_EQ(bus.publish(event_of("a")).why, "control fault: no table");
  EXPECT_TRUE(bus.admit(event_of("a")).failed);
}

TEST_F(Veto, by_fallback_tells_another_event_in_its_place) {
  const auto falling_back = rule([] { return ControlDecision::fallback(event_of("b")); });
  const auto report = bus.publish(event_of("a"));
  EXPECT_TRUE(report.accepted());
  EXPECT_EQ(report.delivered, 1u);
  EXPECT_EQ(report.replaced_by, "rule");
  EXPECT_EQ(notes, (Names{"all:b"})) << "and control was not asked about it";
  ASSERT_EQ(types_of(bus.history()), (Names{"b", "control.decided"}));
  EXPECT_FALSE(bus.history()[0].id.is_nil());
  EXPECT_EQ(bus.history()[0].occurred_at, clock.now());
}

TEST_F(Veto, by_fallback_to_another_stream_is_a_fault_of_control) {
  const auto straying = rule([] { return ControlDecision::fallback(event_of("b", "plan/1")); });
  EXPECT_EQ(bus.publish(event_of("a")).why,
            "control fault: the event to fall back to is of the stream \"plan/1\", and not of "
            "\"document/orders/7\"");
  EXPECT_EQ(bus.statistics().rejected, 1u);
  expect_untold();
}

TEST_F(Veto, by_fallback_to_what_is_no_topic_is_a_fault_of_control) {
  const auto babbling = rule([] { return ControlDecision::fallback(event_of("no topic")); });
  EXPECT_EQ(bus.publish(event_of("a")).why,
            "control fault: the event to fall back to is of the type \"no topic\", which is no "
            "topic");
  expect_untold();
}

TEST_F(Veto, keeps_an_event_from_being_recorded) {
  const auto failing = rule([] { return ControlDecision::fail("closed"); });
  const auto admission = bus.admit(event_of("a"));
  EXPECT_FALSE(admission.event);
  EXPECT_EQ(admission.by, "rule");
  EXPECT_EQ(admission.why, "rejected: closed");
  EXPECT_TRUE(admission.by_control);
  EXPECT_FALSE(admission.failed);
  EXPECT_FALSE(admission.skipped);
  EXPECT_EQ(bus.statistics().published, 0u);
  EXPECT_EQ(bus.statistics().rejected, 0u) << "whoever would record it counts it";
}

TEST_F(Veto, of_what_is_to_be_recorded_may_be_a_skip_or_a_fault) {
  auto rules = rule([] { return ControlDecision::skip("seen"); });
  EXPECT_TRUE(bus.admit(event_of("a")).skipped);
  EXPECT_EQ(bus.admit(event_of("a")).why, "skipped: seen");
  rules = rule([] { return ControlDecision::error("broken"); });
  EXPECT_TRUE(bus.admit(event_of("a")).failed);
  EXPECT_EQ(bus.admit(event_of("a")).why, "control fault: broken");
  rules = rule([] { return ControlDecision::proceed(); });
  EXPECT_TRUE(bus.admit(event_of("a")).event);
  EXPECT_FALSE(bus.admit(event_of("a")).by_control);
}

TEST_F(Veto, by_fallback_may_put_only_an_event_of_the_type_on_record) {
  auto falling_back = rule([] {
    auto instead = event_of("a");
    instead.data = "redacted";
    return ControlDecision::fallback(instead);
  });
  const auto same = bus.admit(event_of("a"));
  ASSERT_TRUE(same.event);
  EXPECT_EQ(same.event->data, "redacted");
  falling_back = rule([] { return ControlDecision::fallback(event_of("b")); });
  const auto other = bus.admit(event_of("a"));
  EXPECT_FALSE(other.event);
  EXPECT_EQ(other.by, "rule");
  EXPECT_TRUE(other.failed);
  EXPECT_EQ(other.why,
            "control fault: the event to fall back to is of the type \"b\", and not of \"a\"");
}

TEST_F(Veto, is_asked_for_after_middleware) {
  Names seen;
  const auto stamping = bus.use("stamp", [](Envelope event) -> std::optional<Envelope> {
    event.tags.push_back("seen:1");
    return event;
  });
  const auto looking = bus.control().add(
      [&](const Envelope& event, ControlContext&) {
        seen = event.tags;
        return ControlDecision::proceed();
      },
      {.name = "look", .interest = Query::with_tags({"seen:1"})});
  bus.publish(event_of("a"));
  EXPECT_EQ(seen, (Names{"seen:1"}));
}

TEST_F(Veto, is_not_asked_for_what_middleware_dropped) {
  bool asked = false;
  const auto dropping = bus.use("drop", [](Envelope) { return std::nullopt; });
  const auto proceeding = rule([&] {
    asked = true;
    return ControlDecision::proceed();
  });
  EXPECT_EQ(bus.publish(event_of("a")).dropped_by, "drop");
  EXPECT_FALSE(asked);
  EXPECT_EQ(bus.statistics().dropped, 1u);
  EXPECT_EQ(bus.statistics().rejected, 0u);
}

TEST_F(Veto, is_not_asked_for_what_is_on_record) {
  const auto failing = rule([] { return ControlDecision::fail("closed"); });
  EXPECT_EQ(bus.dispatch(event_of("a")).delivered, 1u);
}

TEST_F(Veto, lets_a_handler_of_control_publish_before_the_event) {
  const auto auditing = bus.control().add(
      [&](const Envelope&, ControlContext&) {
        EXPECT_EQ(bus.publish(event_of("audited")).delivered, 1u);
        return ControlDecision::proceed();
      },
      {.name = "audit", .interest = Query::of_types({TopicPattern::of("a")})});
  bus.publish(event_of("a"));
  EXPECT_EQ(notes, (Names{"all:audited", "all:a"}));
}

}  // namespace
}  // namespace annal::test
