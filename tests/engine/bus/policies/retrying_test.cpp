#include "annal/bus/policies/retrying.hpp"

#include "annal/error.hpp"
#include "engine/bus/policies/asking.hpp"
#include "fakes.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace annal::test {
namespace {

using std::chrono::milliseconds;

bool never_yet(const Envelope&, const ControlContext&) { return true; }
bool at_once(const Envelope&, const ControlContext&) { return false; }

class Retrying : public ::testing::Test {
 protected:
  // Without jitter: 100 ms, tripled, to 1 s.
  RetryingOptions exact(int attempts) {
    return {.waits_for = "the index",
            .policy = {.attempts = attempts,
                       .first = milliseconds(100),
                       .factor = 3,
                       .longest = milliseconds(1000),
                       .jitter = 0},
            .randomness = &randomness};
  }

  SeededRandomness randomness;
};

TEST_F(Retrying, proceeds_once_the_time_has_come) {
  bool yet = false;
  const auto handler =
      retrying([&](const Envelope&, const ControlContext&) { return !yet; }, exact(5));
  EXPECT_EQ(signal_of(handler), ControlSignal::retry);
  yet = true;
  EXPECT_EQ(signal_of(handler, event_in("mail/1"), 2), ControlSignal::proceed);
}

TEST_F(Retrying, waits_longer_each_time_to_the_longest_pause) {
  const auto handler = retrying(never_yet, exact(100));
  std::vector<std::int64_t> pauses;
  for (const unsigned attempt : {1u, 2u, 3u, 4u, 99u})
    pauses.push_back(ask(handler, event_in("mail/1"), attempt).delay().count());
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{100, 300, 900, 1000, 1000}));
}

TEST_F(Retrying, fails_at_the_last_attempt_and_says_how_many_there_were) {
  const auto handler = retrying(never_yet, exact(3));
  EXPECT_EQ(ask(handler, event_in("mail/1"), 2).reason(), "waiting for the index");
  const auto decision = ask(handler, event_in("mail/1"), 3);
  EXPECT_EQ(decision.signal(), ControlSignal::fail);
  EXPECT_EQ(decision.reason(), "waiting for the index: given up after 3 attempts");
}

