#include "annal/bus/policies/circuit_breaker.hpp"

#include "annal/error.hpp"
#include "engine/bus/policies/asking.hpp"
#include "fakes.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace annal {

inline void PrintTo(CircuitState state, std::ostream* out) { *out << to_string(state); }

}  // namespace annal

namespace annal::test {
namespace {

using std::chrono::milliseconds;

class Circuit : public ::testing::Test {
 protected:
  CircuitOptions options() {
    return {.name = "mail",
            .failures = 3,
            .failure_rate = 0.5,
            .window = milliseconds(1000),
            .open_for = milliseconds(5000),
            .trials = 2,
            .successes = 2,
            .trial_timeout = milliseconds(2000),
            .success_events = {TopicPattern::of("mail.sent")},
            .failure_events = {TopicPattern::of("mail.bounced"), TopicPattern::of("*.lost")},
            .clock = &clock};
  }

  void fail(int times) {
    for (int i = 0; i < times; ++i) breaker.failed();
  }
  void half_open() {
    fail(3);
    clock.advance(milliseconds(5000));
    ASSERT_EQ(breaker.state(), CircuitState::half_open);
  }

  ManualMonotonicClock clock;
  CircuitBreaker breaker{options()};
  ControlHandler handler = breaker.handler();
};

TEST_F(Circuit, lets_everything_through_while_closed) {
  fail(2);
  EXPECT_EQ(breaker.state(), CircuitState::closed);
  EXPECT_EQ(signal_of(handler), ControlSignal::proceed);
}

TEST_F(Circuit, opens_after_enough_failures_and_says_for_how_long) {
  fail(3);
  EXPECT_EQ(breaker.state(), CircuitState::open);
  clock.advance(milliseconds(1200));
  const auto decision = ask(handler);
  EXPECT_EQ(decision.signal(), ControlSignal::fail);
  EXPECT_EQ(decision.reason(), "circuit mail is open for another 3800 ms");
}

TEST_F(Circuit, stays_closed_while_failures_are_few_among_many) {
  for (int i = 0; i < 7; ++i) breaker.succeeded();
  fail(6);
  EXPECT_EQ(breaker.state(), CircuitState::closed);
  fail(1);
  EXPECT_EQ(breaker.state(), CircuitState::open);
}

TEST_F(Circuit, forgets_failures_that_the_window_has_left) {
  fail(2);
  clock.advance(milliseconds(1150));
  fail(1);
  EXPECT_EQ(breaker.state(), CircuitState::closed);
  clock.advance(milliseconds(800));
  fail(2);
  EXPECT_EQ(breaker.state(), CircuitState::open);
}

TEST_F(Circuit, is_half_open_when_its_time_is_over) {
  fail(3);
  clock.advance(milliseconds(4999));
  EXPECT_EQ(breaker.state(), CircuitState::open);
  EXPECT_EQ(signal_of(handler), ControlSignal::fail);
  clock.advance(milliseconds(1));
  EXPECT_EQ(breaker.state(), CircuitState::half_open);
  EXPECT_EQ(signal_of(handler), ControlSignal::proceed);
}

TEST_F(Circuit, lets_no_more_trials_through_than_may_be_under_way) {
  half_open();
  EXPECT_EQ(signal_of(handler), ControlSignal::proceed);
  EXPECT_EQ(signal_of(handler), ControlSignal::proceed);
  const auto decision = ask(handler);
  EXPECT_EQ(decision.signal(), ControlSignal::fail);
  EXPECT_EQ(decision.reason(), "circuit mail is being tried; ask again in 2000 ms");
  breaker.succeeded();
  EXPECT_EQ(signal_of(handler), ControlSignal::proceed);
}

TEST_F(Circuit, closes_after_enough_trials_that_succeed) {
  half_open();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(breaker.state(), CircuitState::half_open);
    signal_of(handler);
    breaker.succeeded();
  }
  EXPECT_EQ(breaker.state(), CircuitState::closed);
}

TEST_F(Circuit, begins_with_an_empty_window_when_it_closes) {
  CircuitOptions patient = options();
  patient.window = milliseconds(100'000);
  patient.successes = 1;
  CircuitBreaker again(patient);
  for (int i = 0; i < 3; ++i) again.failed();
  clock.advance(milliseconds(5000));
  signal_of(again.handler());
  again.succeeded();
  again.failed();
  again.failed();
  EXPECT_EQ(again.state(), CircuitState::closed);
}

TEST_F(Circuit, opens_again_at_a_trial_that_fails) {
  half_open();
  signal_of(handler);
  breaker.succeeded();
  signal_of(handler);
  breaker.failed();
  EXPECT_EQ(ask(handler).reason(), "circuit mail is open for another 5000 ms");
  clock.advance(milliseconds(5000));
  signal_of(handler);
  breaker.succeeded();
  EXPECT_EQ(breaker.state(), CircuitState::half_open) << "earlier successes do not count any more";
}

TEST_F(Circuit, opens_again_when_a_trial_has_no_outcome_in_time) {
  half_open();
  signal_of(handler);
  clock.advance(milliseconds(1999));
  EXPECT_EQ(breaker.state(), CircuitState::half_open);
  clock.advance(milliseconds(1));
  EXPECT_EQ(breaker.state(), CircuitState::open);
  EXPECT_EQ(breaker.statistics().unanswered, 1u);
  clock.advance(milliseconds(5000));
  EXPECT_EQ(signal_of(handler), ControlSignal::proceed) << "a new trial";
}

TEST_F(Circuit, counts_the_time_from_when_the_outcome_was_due_not_from_when_that_is_noticed) {
  half_open();
  signal_of(handler);
  clock.advance(milliseconds(2000 + 5000));
  EXPECT_EQ(breaker.state(), CircuitState::half_open);
  EXPECT_EQ(breaker.statistics().opened, 2u);
}

TEST_F(Circuit, ignores_outcomes_that_belong_to_no_trial) {
  half_open();
  breaker.failed();
  breaker.succeeded();
  breaker.succeeded();
  EXPECT_EQ(breaker.state(), CircuitState::half_open);
  signal_of(handler);
  breaker.failed();
  breaker.succeeded();
  breaker.succeeded();
  EXPECT_EQ(breaker.state(), CircuitState::open) << "what comes while it is open changes nothing";
}

TEST_F(Circuit, takes_a_retry_of_a_trial_for_the_same_trial) {
  half_open();
  ControlContext context;
  EXPECT_EQ(handler(event_in("mail/1"), context).signal(), ControlSignal::proceed);
  context.attempt = 2;
  EXPECT_EQ(handler(event_in("mail/1"), context).signal(), ControlSignal::proceed);
  EXPECT_EQ(breaker.statistics().trials, 1u);
  breaker.succeeded();
  context.attempt = 3;
  EXPECT_EQ(handler(event_in("mail/1"), context).signal(), ControlSignal::proceed);
  EXPECT_EQ(breaker.statistics().trials, 2u) << "the first had its outcome";
}

TEST_F(Circuit, does_not_take_another_circuit_s_trial_for_its_own) {
  CircuitBreaker other(options());
  const auto others = other.handler();
  half_open();
  for (int i = 0; i < 3; ++i) other.failed();
  clock.advance(milliseconds(5000));
  ControlContext context;
  handler(event_in("mail/1"), context);
  others(event_in("mail/1"), context);
  EXPECT_EQ(other.statistics().trials, 1u);
}

TEST_F(Circuit, concerns_only_what_it_guards) {
  fail(3);
  const auto guard = breaker.handler(Query::of_types({TopicPattern::of("mail.*")}));
  EXPECT_EQ(signal_of(guard, event_in("mail/1", "mail.requested")), ControlSignal::fail);
  EXPECT_EQ(signal_of(guard, event_in("mail/1", "task.started")), ControlSignal::proceed);
}

TEST_F(Circuit, answers_retry_until_it_is_half_open_if_asked_to) {
  fail(3);
  clock.advance(milliseconds(1));
  const auto decision = ask(breaker.handler({}, retry_when_open()));
  EXPECT_EQ(decision.signal(), ControlSignal::retry);
  EXPECT_EQ(decision.delay(), milliseconds(4999));
  clock.advance(decision.delay());
  EXPECT_EQ(breaker.state(), CircuitState::half_open);
}

TEST_F(Circuit, answers_another_event_if_asked_to) {
  fail(3);
  const auto guard = breaker.handler({}, fall_back_when_open([](const Envelope& event) {
                                       return event_in(event.stream, "mail.postponed");
                                     }));
  const auto decision = ask(guard, event_in("mail/7"));
  EXPECT_EQ(decision.signal(), ControlSignal::fallback);
  EXPECT_EQ(decision.instead()->type, "mail.postponed");
  EXPECT_EQ(decision.instead()->stream, "mail/7");
}

TEST_F(Circuit, learns_outcomes_from_events) {
  breaker.note(event_in("mail/1", "mail.sent"));
  breaker.note(event_in("mail/1", "mail.bounced"));
  breaker.note(event_in("mail/1", "letter.lost"));
  breaker.note(event_in("mail/1", "mail.requested"));
  const auto statistics = breaker.statistics();
  EXPECT_EQ(statistics.succeeded, 1u);
  EXPECT_EQ(statistics.failed, 2u);
  EXPECT_EQ(statistics.window_successes, 1u);
  EXPECT_EQ(statistics.window_failures, 2u);
}

TEST_F(Circuit, learns_nothing_from_events_if_none_are_named) {
  CircuitBreaker silent({.clock = &clock});
  silent.note(event_in("mail/1", "mail.bounced"));
  EXPECT_EQ(silent.statistics().failed + silent.statistics().succeeded, 0u);
}

TEST_F(Circuit, outlived_by_its_handler_goes_on) {
  ControlHandler left;
  {
    CircuitBreaker gone(options());
    left = gone.handler();
    for (int i = 0; i < 3; ++i) gone.failed();
  }
  EXPECT_EQ(signal_of(left), ControlSignal::fail);
}

TEST_F(Circuit, tells_how_it_fared) {
  fail(3);
  signal_of(handler);
  signal_of(handler);
  clock.advance(milliseconds(1000));
  const auto statistics = breaker.statistics();
  EXPECT_EQ(statistics.state, CircuitState::open);
  EXPECT_EQ(statistics.failed, 3u);
  EXPECT_EQ(statistics.opened, 1u);
  EXPECT_EQ(statistics.refused, 2u);
  EXPECT_EQ(statistics.until_half_open, milliseconds(4000));
}

TEST_F(Circuit, refuses_options_it_cannot_keep) {
  const auto with = [this](auto change) {
    CircuitOptions changed = options();
    change(changed);
    return CircuitBreaker(changed);
  };
  EXPECT_THROW(with([](CircuitOptions& of) { of.name.clear(); }), InvalidInput);
  EXPECT_THROW(with([](CircuitOptions& of) { of.failures = 0; }), InvalidInput);
  EXPECT_THROW(with([](CircuitOptions& of) { of.failure_rate = 1.5; }), InvalidInput);
  EXPECT_THROW(with([](CircuitOptions& of) { of.failure_rate = NAN; }), InvalidInput);
  EXPECT_THROW(with([](CircuitOptions& of) { of.window = milliseconds(9); }), InvalidInput);
  EXPECT_THROW(with([](CircuitOptions& of) { of.open_for = milliseconds(0); }), InvalidInput);
  EXPECT_THROW(with([](CircuitOptions& of) { of.open_for = milliseconds::max(); }), InvalidInput);
  EXPECT_THROW(with([](CircuitOptions& of) { of.trials = 0; }), InvalidInput);
  EXPECT_THROW(with([](CircuitOptions& of) { of.successes = 0; }), InvalidInput);
  EXPECT_THROW(with([](CircuitOptions& of) { of.trial_timeout = milliseconds(0); }), InvalidInput);
  EXPECT_THROW(breaker.handler({}, nullptr), InvalidInput);
  EXPECT_THROW(fall_back_when_open(nullptr), InvalidInput);
}

// Whatever happened before, it lets something through again: nobody needs to help it.
TEST_F(Circuit, never_stays_shut_whatever_happens) {
  EXPECT_TRUE(rc::check([this] {
    CircuitBreaker any(options());
    const auto guard = any.handler();
    const auto acts =
        *rc::gen::container<std::vector<int>>(50, rc::gen::element(0, 0, 0, 1, 2, 2, 2, 3, 3));
    for (const int act : acts) {
      if (act == 0) any.failed();
      if (act == 1) any.succeeded();
      if (act == 2) signal_of(guard);
      if (act == 3) clock.advance(milliseconds(*rc::gen::inRange(0, 6000)));
    }
    bool let_through = false;
    for (int i = 0; i < 3 && !let_through; ++i) {
      let_through = signal_of(guard) == ControlSignal::proceed;
      clock.advance(milliseconds(5000));
    }
    RC_ASSERT(let_through);
  }));
}

TEST(CircuitOfCalls, says_why_a_call_is_not_let_through) {
  ManualMonotonicClock clock;
  CircuitBreaker bank({.name = "bank",
                       .failures = 1,
                       .open_for = std::chrono::milliseconds(1000),
                       .clock = &clock});
  ControlContext call;
  EXPECT_EQ(bank.refusal(call), std::nullopt);
  bank.failed();
  EXPECT_EQ(bank.refusal(call), "circuit bank is open for another 1000 ms");
  clock.advance(std::chrono::milliseconds(1000));
  EXPECT_EQ(bank.refusal(call), std::nullopt) << "a trial";
  EXPECT_EQ(bank.refusal(call), std::nullopt) << "the same one";
  ControlContext another;
  EXPECT_NE(bank.refusal(another), std::nullopt);
  EXPECT_EQ(bank.name(), "bank");
}

}  // namespace
}  // namespace annal::test
