// Events published while another is being dispatched on the same thread.
#include "engine/bus/events.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace annal::test {
namespace {

class PublishingInsideAHandler : public ::testing::Test {
 protected:
  // Publishes `effect` whenever `cause` is told.
  Connection answer(Bus& on, std::string cause, std::string effect) {
    return on.subscribe(TopicPattern::of(cause),
                        [&on, effect](const Envelope&) { on.publish(event_of(effect)); });
  }

  Catalogue catalogue;
  Bus bus{catalogue};
  Names notes;
};

TEST_F(PublishingInsideAHandler, waits_until_everybody_was_told_of_the_event_before) {
  auto first = bus.subscribe(everything(), notes_in(notes, "first"));
  auto answering = answer(bus, "a", "b");
  auto last = bus.subscribe(everything(), notes_in(notes, "last"));
  bus.publish(event_of("a"));
  EXPECT_EQ(notes, (Names{"first:a", "last:a", "first:b", "last:b"}));
}

TEST_F(PublishingInsideAHandler, is_done_when_the_outermost_publish_returns) {
  auto last = bus.subscribe(TopicPattern::of("d"), notes_in(notes, "last"));
  auto one = answer(bus, "a", "b"), two = answer(bus, "b", "c"), three = answer(bus, "c", "d");
  bus.publish(event_of("a"));
  EXPECT_EQ(notes, (Names{"last:d"}));
}

TEST_F(PublishingInsideAHandler, keeps_the_order_of_publishing) {
  auto publishing = bus.subscribe(TopicPattern::of("a"), [&](const Envelope&) {
    bus.publish(event_of("b"));
    bus.publish(event_of("c"));
  });
  auto answering = answer(bus, "b", "d");
  auto all = bus.subscribe(everything(), notes_in(notes, "all"));
  bus.publish(event_of("a"));
  EXPECT_EQ(notes, (Names{"all:a", "all:b", "all:c", "all:d"}));
  EXPECT_EQ(types_of(bus.history()), (Names{"d", "c", "b", "a"}));
}

// Though the thread has its lane in hand already, and takes another for them.
TEST_F(PublishingInsideAHandler, makes_ids_that_rise_from_cause_to_effect) {
  auto publishing = bus.subscribe(TopicPattern::of("a"), [&](const Envelope&) {
    for (int i = 0; i < 20; ++i) bus.publish(event_of("b"));
  });
  auto answering = answer(bus, "b", "c");
  std::vector<Ulid> ids;
  auto all = bus.subscribe(everything(), [&](const Envelope& event) { ids.push_back(event.id); });
  for (int i = 0; i < 5; ++i) bus.publish(event_of("a"));
  EXPECT_EQ(ids.size(), 205u);
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end(), std::greater_equal<>()), ids.end());
}

TEST_F(PublishingInsideAHandler, reports_that_the_event_is_queued) {
  DispatchReport inner;
  auto publishing = bus.subscribe(TopicPattern::of("a"),
                                  [&](const Envelope&) { inner = bus.publish(event_of("b")); });
  auto told = bus.subscribe(TopicPattern::of("b"), notes_in(notes, "told"));
  const auto outer = bus.publish(event_of("a"));
  EXPECT_TRUE(inner.queued);
  EXPECT_EQ(inner.delivered, 0u);
  EXPECT_FALSE(outer.queued);
  EXPECT_EQ(outer.delivered, 1u) << "an outer report counts its own event only";
  EXPECT_EQ(notes, (Names{"told:b"}));
}

TEST_F(PublishingInsideAHandler, passes_middleware_at_once) {
  auto dropping = bus.use("no b", [](Envelope event) -> std::optional<Envelope> {
    if (event.type == "b") return std::nullopt;
    return event;
  });
  DispatchReport inner;
  auto publishing = bus.subscribe(TopicPattern::of("a"),
                                  [&](const Envelope&) { inner = bus.publish(event_of("b")); });
  bus.publish(event_of("a"));
  EXPECT_EQ(inner.dropped_by, "no b");
  EXPECT_FALSE(inner.queued);
}

TEST_F(PublishingInsideAHandler, holds_for_events_that_are_dispatched_there_too) {
  auto dispatching =
      bus.subscribe(TopicPattern::of("a"), [&](const Envelope&) { bus.dispatch(event_of("b")); });
  auto all = bus.subscribe(everything(), notes_in(notes, "all"));
  bus.dispatch(event_of("a"));
  EXPECT_EQ(notes, (Names{"all:a", "all:b"}));
}

TEST_F(PublishingInsideAHandler, keeps_failures_of_what_was_queued) {
  auto answering = answer(bus, "a", "b");
  auto bad = bus.subscribe(TopicPattern::of("b"), [](const Envelope&) { throw Error("no room"); });
  EXPECT_EQ(bus.publish(event_of("a")).failed, 0u);
  ASSERT_EQ(bus.dead_letters().size(), 1u);
  EXPECT_EQ(bus.dead_letters()[0].event.type, "b");
}

TEST_F(PublishingInsideAHandler, is_refused_beyond_a_chain_of_32_events) {
  int told = 0;
  auto endless = bus.subscribe(TopicPattern::of("again"), [&](const Envelope&) {
    ++told;
    bus.publish(event_of("again"));
  });
  bus.publish(event_of("again"));
  EXPECT_EQ(told, 32);
  ASSERT_EQ(bus.dead_letters().size(), 1u);
  EXPECT_NE(bus.dead_letters()[0].what.find("a chain of more than 32 events"), std::string::npos);
}

