// What every log promises of conditions: commits that happen only if nothing has happened that
// would have changed the decision.
#include "contracts/event_log_contract.hpp"

#include <thread>

namespace annal::test {

namespace {

Envelope tagged(std::string type, std::vector<std::string> tags) {
  Envelope event = event_of("thing/1", std::move(type));
  event.tags = std::move(tags);
  return event;
}

// A commit of an event of a course, unless the query matches beyond the position.
Commit unless(Query query, Position after, Envelope event) {
  Commit commit = commit_of(std::move(event));
  commit.query_conditions = {{std::move(query), after}};
  return commit;
}

Query of_type_with_tag(std::string_view type, std::string tag) {
  return QueryItem{.types = {TopicPattern::of(type)}, .tags = {std::move(tag)}};
}

}  // namespace

TEST_P(EventLogContract, a_query_that_matches_nothing_new_lets_the_commit_happen) {
  append(commit_of(tagged("course.booked", {"course:1"})));
  append(unless(of_type_with_tag("course.booked", "course:1"), Position{1},
                tagged("course.booked", {"course:1"})));
  append(unless(of_type_with_tag("course.booked", "course:2"), Position{0},
                tagged("course.booked", {"course:2"})));
  append(unless(of_type_with_tag("course.closed", "course:1"), Position{0},
                tagged("course.booked", {"course:1"})));
  append(unless(Query::with_tags({"nobody:used"}), Position{0}, event_of("thing/1")));
  append(unless(Query{}, log->head(), event_of("thing/1")));
  EXPECT_EQ(log->head(), Position{6});
}

TEST_P(EventLogContract, a_query_that_matches_something_new_refuses_and_says_where) {
  append(commit_of(tagged("course.booked", {"course:1"}), event_of("thing/2"),
                   tagged("course.booked", {"course:1", "student:9"})));
  const auto conflict = refused<QueryConflict>(
      unless(of_type_with_tag("course.*", "course:1"), Position{0}, event_of("thing/1")));
  EXPECT_EQ(conflict.found, (std::vector<Position>{{1}, {3}}));
  EXPECT_EQ(conflict.after, Position{0});
  EXPECT_EQ(
      Rejected{conflict}.message(),
      "since position 0 there is events of course.* with course:1, which the commit excludes: "
      "at 1, 3; read it again and decide anew");
  EXPECT_EQ(refused<QueryConflict>(unless(Query::with_tags({"course:1", "student:9"}), Position{1},
                                          event_of("thing/1")))
                .found,
            (std::vector<Position>{{3}}));
  EXPECT_EQ(refused<QueryConflict>(unless(Query{}, Position{2}, event_of("thing/1"))).found,
            (std::vector<Position>{{3}}));
  EXPECT_EQ(log->head(), Position{3});
}

TEST_P(EventLogContract, any_item_of_a_condition_and_any_condition_of_a_commit_refuses) {
  append(commit_of(tagged("course.booked", {"course:1"}), event_of("thing/2", "course.moved")));
  const QueryItem harmless{.tags = {"course:7"}}, booked{.types = {TopicPattern::of("*.booked")}},
      second{.stream = "thing/2"};
  const Query either{std::vector{harmless, second, booked}};
  EXPECT_EQ(refused<QueryConflict>(unless(either, Position{0}, event_of("thing/1"))).found,
            (std::vector<Position>{{1}, {2}}));
  Commit two = unless(harmless, Position{0}, event_of("thing/1"));
  two.query_conditions.push_back({booked, Position{0}});
  EXPECT_EQ(refused<QueryConflict>(two).found, (std::vector<Position>{{1}}));
  Commit mixed = unless(harmless, Position{0}, event_of("thing/1"));
  mixed.conditions = {{"thing/2", ExpectedVersion::none()}};
  refused<VersionConflict>(mixed);
}

TEST_P(EventLogContract, a_conflict_names_the_first_sixteen) {
  fill("thing/1", 40);
  const auto conflict = refused<QueryConflict>(
      unless(Query::of_stream("thing/1"), Position{10}, event_of("thing/1")));
  ASSERT_EQ(conflict.found.size(), 16u);
  EXPECT_EQ(conflict.found.front(), Position{11});
  EXPECT_EQ(conflict.found.back(), Position{26});
}

TEST_P(EventLogContract, conditions_look_through_many_events_that_do_not_match) {
  std::vector<Envelope> events;
  for (int i = 0; i < 1500; ++i)
    events.push_back(tagged(i % 2 ? "odd.one" : "even.one", {"all:same"}));
  for (std::size_t at = 0; at < events.size(); at += 500) {
    Commit commit;
    commit.events.assign(events.begin() + static_cast<std::ptrdiff_t>(at),
                         events.begin() + static_cast<std::ptrdiff_t>(at + 500));
    append(commit);
  }
  append(commit_of(tagged("last.one", {"all:same"})));
  const auto last = of_type_with_tag("last.*", "all:same");
  EXPECT_EQ(refused<QueryConflict>(unless(last, Position{0}, event_of("thing/1"))).found,
            (std::vector<Position>{{1501}}));
  append(unless(of_type_with_tag("none.*", "all:same"), Position{0}, event_of("thing/1")));
}

TEST_P(EventLogContract, of_callers_with_one_condition_one_succeeds) {
  const Query query = of_type_with_tag("seat.taken", "seat:12");
  Commit busy;  // so that the callers' commits wait for it and are one group
  for (std::size_t i = 0; i < limits::commit_events; ++i)
    busy.events.push_back(event_of("thing/1"));
  std::vector<std::future<AppendOutcome>> answers;
  auto begun = log->append_async(std::move(busy));
  for (int i = 0; i < 60; ++i)
    answers.push_back(log->append_async(
        unless(query, Position{0}, tagged("seat.taken", {"seat:12", "n:" + std::to_string(i)}))));
  int taken = 0;
  for (auto& answer : answers) taken += std::holds_alternative<Appended>(answer.get()) ? 1 : 0;
  EXPECT_TRUE(std::holds_alternative<Appended>(begun.get()));
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(log->read({.query = query}).events.size(), 1u);
}

TEST_P(EventLogContract,
       the_same_decision_under_one_key_is_recorded_once_though_it_excludes_itself) {
  Commit commit = unless(of_type_with_tag("seat.taken", "seat:12"), Position{0},
                         tagged("seat.taken", {"seat:12"}));
  commit.idempotency_key = "once";
  const Appended first = append(commit);
  const Appended again = append(commit);
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.first, first.first);
  commit.query_conditions[0].after = Position{1};
  refused<IdempotencyMismatch>(commit);
}

