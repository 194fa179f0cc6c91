#include "annal/log/subscription.hpp"

#include "annal/error.hpp"
#include "engine/log/subscribed.hpp"
#include "fakes.hpp"
#include "hooked_log.hpp"

#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace annal::test {
namespace {

using std::chrono::seconds;
using Is = SubscriptionStatus::State;

TEST_F(Subscribed, catches_up_and_goes_on_live_without_gap_or_repeat) {
  fill(700);
  std::thread writer([&] { fill(700); });
  Subscription subscription(*log, named("all"), noting());
  writer.join();
  fill(1);
  ASSERT_TRUE(subscription.wait_until(Position{1401}, long_enough));
  EXPECT_EQ(seen_so_far(), up_to(1401));
  const auto status = subscription.status();
  EXPECT_EQ(status.handled, 1401u);
  EXPECT_EQ(status.checkpoint, Position{1401});
  EXPECT_EQ(status.lag(), 0u);
}

TEST_F(Subscribed, hears_only_what_it_asked_for_and_passes_over_the_rest) {
  append("thing/1", "order.placed");
  append("thing/1", "order.paid");
  append("thing/2", "task.done");
  auto options = named("orders");
  options.query = Query::of_types({TopicPattern::of("order.*")});
  Subscription subscription(*log, options, noting());
  EXPECT_TRUE(subscription.wait_until(Position{3}, long_enough));
  EXPECT_EQ(seen_so_far(), (Positions{1, 2}));
}

TEST_F(Subscribed, goes_on_where_it_was_when_it_is_opened_again) {
  fill(10);
  {
    Subscription subscription(*log, named("all"), noting());
    ASSERT_TRUE(subscription.wait_until(Position{10}, long_enough));
  }
  fill(5);
  Subscription again(*log, named("all"), noting());
  ASSERT_TRUE(again.wait_until(Position{15}, long_enough));
  EXPECT_EQ(seen_so_far(), up_to(15));
}

TEST_F(Subscribed, begins_where_it_is_told_the_first_time) {
  fill(10);
  auto options = named("late");
  options.after = Position{7};
  Subscription subscription(*log, options, noting());
  ASSERT_TRUE(subscription.wait_until(Position{10}, long_enough));
  EXPECT_EQ(seen_so_far(), up_to(10, 8));
}

TEST_F(Subscribed, tries_again_until_the_handler_takes_the_event) {
  fill(3);
  int failing = 2;
  Subscription subscription(*log, named("all"), [&](const Envelope& event) {
    if (event.position == Position{2} && failing-- > 0) throw std::runtime_error("not yet");
    noting()(event);
  });
  ASSERT_TRUE(subscription.wait_until(Position{3}, long_enough));
  EXPECT_EQ(seen_so_far(), up_to(3));
  EXPECT_EQ(subscription.status().failures, 2u);
  EXPECT_EQ(subscription.status().parked, 0u);
}

TEST_F(Subscribed, parks_what_fails_too_often_and_replays_it_on_request) {
  fill(5);
  std::atomic<bool> broken{true};
  Subscription subscription(*log, named("all"), [&](const Envelope& event) {
    if (broken && event.position.value % 2 == 0) throw std::runtime_error("even ones are broken");
    noting()(event);
  });
  ASSERT_TRUE(subscription.wait_until(Position{5}, long_enough));
  EXPECT_EQ(seen_so_far(), (Positions{1, 3, 5}));
  const auto parked = subscription.parked();
  ASSERT_EQ(parked.size(), 2u);
  EXPECT_EQ(parked[0].position, Position{2});
  EXPECT_EQ(parked[0].error, "even ones are broken");
  EXPECT_EQ(subscription.status().parked, 2u);
  EXPECT_EQ(subscription.replay_parked(), 0u) << "they are broken still";
  broken = false;
  EXPECT_EQ(subscription.replay_parked(), 2u);
  EXPECT_EQ(seen_so_far(), (Positions{1, 3, 5, 2, 4}));
  EXPECT_TRUE(subscription.parked().empty());
  EXPECT_EQ(subscription.status().checkpoint, Position{5});
}

// A log in which one event cannot be read any more.
class DamagedLog : public HookedLog {
 public:
  using HookedLog::HookedLog;
  std::optional<Envelope> event_at(Position position) const override {
    if (position == Position{2}) throw CorruptionError("position 2 is damaged");
    return HookedLog::event_at(position);
  }
};

TEST_F(Subscribed, replays_what_is_parked_behind_a_damaged_event) {
  fill(4);
  std::atomic<bool> broken{true};
  DamagedLog damaged(*log);
  Subscription subscription(damaged, named("all"), [&](const Envelope& event) {
    if (broken && event.position.value % 2 == 0) throw std::runtime_error("broken");
    noting()(event);
  });
  ASSERT_TRUE(subscription.wait_until(Position{4}, long_enough));
  broken = false;
  EXPECT_EQ(subscription.replay_parked(), 1u);
  EXPECT_EQ(seen_so_far(), (Positions{1, 3, 4}));
  const auto parked = subscription.parked();
  ASSERT_EQ(parked.size(), 1u);
  EXPECT_EQ(parked[0].error, "position 2 is damaged");
}

TEST_F(Subscribed, is_told_of_by_the_log_when_it_is_not_open) {
  fill(6);
  EXPECT_TRUE(kept_subscriptions(*log).empty());
  const auto breaking = [](const Envelope& event) {
    if (event.position.value % 2 == 0) throw std::runtime_error("even ones are broken");
  };
  for (const char* name : {"mails", "mail"}) {
    Subscription subscription(*log, named(name), breaking);
    ASSERT_TRUE(subscription.wait_until(Position{6}, long_enough));
  }
  fill(1);
  const auto kept = kept_subscriptions(*log);
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].name, "mail");
  EXPECT_EQ(kept[1].name, "mails");
  for (const auto& each : kept) {
    EXPECT_EQ(each.checkpoint, Position{6});
    EXPECT_EQ(each.parked, 3u);
  }
}