TEST_F(PublishingInsideAHandler, counts_each_chain_for_itself) {
  int left = 40;
  auto all = bus.subscribe(TopicPattern::of("effect"), notes_in(notes, "all"));
  auto publishing = bus.subscribe(TopicPattern::of("cause"), [&](const Envelope&) {
    for (; left > 0; --left) bus.publish(event_of("effect"));
  });
  bus.publish(event_of("cause"));
  EXPECT_EQ(notes.size(), 40u);
  for (int i = 0; i < 40; ++i) bus.publish(event_of("effect"));
  EXPECT_EQ(notes.size(), 80u);
  EXPECT_EQ(bus.dead_letters().size(), 0u);
}

TEST_F(PublishingInsideAHandler, refuses_recorded_events_beyond_the_same_depth) {
  Bus::Admission last;
  auto endless = bus.subscribe(TopicPattern::of("again"), [&](const Envelope&) {
    last = bus.admit(event_of("document.created"));
    bus.publish(event_of("again"));
  });
  bus.publish(event_of("again"));
  EXPECT_FALSE(last.event);
  EXPECT_EQ(last.by, "bus");
  EXPECT_NE(last.why.find("refused: "), std::string::npos);
}

TEST_F(PublishingInsideAHandler, is_refused_when_too_many_wait) {
  Bus small(catalogue, {.queued_events = 2});
  int published = 0;
  auto publishing = small.subscribe(TopicPattern::of("cause"), [&](const Envelope&) {
    for (; published < 3; ++published) small.publish(event_of("effect"));
  });
  auto all = small.subscribe(TopicPattern::of("effect"), notes_in(notes, "all"));
  EXPECT_EQ(small.publish(event_of("cause")).failed, 1u);
  EXPECT_EQ(published, 2);
  EXPECT_EQ(notes.size(), 2u);
  ASSERT_EQ(small.dead_letters().size(), 1u);
  EXPECT_NE(small.dead_letters()[0].what.find("2 may wait, 2 do already"), std::string::npos)
      << small.dead_letters()[0].what;
}

TEST_F(PublishingInsideAHandler, of_a_batch_is_refused_whole_when_too_many_would_wait) {
  Bus small(catalogue, {.queued_events = 2});
  auto publishing = small.subscribe(TopicPattern::of("cause"), [&](const Envelope&) {
    small.publish_batch({event_of("effect"), event_of("effect"), event_of("effect")});
  });
  auto all = small.subscribe(TopicPattern::of("effect"), notes_in(notes, "all"));
  EXPECT_EQ(small.publish(event_of("cause")).failed, 1u);
  EXPECT_EQ(notes, Names{});
}

TEST_F(PublishingInsideAHandler, on_another_bus_happens_at_once) {
  Bus other(catalogue);
  auto there = other.subscribe(everything(), notes_in(notes, "there"));
  auto crossing = answer(bus, "a", "a2");
  auto across = bus.subscribe(TopicPattern::of("a"), [&](const Envelope&) {
    EXPECT_FALSE(other.publish(event_of("b")).queued);
  });
  auto here = bus.subscribe(everything(), notes_in(notes, "here"));
  bus.publish(event_of("a"));
  EXPECT_EQ(notes, (Names{"there:b", "here:a", "here:a2"}));
}

TEST_F(PublishingInsideAHandler, ends_when_two_buses_answer_each_other) {
  Bus other(catalogue);
  int told = 0;
  auto ping = bus.subscribe(everything(), [&](const Envelope&) {
    ++told;
    other.publish(event_of("pong"));
  });
  auto pong =
      other.subscribe(everything(), [&](const Envelope&) { bus.publish(event_of("ping")); });
  bus.publish(event_of("ping"));
  EXPECT_EQ(told, 32);
  EXPECT_EQ(other.dead_letters().size(), 1u);
}

TEST_F(PublishingInsideAHandler, is_no_different_in_middleware_that_a_handler_caused) {
  auto publishing = bus.use("audit", [&](Envelope event) -> std::optional<Envelope> {
    if (event.type == "b") {
      EXPECT_TRUE(bus.publish(event_of("audited")).queued);
    }
    return event;
  });
  auto answering = answer(bus, "a", "b");
  auto all = bus.subscribe(everything(), notes_in(notes, "all"));
  bus.publish(event_of("a"));
  EXPECT_EQ(notes, (Names{"all:a", "all:audited", "all:b"}));
}

TEST(PublishingInsideMiddleware, tells_before_the_event_that_is_passing) {
  Catalogue catalogue;
  Bus bus(catalogue);
  Names notes;
  auto publishing = bus.use("audit", [&](Envelope event) -> std::optional<Envelope> {
    if (event.type != "audited") bus.publish(event_of("audited"));
    return event;
  });
  auto all = bus.subscribe(everything(), notes_in(notes, "all"));
  bus.publish(event_of("a"));
  EXPECT_EQ(notes, (Names{"all:audited", "all:a"}));
}

TEST(PublishingInsideMiddleware, without_end_is_refused) {
  Catalogue catalogue;
  Bus bus(catalogue);
  Names notes;
  auto endless = bus.use("endless", [&](Envelope event) -> std::optional<Envelope> {
    bus.publish(event_of(event.type));
    return event;
  });
  auto all = bus.subscribe(everything(), notes_in(notes, "all"));
  EXPECT_EQ(bus.publish(event_of("a")).delivered, 1u);
  EXPECT_EQ(notes.size(), 31u) << "the 32nd was spoilt, because the 33rd was refused";
}

}  // namespace
}  // namespace annal::test
