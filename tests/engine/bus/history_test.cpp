// What the bus remembers of what it dispatched.
#include "engine/bus/events.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

class History : public ::testing::Test {
 protected:
  Catalogue catalogue;
  Bus bus{catalogue};
};

TEST_F(History, holds_recorded_and_transient_events_newest_first) {
  bus.dispatch(event_of("document.created"));
  bus.publish(event_of("document.viewed"));
  bus.dispatch(event_of("document.deleted"));
  EXPECT_EQ(types_of(bus.history()),
            (Names{"document.deleted", "document.viewed", "document.created"}));
}

TEST_F(History, is_asked_by_type_source_and_stream) {
  bus.dispatch(event_of("document.created", "document/orders/7", "importer"));
  bus.dispatch(event_of("document.deleted", "document/orders/8", "importer"));
  bus.dispatch(event_of("plan.done", "plan/1", "planner"));
  EXPECT_EQ(types_of(bus.history({.type = TopicPattern::of("document.*")})),
            (Names{"document.deleted", "document.created"}));
  EXPECT_EQ(types_of(bus.history({.source = "planner"})), (Names{"plan.done"}));
  EXPECT_EQ(types_of(bus.history({.stream = "document/orders/7"})), (Names{"document.created"}));
  EXPECT_EQ(types_of(bus.history({.type = TopicPattern::of("document.*"), .source = "planner"})),
            Names{});
}

TEST_F(History, gives_at_most_as_many_as_asked_for_counting_only_those_wanted) {
  for (const auto* type : {"a", "b", "a", "b", "a"}) bus.dispatch(event_of(type));
  EXPECT_EQ(types_of(bus.history({.limit = 2})), (Names{"a", "b"}));
  EXPECT_EQ(types_of(bus.history({.type = TopicPattern::of("b"), .limit = 2})), (Names{"b", "b"}));
  EXPECT_EQ(types_of(bus.history({.limit = 0})), Names{});
}

TEST_F(History, forgets_the_oldest) {
  Bus small(catalogue, {.history_events = 2});
  for (const auto* type : {"a", "b", "c"}) small.dispatch(event_of(type));
  EXPECT_EQ(types_of(small.history()), (Names{"c", "b"}));
}

TEST_F(History, forgets_the_oldest_of_large_events_sooner) {
  Bus small(catalogue, {.kept_bytes = 100'000});
  for (const auto* type : {"a", "b", "c"}) {
    auto event = event_of(type);
    event.data.assign(30'000, 'x');
    event.metadata = {{"note", std::string(10'000, 'y')}};
    event.tags = {"tag:" + std::string(200, 'z')};
    small.dispatch(event);
  }
  EXPECT_EQ(types_of(small.history()), (Names{"c", "b"}));
}

TEST_F(History, keeps_the_newest_event_however_large) {
  Bus small(catalogue, {.kept_bytes = 1000});
  small.dispatch(event_of("small"));
  auto large = event_of("large");
  large.data.assign(100'000, 'x');
  small.dispatch(large);
  EXPECT_EQ(types_of(small.history()), (Names{"large"}));
}

TEST_F(History, may_be_none_at_all) {
  Bus forgetful(catalogue, {.history_events = 0});
  forgetful.dispatch(event_of("document.created"));
  EXPECT_EQ(forgetful.history().size(), 0u);
}

TEST_F(History, holds_an_event_already_while_it_is_told) {
  std::size_t seen = 0;
  auto connection =
      bus.subscribe(everything(), [&](const Envelope&) { seen = bus.history().size(); });
  bus.dispatch(event_of("document.created"));
  EXPECT_EQ(seen, 1u);
}

TEST_F(History, is_asked_by_when_things_happened) {
  const auto at = [](int second) { return Timestamp(std::chrono::seconds(second)); };
  for (int second = 1; second <= 4; ++second) {
    auto event = event_of("at" + std::to_string(second));
    if (second == 3)
      event.recorded_at = at(3);  // where nobody said when it occurred
    else
      event.occurred_at = at(second);
    bus.dispatch(event);
  }
  EXPECT_EQ(types_of(bus.history({.since = at(2)})), (Names{"at4", "at3", "at2"}));
  EXPECT_EQ(types_of(bus.history({.until = at(3)})), (Names{"at2", "at1"}));
  EXPECT_EQ(types_of(bus.history({.since = at(2), .until = at(4)})), (Names{"at3", "at2"}));
  EXPECT_EQ(types_of(bus.history({.since = at(3), .until = at(3)})), Names{});
}

// The clock stands still: only the order in which they were told tells them apart.
TEST_F(History, is_in_order_where_handlers_publish) {
  ManualClock clock;
  Bus still(catalogue, {.clock = &clock});
  const auto publishing = still.subscribe(
      TopicPattern::of("cause"), [&](const Envelope&) { still.publish(event_of("effect")); });
  for (const auto* type : {"cause", "later", "cause", "last"}) still.publish(event_of(type));
  EXPECT_EQ(types_of(still.history()),
            (Names{"last", "effect", "cause", "later", "effect", "cause"}));
}

TEST_F(History, leaves_out_what_middleware_dropped) {
  auto dropping = bus.use("drop", [](Envelope) { return std::nullopt; });
  bus.publish(event_of("document.viewed"));
  EXPECT_EQ(bus.history().size(), 0u);
}

}  // namespace
}  // namespace annal::test