TEST_F(Subscribed, keeps_what_is_parked_until_it_is_dropped) {
  fill(2);
  const auto failing = [](const Envelope&) { throw std::runtime_error("never"); };
  {
    Subscription subscription(*log, named("all"), failing);
    ASSERT_TRUE(subscription.wait_until(Position{2}, long_enough));
  }
  Subscription again(*log, named("all"), failing);
  ASSERT_EQ(again.parked().size(), 2u);
  again.drop_parked(Position{1});
  ASSERT_EQ(again.parked().size(), 1u);
  EXPECT_EQ(again.parked()[0].position, Position{2});
}

TEST_F(Subscribed, halts_where_it_is_told_to_and_goes_on_when_resumed) {
  fill(4);
  auto options = named("all");
  options.after_failure = AfterFailure::halt;
  std::atomic<bool> broken{true};
  Subscription subscription(*log, options, [&](const Envelope& event) {
    if (broken && event.position == Position{3}) throw std::runtime_error("stop here");
    noting()(event);
  });
  EXPECT_FALSE(subscription.wait_until(Position{4}, long_enough));
  auto status = subscription.status();
  EXPECT_EQ(status.state, Is::halted);
  EXPECT_EQ(status.checkpoint, Position{2});
  EXPECT_EQ(status.failure, "position 3 failed 3 times: stop here");
  broken = false;
  subscription.resume();
  ASSERT_TRUE(subscription.wait_until(Position{4}, long_enough));
  EXPECT_EQ(seen_so_far(), up_to(4));
}

TEST_F(Subscribed, with_many_workers_keeps_each_stream_in_order) {
  std::mutex order_mutex;
  std::map<std::string, std::uint64_t> last;
  std::set<std::thread::id> threads;
  std::atomic<int> out_of_order{0}, together{0}, running{0};
  auto options = named("all");
  options.workers = 4;
  Subscription subscription(*log, options, [&](const Envelope& event) {
    if (++running > 1) ++together;
    {
      std::lock_guard lock(order_mutex);
      threads.insert(std::this_thread::get_id());
      auto& before = last[event.stream];
      if (event.version.value != before + 1) ++out_of_order;
      before = event.version.value;
    }
    std::this_thread::yield();
    --running;
  });
  for (int i = 0; i < 2000; ++i) append("thing/" + std::to_string(i % 40));
  ASSERT_TRUE(subscription.wait_until(Position{2000}, long_enough));
  EXPECT_EQ(out_of_order, 0);
  EXPECT_EQ(threads.size(), 4u);
  EXPECT_EQ(subscription.status().handled, 2000u);
}

