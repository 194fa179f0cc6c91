// An event that control wants to be asked about again, later. Nobody sleeps here: waiting moves the
// clock.
#include "annal/bus/gate.hpp"
#include "engine/bus/events.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

class Retry : public ::testing::Test {
 protected:
  BusOptions options() {
    BusOptions asked;
    asked.monotonic = &steady;
    asked.sleep = [this](nanoseconds duration) {
      slept.push_back(std::chrono::duration_cast<milliseconds>(duration));
      steady.advance(duration);
    };
    return asked;
  }
  // Retries so many times, and proceeds.
  ControlHandler busy(int times, milliseconds delay = milliseconds(20)) {
    return [this, times, delay](const Envelope&, ControlContext& context) {
      attempts.push_back(context.attempt);
      elapsed.push_back(std::chrono::duration_cast<milliseconds>(context.elapsed));
      if (static_cast<int>(context.attempt) > times) return ControlDecision::proceed();
      return ControlDecision::retry(delay, "the line is busy");
    };
  }
  ControlHandler keeping_values() {
    return [this](const Envelope&, ControlContext& context) {
      context.values["asked"] += 'x';
      values.push_back(context.values["asked"]);
      return ControlDecision::proceed();
    };
  }

  ManualMonotonicClock steady;
  Catalogue catalogue;
  std::vector<milliseconds> slept, elapsed;
  std::vector<unsigned> attempts;
  Names values;
};

TEST_F(Retry, asks_everybody_again_after_the_delay) {
  Bus bus(catalogue, options());
  const auto before = bus.control().add(keeping_values(), {.name = "before", .priority = 1});
  const auto rule = bus.control().add(busy(2), {.name = "busy", .priority = 2});
  EXPECT_TRUE(bus.publish(event_of("a")).accepted());
  EXPECT_EQ(attempts, (std::vector<unsigned>{1, 2, 3}));
  EXPECT_EQ(slept, (std::vector{milliseconds(20), milliseconds(20)}));
  EXPECT_EQ(elapsed, (std::vector{milliseconds(0), milliseconds(20), milliseconds(40)}));
  EXPECT_EQ(values, (Names{"x", "xx", "xxx"})) << "what was left at one attempt is there later";
}

TEST_F(Retry, ends_in_a_rejection_when_no_more_attempts_are_allowed) {
  auto asked = options();
  asked.control_attempts = 3;
  Bus bus(catalogue, asked);
  const auto rule = bus.control().add(busy(100), {.name = "busy"});
  const auto report = bus.publish(event_of("a"));
  EXPECT_EQ(report.vetoed_by, "busy");
  EXPECT_EQ(report.why, "rejected: asked about 3 times, and no more are allowed: the line is busy");
  EXPECT_FALSE(report.skipped);
  EXPECT_EQ(attempts, (std::vector<unsigned>{1, 2, 3}));
  EXPECT_EQ(slept.size(), 2u) << "after the last attempt nobody waits";
  EXPECT_EQ(bus.statistics().rejected, 1u);
}

TEST_F(Retry, is_made_five_times_unless_told_otherwise) {
  Bus bus(catalogue, options());
  const auto rule = bus.control().add(busy(100), {.name = "busy"});
  EXPECT_FALSE(bus.admit(event_of("a")).event);
  EXPECT_EQ(attempts.size(), 5u);
}

TEST_F(Retry, goes_by_what_is_answered_in_the_end) {
  Bus bus(catalogue, options());
  const auto rule = bus.control().add(
      [](const Envelope&, ControlContext& context) {
        return context.attempt < 3 ? ControlDecision::retry(milliseconds(1))
                                   : ControlDecision::skip("too late");
      },
      {.name = "wavering"});
  EXPECT_EQ(bus.publish(event_of("a")).why, "skipped: too late");
}

TEST_F(Retry, finds_handlers_that_came_and_misses_those_that_left_meanwhile) {
  auto asked = options();
  Connection rule, late;
  Bus* running = nullptr;
  bool was_asked = false;
  asked.sleep = [&](nanoseconds) {
    rule.disconnect();
    late = running->control().add(
        [&](const Envelope&, ControlContext& context) {
          was_asked = true;
          EXPECT_EQ(context.attempt, 2u);
          return ControlDecision::proceed();
        },
        {.name = "late"});
  };
  Bus bus(catalogue, asked);
  running = &bus;
  rule = bus.control().add(busy(100), {.name = "busy"});
  EXPECT_TRUE(bus.publish(event_of("a")).accepted());
  EXPECT_TRUE(was_asked);
}

