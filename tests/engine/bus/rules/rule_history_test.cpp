// Rules over what a log holds.
#include "annal/bus/rules/rule_history.hpp"

#include "annal/bus/rules/count_rule.hpp"
#include "annal/bus/rules/sequence_rule.hpp"
#include "annal/error.hpp"
#include "annal/memory/memory_log.hpp"
#include "engine/bus/rules/told.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

class History : public ::testing::Test {
 protected:
  void record(std::string type, Timestamp recorded, std::string stream = "coder/1") {
    clock.set(recorded);
    Commit commit;
    commit.events.emplace_back();
    commit.events[0].type = std::move(type);
    commit.events[0].stream = std::move(stream);
    ASSERT_TRUE(std::holds_alternative<Appended>(log->append(std::move(commit))));
  }

  static rules::Count two_failures() {
    return {.name = "failures",
            .of = of_type("failed"),
            .at_least = 2,
            .window = minutes(10),
            .emit = emits("alert")};
  }
  static Rule stuck() {
    return rules::absence({.name = "stuck",
                           .of = of_type("blocked"),
                           .until = of_type("resolved"),
                           .within = minutes(10),
                           .emit = emits("noted")});
  }

  std::vector<Timestamp> times_of(const RuleHistory& history) {
    std::vector<Timestamp> times;
    for (const auto& emission : history.emissions) times.push_back(*emission.event.occurred_at);
    return times;
  }

  ManualClock clock;
  std::unique_ptr<EventLog> log = memory::open({.spaces = {}, .clock = &clock});
};

TEST_F(History, gives_what_a_rule_would_have_emitted) {
  record("failed", minute(0));
  record("weather", minute(1));
  record("failed", minute(2));
  record("failed", minute(3));
  const RuleHistory history = run_over(rules::count(two_failures()), *log);
  EXPECT_EQ(times_of(history), (std::vector{minute(2), minute(3)}));
  EXPECT_EQ(history.emissions[0].event.source, "rule:failures");
  EXPECT_EQ(history.counts.seen, 3u);
  EXPECT_EQ(history.failed, 0u);
}

TEST_F(History, of_a_part_knows_what_was_before_it) {
  record("failed", minute(0));
  record("failed", minute(2));
  record("failed", minute(3));
  const Rule rule = rules::count(two_failures());
  EXPECT_EQ(times_of(run_over(rule, *log, {.from = Position{3}})), (std::vector{minute(3)}));
  EXPECT_EQ(times_of(run_over(rule, *log, {.from = Position{2}, .to = Position{2}})),
            (std::vector{minute(2)}));
  EXPECT_TRUE(run_over(rule, *log, {.to = Position{1}}).emissions.empty());
}

TEST_F(History, of_no_events_is_empty) {
  const Rule rule = rules::count(two_failures());
  EXPECT_TRUE(run_over(rule, *log).emissions.empty());
  record("failed", minute(0));
  EXPECT_TRUE(run_over(rule, *log, {.from = Position{2}}).emissions.empty());
  EXPECT_TRUE(run_over(rule, *log, {.to = Position{0}}).emissions.empty());
}

TEST_F(History, goes_on_to_the_time_of_its_last_event_whatever_that_is) {
  record("blocked", minute(0));
  record("weather", minute(9));
  EXPECT_TRUE(run_over(stuck(), *log).emissions.empty());
  record("weather", minute(11));
  EXPECT_EQ(times_of(run_over(stuck(), *log)), (std::vector{minute(10)}));
  EXPECT_TRUE(run_over(stuck(), *log, {.to = Position{2}}).emissions.empty());
}

TEST_F(History, is_read_a_page_at_a_time) {
  Commit commit;
  for (int i = 0; i < 1000; ++i) {
    commit.events.emplace_back();
    commit.events.back().type = "failed";
    commit.events.back().stream = "coder/1";
  }
  for (int i = 0; i < 3; ++i) log->append(commit);
  const RuleHistory history = run_over(rules::count(two_failures()), *log);
  EXPECT_EQ(history.counts.seen, 3000u);
  EXPECT_EQ(history.emissions.size(), 2999u);
}

TEST_F(History, can_be_told_as_it_is_found) {
  record("failed", minute(0));
  record("failed", minute(2));
  std::size_t told = 0;
  const RuleHistory history =
      run_over(rules::count(two_failures()), *log, {}, [&](const Emission&) { ++told; });
  EXPECT_EQ(told, 1u);
  EXPECT_TRUE(history.emissions.empty());
}

TEST_F(History, tells_what_failed_and_goes_on) {
  auto options = two_failures();
  options.by = [](const Envelope& event) -> std::optional<std::string> {
    if (event.stream == "coder/bad") throw Error("no key");
    return event.stream;
  };
  options.emit = [](const Match& match) -> std::optional<Envelope> {
    if (match.count == 2) throw Error("no paper");
    return match.event;
  };
  record("failed", minute(0));
  record("failed", minute(1), "coder/bad");
  record("failed", minute(2));
  record("failed", minute(3));
  const RuleHistory history = run_over(rules::count(options), *log);
  EXPECT_EQ(history.emissions.size(), 1u);
  EXPECT_EQ(history.failed, 2u);
  ASSERT_EQ(history.failures.size(), 2u);
  EXPECT_EQ(history.failures[0].position, Position{2});
  EXPECT_EQ(history.failures[0].what, "no key");
  EXPECT_EQ(history.failures[1].position, Position{3});
  EXPECT_EQ(history.failures[1].what, "no paper");
}

class Warmed : public History {
 protected:
  // The matches of a run that was shown what was recorded up to a position, and then this time.
  std::size_t matches_at(const Rule& rule, Position through, Timestamp now) {
    const auto run = rule.start();
    warm(*run, rule, *log, through);
    std::vector<Match> matches;
    run->advance(now, matches);
    return matches.size();
  }
};

TEST_F(Warmed, runs_still_wait_for_what_was_waited_for) {
  record("blocked", minute(0));
  record("weather", minute(9));
  EXPECT_EQ(matches_at(stuck(), log->head(), minute(20)), 1u);
}

TEST_F(Warmed, runs_do_not_tell_again_what_was_told) {
  record("blocked", minute(0));
  record("weather", minute(10));
  EXPECT_EQ(matches_at(stuck(), log->head(), minute(20)), 0u);
}

TEST_F(Warmed, runs_know_nothing_beyond_the_position) {
  record("blocked", minute(0));
  record("resolved", minute(1));
  EXPECT_EQ(matches_at(stuck(), Position{1}, minute(20)), 1u);
  EXPECT_EQ(matches_at(stuck(), Position{0}, minute(20)), 0u);
  EXPECT_EQ(matches_at(stuck(), Position{99}, minute(20)), 0u);
}

TEST_F(Warmed, runs_are_shown_no_more_than_their_memory) {
  record("failed", minute(0));
  record("failed", minute(30));
  record("weather", minute(31));
  const Rule rule = rules::count(two_failures());
  const auto run = rule.start();
  warm(*run, rule, *log, log->head());
  EXPECT_EQ(run->counts().seen, 1u);
}

TEST_F(Warmed, runs_bear_what_cannot_be_read) {
  auto options = two_failures();
  options.by = [](const Envelope&) -> std::optional<std::string> { throw Error("no key"); };
  record("failed", minute(0));
  const Rule rule = rules::count(options);
  EXPECT_NO_THROW(warm(*rule.start(), rule, *log, log->head()));
}

}  // namespace
}  // namespace annal::test