TEST_F(Subscribed, has_no_checkpoint_beyond_an_event_that_is_being_handled) {
  fill(3);
  auto options = named("all");
  options.workers = 3;  // a worker each
  std::promise<void> gate;
  const auto opened = gate.get_future().share();
  Subscription subscription(*log, options, [&](const Envelope& event) {
    if (event.position == Position{1}) opened.wait();
    noting()(event);
  });
  EXPECT_FALSE(subscription.wait_until(Position{1}, milliseconds(20)));
  EXPECT_EQ(subscription.status().checkpoint, Position{0});
  gate.set_value();
  EXPECT_TRUE(subscription.wait_until(Position{3}, long_enough));
}

TEST_F(Subscribed, tells_of_a_handler_that_does_not_come_back) {
  fill(1);
  auto options = named("all");
  ManualMonotonicClock clock;
  options.clock = &clock;
  options.stuck_after = seconds(60);
  std::promise<void> gate, entered;
  Subscription subscription(*log, options, [&](const Envelope&) {
    entered.set_value();
    gate.get_future().wait();
  });
  entered.get_future().wait();
  EXPECT_EQ(subscription.status().stuck_at, std::nullopt);
  clock.advance(seconds(61));
  EXPECT_EQ(subscription.status().stuck_at, Position{1});
  gate.set_value();
  EXPECT_TRUE(subscription.wait_until(Position{1}, long_enough));
  EXPECT_EQ(subscription.status().stuck_at, std::nullopt);
}

TEST_F(Subscribed, closing_does_not_wait_for_retries_and_loses_nothing) {
  fill(3);
  auto options = named("all");
  options.retry = {
      .attempts = 1000, .first = std::chrono::hours(1), .longest = std::chrono::hours(1)};
  {
    std::promise<void> failed;
    std::once_flag once;
    Subscription subscription(*log, options, [&](const Envelope&) {
      std::call_once(once, [&] { failed.set_value(); });
      throw std::runtime_error("fails");
    });
    failed.get_future().wait();
    subscription.close();
    EXPECT_EQ(subscription.status().state, Is::closed);
  }
  Subscription again(*log, named("all"), noting());
  ASSERT_TRUE(again.wait_until(Position{3}, long_enough));
  EXPECT_EQ(seen_so_far(), up_to(3));
}

TEST_F(Subscribed, of_one_name_is_open_once) {
  Subscription subscription(*log, named("all"), noting());
  EXPECT_THROW(Subscription(*log, named("all"), noting()), ConfigurationError);
  Subscription other(*log, named("other"), noting());
}

TEST_F(Subscribed, refuses_options_no_subscription_has) {
  for (const auto* name : {"", "with a blank", "a@b", "\xc3\xa9"})
    EXPECT_THROW(Subscription(*log, named(name), noting()), InvalidInput) << name;
  auto idle = named("idle");
  idle.workers = 0;
  EXPECT_THROW(Subscription(*log, idle, noting()), InvalidInput);
  auto never = named("never");
  never.retry.attempts = 0;
  EXPECT_THROW(Subscription(*log, never, noting()), InvalidInput);
  auto hasty = named("hasty");
  hasty.retry.first = std::chrono::milliseconds(-1);
  try {
    Subscription subscription(*log, hasty, noting());
    ADD_FAILURE() << "it would ask the clock for the past";
  } catch (const InvalidInput& refused) {
    EXPECT_NE(std::string(refused.what())
                  .find("the subscription hasty: its retry policy has pauses "
                        "from -1 ms"),
              std::string::npos)
        << refused.what();
  }
}

TEST_F(Subscribed, ahead_of_the_log_proves_that_the_log_has_lost_events) {
  Commit commit;
  commit.records.emplace_back();
  commit.records.back().space = subscription_space().name;
  commit.records.back().key = "all";
  commit.records.back().value = "7";
  ASSERT_TRUE(std::holds_alternative<Appended>(log->append(std::move(commit))));
  EXPECT_THROW(Subscription(*log, named("all"), noting()), CorruptionError);
}

}  // namespace
}  // namespace annal::test
