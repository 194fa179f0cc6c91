// What all rules have in common: what they emit, their clock, what they forget, what they refuse.
#include "annal/bus/rules/anomaly_rule.hpp"
#include "annal/bus/rules/count_rule.hpp"
#include "annal/bus/rules/rule.hpp"
#include "annal/bus/rules/sequence_rule.hpp"
#include "annal/bus/rules/threshold_rule.hpp"
#include "annal/error.hpp"
#include "annal/log/commit.hpp"
#include "engine/bus/rules/told.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace annal::test {
namespace {

rules::Count two_failures() {
  return {.name = "failures",
          .of = of_type("failed"),
          .at_least = 2,
          .window = minutes(10),
          .emit = emits("alert")};
}

class Emitted : public ::testing::Test {
 protected:
  Emission emitted(Rule rule) {
    Told told(std::move(rule));
    told.see("failed", minute(0));
    Envelope second = told.event("failed", minute(5), minute(7));
    second.correlation_id = "run-7";
    told.see(second);
    return *emission(told.rule, told.last());
  }
};

TEST_F(Emitted, events_are_completed_from_the_match) {
  const Envelope event = emitted(rules::count(two_failures())).event;
  EXPECT_EQ(event.type, "alert");
  EXPECT_EQ(event.stream, "coder/1");
  EXPECT_EQ(event.occurred_at, minute(5));
  EXPECT_EQ(event.source, "rule:failures");
  EXPECT_EQ(event.causation_id, id_of(2).to_string());
  EXPECT_EQ(event.correlation_id, "run-7");
  EXPECT_EQ(event.meta("caused_by"), id_of(1).to_string() + ' ' + id_of(2).to_string());
}

TEST_F(Emitted, events_keep_what_the_rule_says_itself) {
  auto options = two_failures();
  options.emit = [](const Match&) {
    Envelope event;
    event.type = "alert";
    event.stream = "alerts/all";
    event.source = "desk";
    event.causation_id = "a";
    event.correlation_id = "b";
    event.occurred_at = minute(1);
    event.metadata = {{"caused_by", "me"}};
    return std::optional(event);
  };
  const Envelope event = emitted(rules::count(options)).event;
  EXPECT_EQ(event.stream, "alerts/all");
  EXPECT_EQ(event.source, "desk");
  EXPECT_EQ(event.causation_id, "a");
  EXPECT_EQ(event.correlation_id, "b");
  EXPECT_EQ(event.occurred_at, minute(1));
  EXPECT_EQ(event.metadata, (Metadata{{"caused_by", "me"}}));
}

TEST_F(Emitted, nothing_is_where_the_rule_wants_nothing) {
  auto options = two_failures();
  options.emit = [](const Match&) { return std::optional<Envelope>(); };
  EXPECT_EQ(emission(rules::count(options), Match{}), std::nullopt);
}

TEST_F(Emitted, events_have_a_key_that_a_commit_takes) {
  auto options = two_failures();
  options.name = std::string(64, 'n');
  const std::string key = emitted(rules::count(options)).idempotency_key;
  EXPECT_EQ(key.size(), 118u);
  EXPECT_LE(key.size(), limits::idempotency_key_bytes);
  EXPECT_TRUE(std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; }));
}

TEST_F(Emitted, keys_are_the_same_for_the_same_match_alone) {
  const Rule rule = rules::count(two_failures());
  EXPECT_EQ(emitted(rule).idempotency_key, emitted(rule).idempotency_key);
  Told told(rule);
  std::vector<std::string> keys;
  for (int i = 0; i < 300; ++i) {
    told.see("failed", at(seconds(i / 3)));
    if (i > 0) keys.push_back(emission(rule, told.last())->idempotency_key);
  }
  Match match = told.last();
  match.key = "coder/2";
  keys.push_back(emission(rule, match)->idempotency_key);
  match.at += microseconds(1);
  keys.push_back(emission(rule, match)->idempotency_key);
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(std::unique(keys.begin(), keys.end()), keys.end());
}

TEST_F(Emitted, events_do_not_concern_the_rule_that_emitted_them) {
  auto options = two_failures();
  options.of = of_type("*");
  Told told(rules::count(options));
  told.see("failed", minute(0));
  Envelope own = told.event("alert", minute(1));
  own.source = "rule:failures";
  EXPECT_EQ(told.see(own), 0u);
  EXPECT_EQ(told.see("failed", minute(2)), 1u);
}

TEST(RuleRun, of_one_rule_knows_nothing_of_another_run) {
  const Rule rule = rules::count(two_failures());
  Told one(rule), other(rule);
  one.see("failed", minute(0));
  EXPECT_EQ(other.see("failed", minute(1)), 0u);
  EXPECT_EQ(one.see("failed", minute(1)), 1u);
}

TEST(RuleRun, outlives_its_rule) {
  auto rule = std::make_unique<Rule>(rules::count(two_failures()));
  const auto run = rule->start();
  rule.reset();
  Told told(rules::count(two_failures()));
  std::vector<Match> matches;
  run->see(told.event("failed", minute(0)), matches);
  run->see(told.event("failed", minute(1)), matches);
  EXPECT_EQ(matches.size(), 1u);
}

