#include "annal/bus/policies/rate_limit.hpp"

#include "annal/error.hpp"
#include "engine/bus/policies/asking.hpp"
#include "fakes.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace annal::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

class Rate : public ::testing::Test {
 protected:
  // Ten a second, three at once.
  RateLimitOptions options(WhenEmpty when_empty = WhenEmpty::fail) {
    return {
        .name = "mails", .per_second = 10, .burst = 3, .when_empty = when_empty, .clock = &clock};
  }
  int given(const ControlHandler& by, const Envelope& event, int asked) {
    int count = 0;
    for (int i = 0; i < asked; ++i) count += signal_of(by, event) == ControlSignal::proceed;
    return count;
  }

  ManualMonotonicClock clock;
  RateLimit limit{options()};
  ControlHandler handler = limit.handler();
};

TEST_F(Rate, lets_a_burst_through_and_no_more) {
  EXPECT_EQ(given(handler, event_in("mail/1"), 10), 3);
}

TEST_F(Rate, lets_through_what_the_time_brings) {
  given(handler, event_in("mail/1"), 3);
  clock.advance(milliseconds(99));
  EXPECT_EQ(given(handler, event_in("mail/1"), 10), 0);
  clock.advance(milliseconds(1));
  EXPECT_EQ(given(handler, event_in("mail/1"), 10), 1);
  clock.advance(milliseconds(200));
  EXPECT_EQ(given(handler, event_in("mail/1"), 10), 2);
}

TEST_F(Rate, saves_no_more_than_a_burst) {
  given(handler, event_in("mail/1"), 3);
  clock.advance(std::chrono::hours(24));
  EXPECT_EQ(given(handler, event_in("mail/1"), 10), 3);
}