TEST_F(Retrying, never_waits_longer_than_the_longest_nor_less_than_the_jitter_allows) {
  EXPECT_TRUE(rc::check([this] {
    const RetryPolicy policy{.attempts = 1'000'000'000,
                             .first = milliseconds(*rc::gen::inRange(0, 5000)),
                             .factor = 1 + *rc::gen::inRange(0, 999'000) / 1000.0,
                             .longest = milliseconds(*rc::gen::inRange(5000, 100'000)),
                             .jitter = *rc::gen::inRange(0, 101) / 100.0};
    const auto handler = retrying(never_yet, {.policy = policy, .randomness = &randomness});
    milliseconds before{0};
    for (unsigned attempt = 1; attempt < 1'000'000; attempt *= 3) {
      const milliseconds pause = ask(handler, event_in("mail/1"), attempt).delay();
      RC_ASSERT(pause >= milliseconds(0));
      RC_ASSERT(pause <= policy.longest);
      const double least = 1 - policy.jitter;
      RC_ASSERT(static_cast<double>(pause.count()) >=
                least * static_cast<double>(policy.first.count()) - 1);
      if (policy.jitter == 0) RC_ASSERT(pause >= before);
      before = pause;
    }
  }));
}

TEST_F(Retrying, scatters_pauses_by_the_randomness_it_is_given) {
  const auto pauses = [](std::uint64_t seed) {
    SeededRandomness source(seed);
    const auto handler =
        retrying(never_yet, {.policy = {.attempts = 50, .jitter = 1}, .randomness = &source});
    std::vector<std::int64_t> result;
    for (unsigned attempt = 1; attempt < 50; ++attempt)
      result.push_back(ask(handler, event_in("mail/1"), attempt).delay().count());
    return result;
  };
  EXPECT_EQ(pauses(1), pauses(1));
  EXPECT_NE(pauses(1), pauses(2));
}

TEST_F(Retrying, refuses_options_it_cannot_keep) {
  const auto with = [this](auto change) {
    RetryingOptions options = exact(3);
    change(options.policy);
    return retrying(never_yet, options);
  };
  EXPECT_THROW(with([](RetryPolicy& policy) { policy.attempts = 0; }), InvalidInput);
  EXPECT_THROW(with([](RetryPolicy& policy) { policy.factor = 0.5; }), InvalidInput);
  EXPECT_THROW(with([](RetryPolicy& policy) { policy.factor = NAN; }), InvalidInput);
  EXPECT_THROW(with([](RetryPolicy& policy) { policy.jitter = 1.1; }), InvalidInput);
  EXPECT_THROW(with([](RetryPolicy& policy) { policy.first = milliseconds(-1); }), InvalidInput);
  EXPECT_THROW(with([](RetryPolicy& policy) { policy.first = milliseconds(1001); }), InvalidInput);
  EXPECT_THROW(retrying(nullptr, exact(3)), InvalidInput);
}

TEST(RetryPolicy, pauses_for_the_longest_however_many_attempts_failed) {
  std::mt19937_64 random(1);
  const RetryPolicy longest{.longest = milliseconds::max(), .jitter = 0};
  EXPECT_EQ(pause_after(1, longest, random), milliseconds(50));
  EXPECT_EQ(pause_after(2, longest, random), milliseconds(100));
  EXPECT_EQ(pause_after(2'000'000'000, longest, random), milliseconds::max());
  const RetryPolicy none{.first = milliseconds(0)};
  EXPECT_EQ(pause_after(2'000'000'000, none, random), milliseconds(0));
}

class RetryBudgets : public Retrying {
 protected:
  std::shared_ptr<RetryBudget> budget =
      std::make_shared<RetryBudget>(RetryBudgetOptions{.share = 0.25, .most = 2});

  ControlHandler with_budget(NotYet not_yet) {
    RetryingOptions options = exact(10);
    options.budget = budget;
    return retrying(std::move(not_yet), options);
  }
};

TEST_F(RetryBudgets, refuse_retries_when_they_are_exhausted) {
  const auto handler = with_budget(never_yet);
  EXPECT_EQ(signal_of(handler, event_in("mail/1"), 2), ControlSignal::retry);
  EXPECT_EQ(signal_of(handler, event_in("mail/1"), 2), ControlSignal::retry);
  const auto decision = ask(handler, event_in("mail/1"), 2);
  EXPECT_EQ(decision.signal(), ControlSignal::fail);
  EXPECT_EQ(decision.reason(), "waiting for the index: retry budget exhausted");
}

TEST_F(RetryBudgets, gain_a_share_of_a_token_by_each_first_attempt) {
  while (budget->try_withdraw()) {
  }
  const auto waiting = with_budget(never_yet), passing = with_budget(at_once);
  for (int i = 0; i < 4; ++i) signal_of(passing);
  EXPECT_EQ(budget->tokens(), 1.0);
  signal_of(passing, event_in("mail/1"), 2);
  EXPECT_EQ(budget->tokens(), 1.0) << "a later attempt brings nothing";
  EXPECT_EQ(signal_of(waiting, event_in("mail/1"), 2), ControlSignal::retry);
  EXPECT_EQ(signal_of(waiting, event_in("mail/1"), 2), ControlSignal::fail);
}

TEST_F(RetryBudgets, pay_for_no_attempt_that_is_not_made) {
  const auto handler = with_budget(never_yet);
  signal_of(handler, event_in("mail/1"), 10);
  EXPECT_EQ(budget->tokens(), 2.0);
}

TEST_F(RetryBudgets, hold_no_more_than_they_are_made_for) {
  RetryBudget odd({.share = 0.75, .most = 2});
  odd.try_withdraw();
  for (int i = 0; i < 100; ++i) odd.deposit();
  EXPECT_EQ(odd.tokens(), 2.0);
}

TEST_F(RetryBudgets, are_refused_out_of_their_bounds) {
  EXPECT_THROW(RetryBudget({.share = -0.1}), InvalidInput);
  EXPECT_THROW(RetryBudget({.share = NAN}), InvalidInput);
  EXPECT_THROW(RetryBudget({.most = 0.5}), InvalidInput);
  EXPECT_THROW(RetryBudget({.most = 1e7}), InvalidInput);
}

}  // namespace
}  // namespace annal::test