TEST(RuleRun, looks_at_recorded_and_at_transient_events) {
  Told told(rules::count(two_failures()));
  Envelope transient = told.event("failed", minute(3));
  transient.position = {};
  transient.recorded_at = {};
  told.see(transient);
  ASSERT_EQ(told.see("failed", minute(4)), 1u);
  EXPECT_EQ(told.last().from, minute(3));
}

TEST(RuleRun, takes_an_event_from_the_future_for_one_of_the_time_it_was_recorded) {
  Told told(rules::count(two_failures()));
  told.see("failed", at(hours(24 * 365)), minute(0));
  ASSERT_EQ(told.see("failed", minute(1)), 1u);
  EXPECT_EQ(told.last().from, minute(0));
}

TEST(RuleRun, takes_the_time_of_recording_where_no_other_is_said) {
  Told told(rules::count(two_failures()));
  Envelope silent = told.event("failed", minute(2));
  silent.occurred_at.reset();
  told.see(silent);
  ASSERT_EQ(told.see("failed", minute(3)), 1u);
  EXPECT_EQ(told.last().from, minute(2));
}

TEST(RuleRun, bears_times_at_either_end_of_the_scale) {
  Told told(rules::count(two_failures()));
  EXPECT_EQ(told.see("failed", Timestamp::min(), minute(0)), 0u);
  EXPECT_EQ(told.see("failed", Timestamp::max(), minute(0)), 0u);
  EXPECT_EQ(told.run->counts().late, 1u);
  told.advance(Timestamp::max());
  told.advance(Timestamp::min());
  EXPECT_EQ(told.see("failed", minute(1)), 0u);
  EXPECT_EQ(told.run->counts().late, 2u);
}

TEST(RuleRun, does_not_go_back_in_time) {
  Told told(rules::count(two_failures()));
  told.see("failed", minute(20));
  told.advance(minute(1));
  EXPECT_EQ(told.see("failed", minute(0)), 0u);
  EXPECT_EQ(told.run->counts().late, 1u);
}

TEST(RuleRun, forgets_keys_of_which_it_remembers_nothing) {
  Told told(rules::count(two_failures()));
  for (int i = 0; i < 100; ++i) told.see("failed", minute(0), {}, "coder/" + std::to_string(i));
  EXPECT_EQ(told.run->counts().keys, 100u);
  told.advance(minute(20));
  EXPECT_EQ(told.run->counts().keys, 0u);
  EXPECT_EQ(told.run->counts().forgotten_keys, 0u);
}

TEST(RuleRun, forgets_the_least_recently_used_key_when_there_are_too_many) {
  auto options = two_failures();
  options.keys = 2;
  Told told(rules::count(options));
  told.see("failed", minute(0), {}, "a");
  told.see("failed", minute(0), {}, "b");
  told.see("failed", minute(1), {}, "a");
  told.see("failed", minute(1), {}, "c");
  EXPECT_EQ(told.run->counts().forgotten_keys, 1u);
  EXPECT_EQ(told.run->counts().keys, 2u);
  EXPECT_EQ(told.see("failed", minute(2), {}, "a"), 1u) << "used after b";
  EXPECT_EQ(told.see("failed", minute(2), {}, "b"), 0u) << "forgotten";
}

TEST(RuleRun, waits_no_more_for_keys_it_has_forgotten) {
  Told told(rules::absence({.name = "stuck",
                            .of = of_type("blocked"),
                            .until = of_type("resolved"),
                            .within = minutes(10),
                            .keys = 1,
                            .emit = emits("noted")}));
  told.see("blocked", minute(0), {}, "a");
  told.see("blocked", minute(1), {}, "b");
  EXPECT_EQ(told.run->due(), minute(11));
  EXPECT_EQ(told.advance(minute(60)), 1u);
}

TEST(RuleRun, leaves_an_event_out_whose_key_cannot_be_read) {
  auto options = two_failures();
  bool broken = true;
  options.by = [&](const Envelope& event) -> std::optional<std::string> {
    if (broken) throw Error("no key");
    return event.stream;
  };
  Told told(rules::count(options));
  const Envelope first = told.event("failed", minute(0));
  EXPECT_THROW(told.see(first), Error);
  broken = false;
  EXPECT_EQ(told.see("failed", minute(1)), 0u);
  EXPECT_EQ(told.see(first), 1u) << "shown again, it is looked at again";
}

TEST(RuleRun, gives_what_was_due_also_when_the_event_cannot_be_read) {
  Told told(rules::absence({.name = "stuck",
                            .of = of_type("blocked"),
                            .until = of_type("resolved"),
                            .by = [](const Envelope& event) -> std::optional<std::string> {
                              if (event.type == "resolved") throw Error("no key");
                              return event.stream;
                            },
                            .within = minutes(10),
                            .emit = emits("noted")}));
  told.see("blocked", minute(0));
  EXPECT_THROW(told.see("resolved", minute(11)), Error);
  EXPECT_EQ(told.matches.size(), 1u);
}