TEST_F(Retry, keeps_nobody_else_from_publishing_while_it_waits) {
  auto asked = options();
  std::size_t delivered = 0;
  Bus* running = nullptr;
  asked.sleep = [&](nanoseconds) { delivered = running->publish(event_of("b")).delivered; };
  Bus bus(catalogue, asked);
  running = &bus;
  const auto all = bus.subscribe(everything(), [](const Envelope&) {});
  const auto rule = bus.control().add(
      busy(1), {.name = "busy", .interest = Query::of_types({TopicPattern::of("a")})});
  bus.publish(event_of("a"));
  EXPECT_EQ(delivered, 1u);
}

class RetryUntil : public Retry {
 protected:
  Bus::Admission admit(std::optional<milliseconds> deadline) {
    context.deadline = deadline;
    return gate.admit(event_of("a"), context);
  }
  std::vector<std::string> decisions;
  Gate gate{options(), [this](const ControlVerdict& verdict, const Envelope& event) {
              decisions.push_back(event.type + ' ' + std::string(to_string(verdict.signal)));
            }};
  ControlContext context;
};

TEST_F(RetryUntil, a_deadline_waits_no_longer_than_that) {
  const auto rule = gate.control.add(busy(100, milliseconds(40)), {.name = "busy"});
  const auto admission = admit(milliseconds(100));
  EXPECT_EQ(attempts, (std::vector<unsigned>{1, 2, 3}));
  EXPECT_EQ(slept, (std::vector{milliseconds(40), milliseconds(40)}));
  EXPECT_EQ(admission.by, "busy");
  EXPECT_EQ(admission.why,
            "rejected: it would have to wait for 40 ms, beyond its deadline after 100 ms: the line "
            "is busy");
  EXPECT_FALSE(admission.failed);
}

TEST_F(RetryUntil, a_deadline_may_reach_it_exactly) {
  const auto rule = gate.control.add(busy(1, milliseconds(100)), {.name = "busy"});
  EXPECT_TRUE(admit(milliseconds(100)).event);
}

TEST_F(RetryUntil, a_deadline_counts_the_time_that_handlers_take) {
  const auto slow = gate.control.add(
      [this](const Envelope&, ControlContext&) {
        steady.advance(milliseconds(70));
        return ControlDecision::retry(milliseconds(40));
      },
      {.name = "slow"});
  EXPECT_FALSE(admit(milliseconds(100)).event);
  EXPECT_EQ(slept.size(), 0u);
}

TEST_F(RetryUntil, a_deadline_that_is_years_away_does_not_overflow) {
  const auto rule = gate.control.add(busy(100, milliseconds::max()), {.name = "busy"});
  EXPECT_FALSE(admit(std::chrono::hours(1)).event);
  EXPECT_EQ(slept.size(), 0u);
}

TEST_F(RetryUntil, it_decides_leaves_what_handlers_left) {
  const auto leaves = gate.control.add(keeping_values(), {.name = "leaves", .priority = 1});
  const auto rule = gate.control.add(busy(2), {.name = "busy", .priority = 2});
  context.values["asked"] = "by me ";
  EXPECT_TRUE(admit(std::nullopt).event);
  EXPECT_EQ(context.values["asked"], "by me xxx");
  EXPECT_EQ(context.attempt, 3u);
}

TEST_F(RetryUntil, it_decides_tells_of_each_decision_but_proceed) {
  const auto rule = gate.control.add(
      [](const Envelope&, ControlContext& now) {
        return now.attempt == 1 ? ControlDecision::retry({}) : ControlDecision::fail("no");
      },
      {.name = "wavering", .interest = Query::of_types({TopicPattern::of("a")})});
  admit(std::nullopt);
  gate.admit(event_of("b"), context);
  EXPECT_EQ(decisions, (Names{"a retry", "a fail"}));
}

// And not what was asked for and cannot be.
TEST_F(RetryUntil, it_decides_tells_of_what_is_carried_out) {
  const auto rule = gate.control.add(
      [](const Envelope& event, ControlContext&) {
        return event.type == "a" ? ControlDecision::retry({})
                                 : ControlDecision::fallback(event_of("b", "another/stream"));
      },
      {.name = "stubborn"});
  admit(std::nullopt);
  gate.admit(event_of("b"), context);
  ASSERT_FALSE(decisions.empty());
  EXPECT_EQ(decisions[decisions.size() - 2], "a fail");
  EXPECT_EQ(decisions.back(), "b error");
}

}  // namespace
}  // namespace annal::test
