// Transient events that come twice are known by their ids.
#include "engine/bus/events.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

Ulid id_of(std::uint8_t number) {
  Ulid id;
  id.bytes.fill(number);
  return id;
}

Envelope identified(std::string type, std::uint8_t number) {
  Envelope event = event_of(std::move(type));
  event.id = id_of(number);
  return event;
}

class Duplicates : public ::testing::Test {
 protected:
  std::uint64_t duplicates() const { return bus.statistics().duplicates; }

  Catalogue catalogue;
  ManualClock clock;
  SeededRandomness randomness;
  Bus bus{catalogue, {.known_ids = 4, .clock = &clock, .randomness = &randomness}};
  Names notes;
  Envelope last;
  Connection all = bus.subscribe(everything(), [this](const Envelope& event) {
    last = event;
    notes.push_back(event.type);
  });
};

TEST_F(Duplicates, are_told_once) {
  EXPECT_TRUE(bus.publish(identified("a", 1)).accepted());
  const auto report = bus.publish(identified("a", 1));
  EXPECT_TRUE(report.duplicate);
  EXPECT_FALSE(report.accepted());
  EXPECT_EQ(report.delivered, 0u);
  EXPECT_EQ(report.why, "an event of this id was published before");
  EXPECT_EQ(notes, (Names{"a"}));
  EXPECT_EQ(bus.history().size(), 1u);
  EXPECT_EQ(duplicates(), 1u);
  EXPECT_EQ(bus.statistics().published, 2u);
}

TEST_F(Duplicates, are_known_among_the_newest_only) {
  for (std::uint8_t number = 1; number <= 5; ++number) bus.publish(identified("a", number));
  notes.clear();
  EXPECT_TRUE(bus.publish(identified("a", 2)).duplicate) << "one of the newest four";
  EXPECT_TRUE(bus.publish(identified("a", 1)).accepted()) << "made room for the fifth";
  EXPECT_EQ(notes, (Names{"a"}));
}

TEST_F(Duplicates, are_not_looked_for_where_no_id_is_kept) {
  Bus forgetful(catalogue, {.known_ids = 0});
  EXPECT_TRUE(forgetful.publish(identified("a", 1)).accepted());
  EXPECT_TRUE(forgetful.publish(identified("a", 1)).accepted());
}

TEST_F(Duplicates, are_known_by_ids_that_the_bus_made_too) {
  bus.publish(event_of("a"));
  EXPECT_TRUE(bus.publish(last).duplicate);
  EXPECT_EQ(notes, (Names{"a"}));
}

TEST_F(Duplicates, inside_the_handler_of_the_first_are_known_already) {
  bool duplicate = false;
  const auto echoing = bus.subscribe(TopicPattern::of("a"), [&](const Envelope& event) {
    duplicate = bus.publish(event).duplicate;
  });
  bus.publish(event_of("a"));
  EXPECT_TRUE(duplicate);
}

TEST_F(Duplicates, among_recorded_events_are_told) {
  bus.dispatch(identified("a", 1));
  bus.dispatch(identified("a", 1));
  EXPECT_TRUE(bus.publish(identified("a", 1)).accepted());
  EXPECT_EQ(notes.size(), 3u);
}

TEST_F(Duplicates, of_an_event_that_was_vetoed_are_none) {
  auto rule = bus.control().add(
      [](const Envelope&, ControlContext&) { return ControlDecision::fail("closed"); },
      {.name = "closed"});
  EXPECT_EQ(bus.publish(identified("a", 1)).vetoed_by, "closed");
  rule.disconnect();
  EXPECT_TRUE(bus.publish(identified("a", 1)).accepted());
}

TEST_F(Duplicates, of_an_event_that_middleware_dropped_are_none) {
  auto dropping = bus.use("drop", [](Envelope) { return std::nullopt; });
  EXPECT_EQ(bus.publish(identified("a", 1)).dropped_by, "drop");
  dropping.disconnect();
  EXPECT_TRUE(bus.publish(identified("a", 1)).accepted());
}

TEST_F(Duplicates, pass_neither_middleware_nor_control) {
  int asked = 0;
  const auto counting = bus.use("count", [&](Envelope event) {
    ++asked;
    return std::optional(event);
  });
  bus.publish(identified("a", 1));
  EXPECT_TRUE(bus.publish(identified("a", 1)).duplicate);
  EXPECT_EQ(asked, 1);
}

TEST_F(Duplicates, are_known_by_the_id_they_came_with_where_another_took_their_place) {
  const auto replacing =
      bus.use("replace", [](Envelope event) { return std::optional(event_of(event.type)); });
  EXPECT_TRUE(bus.publish(identified("a", 1)).accepted());
  EXPECT_TRUE(bus.publish(identified("a", 1)).duplicate);
  EXPECT_NE(last.id, id_of(1));
  EXPECT_FALSE(last.id.is_nil());
}

TEST_F(Duplicates, of_what_took_the_place_of_another_are_known) {
  auto replacing =
      bus.use("replace", [](Envelope event) { return std::optional(event_of(event.type)); });
  bus.publish(identified("a", 1));
  replacing.disconnect();
  EXPECT_TRUE(bus.publish(last).duplicate);
}

TEST_F(Duplicates, of_an_event_that_took_the_place_of_several_are_told_once) {
  const auto rule = bus.control().add(
      [](const Envelope&, ControlContext&) {
        return ControlDecision::fallback(identified("b", 9));
      },
      {.name = "rule"});
  EXPECT_TRUE(bus.publish(event_of("a")).accepted());
  EXPECT_TRUE(bus.publish(event_of("a")).duplicate);
  EXPECT_EQ(notes, (Names{"control.decided", "b", "control.decided"}));
}

TEST_F(Duplicates, of_an_event_for_which_there_was_no_room_are_none) {
  Bus small(catalogue, {.queued_events = 1});
  Names told;
  const auto noting = small.subscribe(TopicPattern::of("effect"), notes_in(told, "told"));
  const auto crowding = small.subscribe(TopicPattern::of("cause"), [&](const Envelope&) {
    small.publish(event_of("effect"));
    EXPECT_THROW(small.publish(identified("effect", 1)), PublishRefused);
  });
  small.publish(event_of("cause"));
  const auto statistics = small.statistics();
  EXPECT_EQ(statistics.published, statistics.told) << "what is refused is not counted";
  EXPECT_TRUE(small.publish(identified("effect", 1)).accepted());
  EXPECT_EQ(told.size(), 2u);
}

}  // namespace
}  // namespace annal::test