TEST_P(EventLogContract, a_condition_beyond_the_limits_is_refused) {
  Commit commit = commit_of(event_of("thing/1"));
  commit.query_conditions.assign(33, {Query::of_stream("thing/1"), Position{0}});
  EXPECT_NE(refused<Malformed>(commit).what.find("33 conditions"), std::string::npos);
  commit.query_conditions.assign(
      1, {Query(std::vector<QueryItem>(33, QueryItem{.stream = "thing/1"})), Position{0}});
  EXPECT_NE(refused<Malformed>(commit).what.find("33 items"), std::string::npos);
}

// --- tracking ------------------------------------------------------------------------------------

Commit tracking(std::string source, std::uint64_t position, Envelope event) {
  Commit commit = commit_of(std::move(event));
  commit.tracking = {std::move(source), Position{position}};
  return commit;
}

TEST_P(EventLogContract, what_was_tracked_is_not_processed_again) {
  EXPECT_EQ(log->tracked("orders"), Position{0});
  append(tracking("orders", 5, event_of("thing/1")));
  append(tracking("orders", 9, event_of("thing/1")));
  append(tracking("payments", 2, event_of("thing/1")));
  for (const std::uint64_t processed : {1, 5, 9}) {
    const auto conflict =
        refused<TrackingConflict>(tracking("orders", processed, event_of("thing/1")));
    EXPECT_EQ(conflict.tracked, Position{9});
    EXPECT_NE(Rejected{conflict}.message().find("up to 9"), std::string::npos);
  }
  EXPECT_EQ(log->tracked("orders"), Position{9});
  EXPECT_EQ(log->tracked("payments"), Position{2});
  EXPECT_EQ(log->head(), Position{3});
}

TEST_P(EventLogContract, what_leads_to_no_event_is_tracked_too) {
  Commit commit;
  commit.tracking = {"orders", Position{3}};
  append(commit);
  EXPECT_EQ(log->tracked("orders"), Position{3});
  EXPECT_EQ(log->head(), Position{0});
}

TEST_P(EventLogContract, of_two_that_process_the_same_event_one_succeeds) {
  std::vector<std::future<AppendOutcome>> answers;
  for (int i = 0; i < 40; ++i)
    answers.push_back(log->append_async(
        tracking("orders", static_cast<std::uint64_t>(i / 2 + 1), event_of("thing/1"))));
  int appended = 0;
  for (auto& answer : answers) appended += std::holds_alternative<Appended>(answer.get()) ? 1 : 0;
  EXPECT_EQ(appended, 20);
  EXPECT_EQ(log->tracked("orders"), Position{20});
}

TEST_P(EventLogContract, tracking_without_a_source_and_the_logs_own_records_are_refused) {
  refused<Malformed>(tracking("", 1, event_of("thing/1")));
  refused<Malformed>(tracking("orders", 0, event_of("thing/1")));
  Commit own = commit_of(event_of("thing/1"));
  own.records.emplace_back();
  own.records[0].space = tracking_space().name;
  own.records[0].key = "orders";
  refused<Malformed>(own);
}

}  // namespace annal::test
