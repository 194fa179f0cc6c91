// The ready-made handlers, asked and told by several threads at once.
#include "annal/bus/policies/circuit_breaker.hpp"
#include "annal/bus/policies/rate_limit.hpp"
#include "annal/bus/policies/retrying.hpp"
#include "engine/bus/policies/asking.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

namespace annal::test {
namespace {

using std::chrono::milliseconds;

constexpr int threads = 4;
constexpr int rounds = 5000;

// Calls it on each of the threads so many times; they begin together.
template <class Work>
void on_all_threads(Work work) {
  std::latch start(threads);
  std::vector<std::jthread> all;
  for (int thread = 0; thread < threads; ++thread)
    all.emplace_back([&, thread] {
      start.arrive_and_wait();
      for (int round = 0; round < rounds; ++round) work(thread, round);
    });
}

TEST(PolicyThreads, give_exactly_the_tokens_that_a_burst_and_the_time_make) {
  ManualMonotonicClock clock;
  RateLimit limit({.per_second = 1000,
                   .burst = 50,
                   .key = rate_of_all,
                   .when_empty = WhenEmpty::fail,
                   .clock = &clock});
  const auto handler = limit.handler();
  std::atomic<int> given{0};
  on_all_threads([&](int thread, int round) {
    if (thread == 0 && round % 10 == 0) clock.advance(milliseconds(1));
    if (signal_of(handler) == ControlSignal::proceed) ++given;
  });
  constexpr int brought = rounds / 10;
  EXPECT_LE(given, 50 + brought);
  EXPECT_GE(given, 50);
  EXPECT_EQ(limit.statistics().given, static_cast<std::uint64_t>(given));
  clock.advance(std::chrono::hours(1));
  given = 0;
  on_all_threads([&](int, int) { given += signal_of(handler) == ControlSignal::proceed; });
  EXPECT_EQ(given, 50) << "nothing comes while the clock stands still";
}

TEST(PolicyThreads, count_each_key_by_itself_whoever_asks) {
  ManualMonotonicClock clock;
  RateLimit limit({.per_second = 1, .burst = 7, .clock = &clock});
  std::atomic<int> given{0};
  on_all_threads([&](int, int round) {
    given += limit.take(std::to_string(round % 100)) == std::chrono::nanoseconds(0);
  });
  EXPECT_EQ(given, 700);
}

TEST(PolicyThreads, grant_no_more_retries_than_the_budget_holds) {
  auto budget = std::make_shared<RetryBudget>(RetryBudgetOptions{.share = 0.25, .most = 1'000'000});
  while (budget->try_withdraw()) {
  }
  const auto handler = retrying([](const Envelope&, const ControlContext&) { return true; },
                                {.policy = {.attempts = 5}, .budget = budget});
  std::atomic<int> granted{0};
  on_all_threads([&](int, int) { granted += signal_of(handler) == ControlSignal::retry; });
  while (budget->try_withdraw()) ++granted;
  EXPECT_EQ(granted, threads * rounds / 4) << "a token for every four first attempts";
}

TEST(PolicyThreads, let_no_more_trials_through_than_may_be_under_way) {
  ManualMonotonicClock clock;
  CircuitBreaker breaker({.failures = 1, .trials = 3, .successes = 1000, .clock = &clock});
  const auto handler = breaker.handler();
  breaker.failed();
  clock.advance(milliseconds(30'000));
  std::atomic<int> let_through{0};
  on_all_threads([&](int, int) { let_through += signal_of(handler) == ControlSignal::proceed; });
  EXPECT_EQ(let_through, 3);
}

TEST(PolicyThreads, lose_no_outcome_and_count_what_is_refused) {
  ManualMonotonicClock clock;
  CircuitBreaker breaker({.failures = 10, .open_for = milliseconds(1), .clock = &clock});
  const auto handler = breaker.handler();
  std::atomic<std::uint64_t> refused{0};
  on_all_threads([&](int thread, int round) {
    refused += signal_of(handler) != ControlSignal::proceed;
    if (round % 3 == 0)
      breaker.failed();
    else
      breaker.succeeded();
    if (thread == 0 && round % 7 == 0) clock.advance(milliseconds(1));
    breaker.state();
  });
  const auto statistics = breaker.statistics();
  EXPECT_EQ(statistics.succeeded + statistics.failed, static_cast<std::uint64_t>(threads * rounds));
  EXPECT_EQ(statistics.refused, refused);
}

}  // namespace
}  // namespace annal::test