TEST(RuleRun, leaves_out_events_without_a_key) {
  auto options = two_failures();
  options.by = rules::by_tag("agent");
  Told told(rules::count(options));
  Envelope tagged = told.event("failed", minute(0));
  tagged.tags = {"board:b", "agent:a1"};
  told.see(tagged);
  EXPECT_EQ(told.see("failed", minute(1)), 0u);
  Envelope second = told.event("failed", minute(2));
  second.tags = {"agent:a1"};
  ASSERT_EQ(told.see(second), 1u);
  EXPECT_EQ(told.last().key, "a1");
}

TEST(RuleRun, refuses_a_key_without_bounds) {
  Told told(rules::count(two_failures()));
  EXPECT_THROW(told.see("failed", minute(0), {}, std::string(1025, 's')), InvalidInput);
  EXPECT_EQ(told.run->counts().keys, 0u);
}

TEST(RuleRun, groups_everything_together_if_asked) {
  auto options = two_failures();
  options.by = rules::all_together();
  Told told(rules::count(options));
  told.see("failed", minute(0), {}, "a");
  EXPECT_EQ(told.see("failed", minute(1), {}, "b"), 1u);
}

template <class Function>
std::string refusal_of(Function function) {
  try {
    function();
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "taken";
}

TEST(RuleOptions, that_cannot_work_are_refused_by_name_value_and_remedy) {
  EXPECT_EQ(refusal_of([] {
              auto options = two_failures();
              options.at_least = 0;
              (void)rules::count(options);
            }),
            "the rule failures cannot have at_least = 0: give it 1–9999");
  EXPECT_EQ(refusal_of([] {
              auto options = two_failures();
              options.window = minutes(0);
              (void)rules::count(options);
            }),
            "the rule failures cannot have window = 0 µs: give it 1 µs to 3653 days");
  EXPECT_EQ(refusal_of([] {
              auto options = two_failures();
              options.name = "";
              (void)rules::count(options);
            }),
            "a rule cannot have the name \"\": give it one of 1–64 visible ASCII characters, no @");
}

TEST(RuleOptions, of_a_count_are_checked_each) {
  const std::vector<std::function<void(rules::Count&)>> spoilt = {
      [](auto& options) { options.name = std::string(65, 'n'); },
      [](auto& options) { options.name = "a b"; },
      [](auto& options) { options.name = "a@b"; },
      [](auto& options) { options.of = {}; },
      [](auto& options) { options.by = {}; },
      [](auto& options) { options.emit = {}; },
      [](auto& options) { options.at_least = 10'000; },
      [](auto& options) { options.window = hours(24 * 3654); },
      [](auto& options) { options.lateness = microseconds(-1); },
      [](auto& options) { options.events_per_key = 10'001; },
      [](auto& options) { options.keys = 0; }};
  for (std::size_t i = 0; i < spoilt.size(); ++i) {
    auto options = two_failures();
    spoilt[i](options);
    EXPECT_THROW((void)rules::count(options), InvalidInput) << i;
  }
}

TEST(RuleOptions, of_the_other_kinds_are_checked_too) {
  const Query some = of_type("a");
  const auto number = [](const Envelope&) { return std::optional(1.0); };
  const auto emit = emits("b");
  EXPECT_THROW((void)rules::rate({.name = "r", .of = some, .window = minutes(1), .emit = emit}),
               InvalidInput);
  EXPECT_THROW((void)rules::rate(
                   {.name = "r", .of = some, .at_least = 1e9, .window = minutes(1), .emit = emit}),
               InvalidInput);
  EXPECT_THROW(
      (void)rules::sequence({.name = "r", .first = some, .within = minutes(1), .emit = emit}),
      InvalidInput);
  EXPECT_THROW((void)rules::completion({.name = "r", .end = some, .emit = emit}), InvalidInput);
  EXPECT_THROW((void)rules::absence({.name = "r", .of = some, .until = some, .emit = emit}),
               InvalidInput);
  EXPECT_THROW((void)rules::threshold({.name = "r", .of = some, .number = number, .emit = emit}),
               InvalidInput);
  EXPECT_THROW(
      (void)rules::threshold(
          {.name = "r", .of = some, .number = number, .limit = rules::outside(2, 1), .emit = emit}),
      InvalidInput);
  EXPECT_THROW((void)rules::value_anomaly({.name = "r", .of = some, .emit = emit}), InvalidInput);
  EXPECT_THROW((void)rules::value_anomaly(
                   {.name = "r", .of = some, .number = number, .deviations = 0, .emit = emit}),
               InvalidInput);
  EXPECT_THROW((void)rules::rate_anomaly(
                   {.name = "r", .of = some, .samples = 5, .least_samples = 6, .emit = emit}),
               InvalidInput);
  EXPECT_THROW(
      (void)rules::rate_anomaly(
          {.name = "r", .of = some, .bucket = seconds(1), .lateness = hours(1), .emit = emit}),
      InvalidInput);
}

}  // namespace
}  // namespace annal::test
