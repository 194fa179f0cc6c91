// Subscribing to what a query means.
#include "engine/bus/events.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

Envelope tagged(Envelope event, Names tags) {
  event.tags = std::move(tags);
  return event;
}

class SubscriptionByQuery : public ::testing::Test {
 protected:
  [[nodiscard]] Connection add(std::string name, Query interest) {
    return bus.subscribe(std::move(interest), notes_in(notes, name), {.name = name});
  }
  std::uint64_t counted(const std::string& name) const {
    for (const auto& subscriber : bus.statistics().subscribers)
      if (subscriber.name == name) return subscriber.figures.count;
    return 0;
  }

  Catalogue catalogue;
  Bus bus{catalogue};
  Names notes;
};

TEST_F(SubscriptionByQuery, is_told_events_with_a_tag) {
  const auto board = add("board", Query::with_tags({"board:b1"}));
  bus.publish(tagged(event_of("a"), {"board:b1", "team:x"}));
  bus.publish(tagged(event_of("b"), {"board:b2"}));
  bus.publish(event_of("c"));
  EXPECT_EQ(notes, (Names{"board:a"}));
}

TEST_F(SubscriptionByQuery, is_told_events_with_all_of_its_tags_only) {
  const auto both = add("both", Query::with_tags({"board:b1", "team:x"}));
  bus.publish(tagged(event_of("a"), {"board:b1"}));
  bus.publish(tagged(event_of("b"), {"team:x", "board:b1"}));
  bus.publish(tagged(event_of("c"), {"team:x"}));
  EXPECT_EQ(notes, (Names{"both:b"}));
}

TEST_F(SubscriptionByQuery, is_told_events_of_its_stream_and_types_only) {
  const auto narrow =
      add("narrow", QueryItem{.stream = "plan/1", .types = {TopicPattern::of("plan.*")}});
  bus.publish(event_of("plan.done", "plan/1"));
  bus.publish(event_of("plan.done", "plan/2"));
  bus.publish(event_of("task.done", "plan/1"));
  EXPECT_EQ(notes, (Names{"narrow:plan.done"}));
}

TEST_F(SubscriptionByQuery, is_told_what_any_of_its_items_means) {
  const auto either = add("either", std::vector{QueryItem{.stream = "plan/1"},
                                                QueryItem{.types = {TopicPattern::of("task.*")}},
                                                QueryItem{.tags = {"board:b1"}}});
  bus.publish(event_of("a", "plan/1"));
  bus.publish(event_of("task.done", "task/1"));
  bus.publish(tagged(event_of("b", "task/1"), {"board:b1"}));
  bus.publish(event_of("c", "task/1"));
  EXPECT_EQ(notes, (Names{"either:a", "either:task.done", "either:b"}));
}

TEST_F(SubscriptionByQuery, without_items_is_told_everything) {
  const auto all = add("all", Query());
  bus.publish(event_of("a", ""));
  bus.publish(event_of("b", "plan/1"));
  EXPECT_EQ(notes, (Names{"all:a", "all:b"}));
}

TEST_F(SubscriptionByQuery, to_which_several_items_lead_is_told_once_and_in_its_place) {
  const auto first = add("1", Query::with_tags({"board:b2"}));
  const auto second =
      add("2", std::vector{QueryItem{.stream = "plan/1"}, QueryItem{.tags = {"board:b1"}},
                           QueryItem{.tags = {"board:b2"}}});
  const auto third = add("3", Query::of_stream("plan/1"));
  const auto report = bus.publish(tagged(event_of("a", "plan/1"), {"board:b1", "board:b2"}));
  EXPECT_EQ(notes, (Names{"1:a", "2:a", "3:a"}));
  EXPECT_EQ(report.delivered, 3u);
}

TEST_F(SubscriptionByQuery, to_which_several_items_lead_is_counted_once) {
  const auto several =
      add("several", std::vector{QueryItem{.stream = "plan/1"}, QueryItem{.tags = {"board:b1"}},
                                 QueryItem{.tags = {"board:b2"}}});
  bus.publish(tagged(event_of("a", "plan/1"), {"board:b1", "board:b2"}));
  EXPECT_EQ(counted("several"), 1u);
}

TEST_F(SubscriptionByQuery, is_told_and_counted_once_where_an_event_carries_its_tag_twice) {
  const auto board = add("board", Query::with_tags({"board:b1"}));
  const auto all = add("all", Query());
  bus.publish(tagged(event_of("a"), {"board:b1", "board:b1"}));
  EXPECT_EQ(notes, (Names{"board:a", "all:a"}));
  EXPECT_EQ(counted("board"), 1u);
}

TEST_F(SubscriptionByQuery, counts_only_what_it_was_told) {
  const auto both = add("both", Query::with_tags({"board:b1", "team:x"}));
  bus.publish(tagged(event_of("a"), {"board:b1"}));
  bus.publish(tagged(event_of("b"), {"team:x", "board:b1"}));
  EXPECT_EQ(counted("both"), 1u);
}

TEST_F(SubscriptionByQuery, is_named_by_its_query_when_it_has_no_name) {
  const auto connection =
      bus.subscribe(Query::with_tags({"board:b1"}), [](const Envelope&) { throw Error("no"); });
  bus.publish(tagged(event_of("a"), {"board:b1"}));
  EXPECT_EQ(bus.dead_letters().at(0).subscriber, "events with board:b1");
}

TEST_F(SubscriptionByQuery, refuses_a_handler_without_a_function) {
  EXPECT_THROW((void)bus.subscribe(Query(), EventHandler{}), InvalidInput);
}

// Random queries and events, with room for a few types, streams and tags only.
TEST_F(SubscriptionByQuery, is_told_exactly_what_matches) {
  std::mt19937_64 random(seed());
  const auto any_of = [&](const char* prefix) { return prefix + std::to_string(random() % 4); };
  Bus small(catalogue, {.topics = 3});
  for (int round = 0; round < 40; ++round) {
    std::vector<Query> queries(1 + random() % 6);
    for (auto& query : queries)
      for (auto items = random() % 3; items > 0; --items) {
        QueryItem item;
        if (random() % 2 == 0) item.stream = any_of("stream/");
        if (random() % 2 == 0) item.types = {TopicPattern::of(any_of("type"))};
        for (auto tags = random() % 3; tags > 0; --tags) item.tags.push_back(any_of("tag:"));
        query.items.push_back(item);
      }
    std::vector<std::size_t> told;
    std::vector<Connection> connections;
    for (std::size_t i = 0; i < queries.size(); ++i)
      connections.push_back(
          small.subscribe(queries[i], [&told, i](const Envelope&) { told.push_back(i); }));
    std::vector<std::uint64_t> counts(queries.size());
    for (int i = 0; i < 50; ++i) {
      Envelope event = event_of(any_of("type"), any_of("stream/"));
      for (auto tags = random() % 4; tags > 0; --tags) event.tags.push_back(any_of("tag:"));
      std::vector<std::size_t> expected;
      for (std::size_t q = 0; q < queries.size(); ++q)
        if (queries[q].matches(event)) {
          expected.push_back(q);
          ++counts[q];
        }
      told.clear();
      small.publish(event);
      ASSERT_EQ(told, expected);
    }
    const auto figures = small.statistics().subscribers;
    ASSERT_EQ(figures.size(), queries.size());
    for (std::size_t q = 0; q < queries.size(); ++q)
      ASSERT_EQ(figures[q].figures.count, counts[q]) << figures[q].interest;
  }
}

}  // namespace
}  // namespace annal::test