TEST_F(Rate, answers_retry_for_when_the_next_token_comes) {
  const auto patient = RateLimit(options(WhenEmpty::retry)).handler();
  given(patient, event_in("mail/1"), 3);
  clock.advance(std::chrono::microseconds(10'500));
  ControlContext context;
  const auto decision = patient(event_in("mail/1"), context);
  EXPECT_EQ(decision.signal(), ControlSignal::retry);
  EXPECT_EQ(decision.delay(), milliseconds(90)) << "rounded up, so that it is not too early";
  EXPECT_EQ(decision.reason(), "mails of mail/1: the next is due in 90 ms");
  EXPECT_EQ(patient(event_in("mail/1"), context).signal(), ControlSignal::retry) << "too early";
  clock.advance(decision.delay());
  EXPECT_EQ(patient(event_in("mail/1"), context).signal(), ControlSignal::proceed);
}

// However many wait, nobody has to be asked about more than twice.
TEST_F(Rate, keeps_a_token_for_each_event_that_waits) {
  RateLimit limiting(options(WhenEmpty::retry));
  const auto patient = limiting.handler();
  given(patient, event_in("mail/1"), 3);
  std::vector<ControlContext> waiting(20);
  for (std::size_t i = 0; i < waiting.size(); ++i)
    EXPECT_EQ(patient(event_in("mail/1"), waiting[i]).delay(),
              milliseconds(100 * (static_cast<int>(i) + 1)));
  for (auto& each : waiting) {
    clock.advance(milliseconds(100));
    EXPECT_EQ(patient(event_in("mail/1"), each).signal(), ControlSignal::proceed);
  }
  EXPECT_EQ(limiting.statistics().refused, 0u);
}

TEST_F(Rate, answers_fail_where_a_token_would_come_too_late) {
  RateLimitOptions hasty = options(WhenEmpty::retry);
  hasty.longest_wait = milliseconds(250);
  RateLimit limiting(hasty);
  const auto patient = limiting.handler();
  given(patient, event_in("mail/1"), 3);
  ControlContext due{.elapsed = milliseconds(950), .deadline = std::chrono::seconds(1)};
  EXPECT_EQ(patient(event_in("mail/1"), due).signal(), ControlSignal::fail);
  EXPECT_EQ(signal_of(patient), ControlSignal::retry) << "that one took no token";
  EXPECT_EQ(signal_of(patient), ControlSignal::retry);
  const auto decision = ask(patient);
  EXPECT_EQ(decision.signal(), ControlSignal::fail);
  EXPECT_EQ(decision.reason(), "mails of mail/1: the next is due in 300 ms");
  EXPECT_EQ(limiting.statistics().refused, 2u);
}

TEST_F(Rate, reserves_a_token_for_a_call_that_is_no_event) {
  RateLimit limiting(options(WhenEmpty::retry));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiting.reserve("bank", nanoseconds(0)), nanoseconds(0));
  EXPECT_EQ(limiting.reserve("bank", milliseconds(99)), std::nullopt);
  EXPECT_EQ(limiting.reserve("bank", milliseconds(100)), milliseconds(100));
  EXPECT_EQ(limiting.reserve("bank", std::chrono::hours(1)), milliseconds(200));
  EXPECT_EQ(limit.reserve("bank", std::chrono::hours(1)), nanoseconds(0));
  for (int i = 0; i < 2; ++i) limit.take("bank");
  EXPECT_EQ(limit.reserve("bank", std::chrono::hours(1)), std::nullopt) << "nobody waits for it";
}

TEST_F(Rate, answers_fail_if_asked_to) {
  given(handler, event_in("mail/1"), 3);
  const auto decision = ask(handler);
  EXPECT_EQ(decision.signal(), ControlSignal::fail);
  EXPECT_EQ(decision.reason(), "mails of mail/1: the next is due in 100 ms");
}

TEST_F(Rate, counts_each_stream_by_itself) {
  EXPECT_EQ(given(handler, event_in("mail/1"), 10), 3);
  EXPECT_EQ(given(handler, event_in("mail/2"), 10), 3);
}

TEST_F(Rate, counts_all_events_together_if_asked_to) {
  RateLimitOptions together = options();
  together.key = rate_of_all;
  const auto all = RateLimit(together).handler();
  EXPECT_EQ(given(all, event_in("mail/1"), 2), 2);
  EXPECT_EQ(given(all, event_in("mail/2"), 10), 1);
  EXPECT_EQ(ask(all).reason(), "mails of all: the next is due in 100 ms");
}

TEST_F(Rate, does_not_limit_events_without_a_key) {
  RateLimitOptions by_user = options();
  by_user.key = [](const Envelope& event) { return event.meta("user"); };
  const auto of_users = RateLimit(by_user).handler();
  Envelope of_ann = event_in("mail/1");
  of_ann.metadata = {{"user", "ann"}};
  EXPECT_EQ(given(of_users, of_ann, 10), 3);
  EXPECT_EQ(given(of_users, event_in("mail/1"), 10), 10);
}

TEST_F(Rate, takes_one_token_of_an_event_however_often_it_is_asked_about) {
  ControlContext context;
  for (context.attempt = 1; context.attempt < 10; ++context.attempt)
    EXPECT_EQ(handler(event_in("mail/1"), context).signal(), ControlSignal::proceed);
  EXPECT_EQ(limit.statistics().given, 1u);
}

TEST_F(Rate, takes_a_token_of_each_limit_an_event_passes) {
  RateLimit second(options());
  ControlContext context;
  handler(event_in("mail/1"), context);
  second.handler()(event_in("mail/1"), context);
  EXPECT_EQ(limit.statistics().given, 1u);
  EXPECT_EQ(second.statistics().given, 1u);
}

TEST_F(Rate, remembers_no_more_keys_than_it_may_and_those_last_used) {
  RateLimitOptions few = options();
  few.keys = 100;
  few.burst = 1;
  RateLimit bounded(few);
  bounded.take("kept");
  for (int i = 0; i < 10'000; ++i) {
    bounded.take(std::to_string(i));
    ASSERT_GT(bounded.take("kept"), nanoseconds(0)) << "after " << i;
    ASSERT_LE(bounded.statistics().keys, 100u);
  }
  EXPECT_EQ(bounded.take("0"), nanoseconds(0)) << "forgotten, so its bucket is full";
}

TEST_F(Rate, tells_how_it_fared) {
  given(handler, event_in("mail/1"), 5);
  given(handler, event_in("mail/2"), 1);
  const auto statistics = limit.statistics();
  EXPECT_EQ(statistics.given, 4u);
  EXPECT_EQ(statistics.refused, 2u);
  EXPECT_EQ(statistics.keys, 2u);
}

TEST_F(Rate, refuses_options_it_cannot_keep) {
  const auto with = [this](auto change) {
    RateLimitOptions changed = options();
    change(changed);
    return RateLimit(changed);
  };
  EXPECT_THROW(with([](RateLimitOptions& of) { of.name.clear(); }), InvalidInput);
  EXPECT_THROW(with([](RateLimitOptions& of) { of.per_second = 0; }), InvalidInput);
  EXPECT_THROW(with([](RateLimitOptions& of) { of.per_second = NAN; }), InvalidInput);
  EXPECT_THROW(with([](RateLimitOptions& of) { of.per_second = 2e6; }), InvalidInput);
  EXPECT_THROW(with([](RateLimitOptions& of) { of.burst = 0; }), InvalidInput);
  EXPECT_THROW(with([](RateLimitOptions& of) { of.burst = 1'000'001; }), InvalidInput);
  EXPECT_THROW(with([](RateLimitOptions& of) {
                 of.per_second = 1e-6;
                 of.burst = 1'000'000;
               }),
               InvalidInput);
  EXPECT_THROW(with([](RateLimitOptions& of) { of.key = nullptr; }), InvalidInput);
  EXPECT_THROW(with([](RateLimitOptions& of) { of.keys = 1; }), InvalidInput);
  EXPECT_THROW(with([](RateLimitOptions& of) { of.longest_wait = milliseconds(-1); }),
               InvalidInput);
}

// In every stretch of time, whenever it begins.
TEST_F(Rate, never_gives_more_than_a_burst_and_what_the_time_brings) {
  EXPECT_TRUE(rc::check([this] {
    const double per_second = *rc::gen::element(0.3, 3.0, 7.0, 333.0, 999'999.0);
    const auto burst = *rc::gen::inRange<std::uint64_t>(1, 20);
    RateLimit any({.per_second = per_second, .burst = burst, .clock = &clock});
    const auto step = static_cast<std::int64_t>(1e9 / per_second);
    std::vector<nanoseconds> given;
    for (int i = 0; i < 200; ++i) {
      const nanoseconds wait = any.take("key");
      if (wait == nanoseconds(0)) given.push_back(clock.reading());
      const bool exactly = *rc::gen::inRange(0, 3) == 0;
      clock.advance(exactly ? wait : nanoseconds(*rc::gen::inRange<std::int64_t>(0, step)));
      if (exactly && wait > nanoseconds(0)) {
        RC_ASSERT(any.take("key") == nanoseconds(0));
        given.push_back(clock.reading());
      }
    }
    for (std::size_t first = 0; first < given.size(); ++first)
      for (std::size_t last = first; last < given.size(); ++last) {
        const double time = static_cast<double>((given[last] - given[first]).count()) / 1e9;
        RC_ASSERT(static_cast<double>(last - first + 1) <=
                  static_cast<double>(burst) + per_second * time + 1e-9);
      }
  }));
}

}  // namespace
}  // namespace annal::test
