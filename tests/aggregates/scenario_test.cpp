// The words tests are written in, on an aggregate of their own.
#include "annal/aggregate/scenario.hpp"

#include "counter.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace annal::test {
namespace {

std::string failure_of(const std::function<void()>& expectation) {
  try {
    expectation();
  } catch (const ScenarioFailed& failure) {
    return failure.what();
  }
  return "no failure";
}

TEST(Scenario, passes_what_comes_out_as_told) {
  const auto outcome = given<Counter>(Counter::Added{3}).when(Counter::Add{4});
  EXPECT_NO_THROW(outcome.then(Counter::Added{4}));
  EXPECT_NO_THROW(
      outcome.then_state("the total is 7", [](auto& state) { return state.total == 7; }));
  EXPECT_NO_THROW(given<Counter>().when(Counter::Add{0}).then());
  EXPECT_NO_THROW(given<Counter>().when(Counter::Add{-1}).then_rejected(Counter::Negative{-1}));
  EXPECT_NO_THROW(given<Counter>().when(Counter::Add{-1}).then_rejected_as<Counter::Negative>());
}

TEST(Scenario, shows_both_sides_when_other_events_come_out) {
  EXPECT_EQ(failure_of([] { given<Counter>().when(Counter::Add{4}).then(Counter::Added{5}); }),
            "expected\n  Added {\"amount\":5}\nbut got\n  Added {\"amount\":4}");
  EXPECT_EQ(failure_of([] { given<Counter>().when(Counter::Add{4}).then(); }),
            "expected\n  nothing\nbut got\n  Added {\"amount\":4}");
}

TEST(Scenario, shows_a_refusal_that_was_not_told) {
  EXPECT_EQ(failure_of([] { given<Counter>().when(Counter::Add{-4}).then(Counter::Added{-4}); }),
            "expected\n  Added {\"amount\":-4}\nbut got\n  refused: Negative");
}

TEST(Scenario, fails_where_a_refusal_was_told_and_another_or_none_came) {
  EXPECT_NE(
      failure_of([] { given<Counter>().when(Counter::Add{1}).then_rejected(Counter::Negative{}); }),
      "no failure");
  EXPECT_NE(failure_of([] {
              given<Counter>().when(Counter::Add{-1}).then_rejected(Counter::Negative{-2});
            }),
            "no failure");
  EXPECT_NE(failure_of([] {
              given<Counter>().when(Counter::Add{1}).then_rejected_as<Counter::Negative>();
            }),
            "no failure");
}

TEST(Scenario, names_the_condition_a_state_does_not_meet) {
  const auto why = failure_of([] {
    given<Counter>().when(Counter::Add{1}).then_state("the total is 2", [](auto& state) {
      return state.total == 2;
    });
  });
  EXPECT_NE(why.find("a state in which the total is 2"), std::string::npos) << why;
}

TEST(Scenario, gives_each_event_its_version_and_a_second_of_its_own) {
  const auto state = given<Counter>(Counter::Added{1}, Counter::Added{1}).state();
  EXPECT_EQ(state.last_version, 2u);
  EXPECT_EQ(state.last_time, "2026-01-01T00:00:02Z");
}

}  // namespace
}  // namespace annal::test
