// What surrounds a handler: retries, timeouts, circuit breakers, rate limits, queues, results that are
// remembered.
#include "annal/effects/can.hpp"
#include "annal/effects/policy.hpp"
#include "effects/shop.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

namespace annal::effects::test {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;
using Readings = std::vector<std::chrono::nanoseconds>;

constexpr RetryPolicy three_times{.attempts = 3, .first = 100ms, .factor = 2, .jitter = 0};

// An effect that may be given again what it gave before, and one that happens once.
struct Quote {
  using result = int;
  static constexpr std::string_view name = "quote";
  static constexpr bool idempotent = true;
  std::string article;
  std::string cache_key() const { return article; }
};
struct Order {
  using result = int;
  static constexpr std::string_view name = "order";
  std::string number;
  std::string idempotency_key() const { return number; }
};
struct Both {
  using result = int;
  static constexpr std::string_view name = "both";
  static constexpr bool idempotent = true;
  std::string cache_key() const { return "key"; }
  std::string idempotency_key() const { return "key"; }
};
// One with a policy of its own.
struct Ping {
  using result = void;
  static constexpr std::string_view name = "ping";
  static Policy policy() { return {.retry = three_times}; }
};

class Policies : public ::testing::Test {
 protected:
  Policies() {
    handlers.on<Charge>([this](const Charge& charge) {
      attempts.push_back(time.reading());
      if (failures > 0) {
        --failures;
        throw Transient("the bank is busy");
      }
      return charge.cents;
    });
  }
  Outcome<int> charge(Policy policy = {}) {
    return perform(Charge{"ann", 5}, std::move(policy)).outcome(handlers, options);
  }

  // Under the policy of the handlers.
  Outcome<int> charge_plainly() { return perform(Charge{"ann", 5}).outcome(handlers, options); }

  const VirtualTime time;
  Handlers handlers;
  RunOptions options{.time = &time};
  int failures = 0;
  Readings attempts;
};

TEST_F(Policies, try_again_what_may_pass_after_a_pause_that_grows) {
  failures = 2;
  const auto outcome = charge({.retry = three_times});
  EXPECT_EQ(outcome.value(), 5);
  EXPECT_EQ(attempts, (Readings{0ms, 100ms, 300ms}));
}

TEST_F(Policies, give_up_when_the_attempts_are_used_up) {
  failures = 3;
  const auto outcome = charge({.retry = three_times});
  EXPECT_EQ(outcome.failure().kind, FailureKind::transient);
  EXPECT_EQ(outcome.failure().attempts, 3u);
  EXPECT_THROW((void)outcome.value(), Transient) << "what the handler threw";
}

TEST_F(Policies, do_not_try_again_what_will_not_pass) {
  handlers.on<Charge>([&](const Charge&) -> int {
    attempts.push_back(time.reading());
    throw Error("no such customer");
  });
  EXPECT_EQ(charge({.retry = three_times}).failure().attempts, 1u);
  EXPECT_EQ(attempts.size(), 1u);
  const auto any = [](const Failure& failure) { return failure.effect == "charge"; };
  EXPECT_EQ(charge({.retry = three_times, .retry_if = any}).failure().attempts, 3u);
}

TEST_F(Policies, keep_retries_within_a_budget) {
  auto budget = std::make_shared<RetryBudget>(RetryBudgetOptions{.share = 0, .most = 1});
  failures = 10;
  const Policy policy{.retry = three_times, .budget = budget};
  EXPECT_EQ(charge(policy).failure().attempts, 2u);
  EXPECT_EQ(charge(policy).failure().attempts, 1u);
}

TEST_F(Policies, tell_the_handler_which_attempt_it_is) {
  std::vector<unsigned> seen;
  handlers.on<Charge>([&](const Charge&, const EffectContext& context) -> int {
    seen.push_back(context.attempt);
    throw Transient("busy");
  });
  (void)charge({.retry = three_times});
  EXPECT_EQ(seen, (std::vector<unsigned>{1, 2, 3}));
}

TEST_F(Policies, leave_their_attempts_in_the_trace) {
  failures = 2;
  Trace trace;
  options.trace = &trace;
  EXPECT_TRUE(charge({.retry = three_times}).ok());
  EXPECT_TRUE(charge().ok());
  EXPECT_EQ(trace.effects()[0].attempts, 3u);
  EXPECT_EQ(trace.effects()[1].attempts, 1u);
  EXPECT_NE(trace.to_string().find(" in 3 attempts"), std::string::npos) << trace.to_string();
}

TEST_F(Policies, give_an_attempt_up_when_its_time_is_over) {
  handlers.on<Charge>([&](const Charge&, const EffectContext& context) {
    attempts.push_back(*context.deadline - time.reading());
    if (attempts.size() < 3) time.advance(30ms);
    return 7;
  });
  const auto outcome = charge({.retry = three_times, .timeout = 20ms});
  EXPECT_EQ(outcome.value(), 7);
  EXPECT_EQ(attempts, (Readings{20ms, 20ms, 20ms}));
  EXPECT_EQ(charge({.timeout = 20ms}).value(), 7);
}

TEST_F(Policies, say_that_the_time_was_over) {
  handlers.on<Charge>([&](const Charge&) {
    time.advance(30ms);
    return 7;
  });
  const auto outcome = charge({.timeout = 20ms});
  EXPECT_EQ(outcome.failure().kind, FailureKind::timeout);
  EXPECT_EQ(outcome.failure().effect, "charge");
  EXPECT_EQ(outcome.failure().what, "it was not done within 20 ms");
}

TEST_F(Policies, leave_an_attempt_behind_where_there_are_workers) {
  std::atomic<bool> is_stopped{false};
  Workers workers(2);
  handlers.on<Charge>([&](const Charge& charge, const EffectContext& context) {
    while (!context.stop.stop_requested()) std::this_thread::yield();
    is_stopped = true;
    return charge.cents;
  });
  const auto outcome =
      perform(Charge{"ann", 5}, {.timeout = 10ms}).outcome(handlers, {.workers = &workers});
  EXPECT_EQ(outcome.failure().kind, FailureKind::timeout);
  while (!is_stopped) std::this_thread::yield();
}

TEST_F(Policies, leave_alone_what_keeps_failing) {
  auto bank = std::make_shared<CircuitBreaker>(
      CircuitOptions{.name = "bank", .failures = 2, .open_for = 1000ms, .clock = &time});
  handlers.govern<Charge>({.circuit = bank});
  failures = 2;
  EXPECT_EQ(charge_plainly().failure().kind, FailureKind::transient);
  EXPECT_EQ(charge_plainly().failure().kind, FailureKind::transient);
  const auto refused = charge_plainly();
  EXPECT_EQ(refused.failure().kind, FailureKind::circuit_open);
  EXPECT_EQ(refused.failure().what, "circuit bank is open for another 1000 ms");
  EXPECT_EQ(attempts.size(), 2u);
  time.advance(1000ms);
  EXPECT_TRUE(charge_plainly().ok()) << "a trial";
  EXPECT_EQ(bank->state(), CircuitState::closed);
}

TEST_F(Policies, wait_for_a_token_and_no_longer_than_they_may) {
  auto limit = std::make_shared<RateLimit>(RateLimitOptions{
      .name = "bank", .per_second = 10, .burst = 1, .longest_wait = 150ms, .clock = &time});
  handlers.govern<Charge>({.rate = limit});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(charge_plainly().ok());
  EXPECT_EQ(attempts, (Readings{0ms, 100ms, 200ms}));
  EXPECT_TRUE(limit->reserve("charge", 1h).has_value());
  const auto refused = charge_plainly();
  EXPECT_EQ(refused.failure().kind, FailureKind::rate_limited);
}

TEST_F(Policies, remember_the_results_of_what_is_idempotent) {
  int asked = 0;
  handlers.on<Quote>([&](const Quote&) { return ++asked; });
  auto cache = std::make_shared<RememberedResults>(
      RememberingOptions{.time_to_live = 1s, .entries = 2, .time = &time});
  handlers.govern<Quote>({.cache = cache});
  const auto quote = [&](const char* article) {
    return perform(Quote{article}).run(handlers, options);
  };
  EXPECT_EQ(quote("book"), 1);
  EXPECT_EQ(quote("book"), 1);
  EXPECT_EQ(quote("pen"), 2);
  time.advance(1s);
  EXPECT_EQ(quote("book"), 3) << "too old";
  quote("pen");
  quote("ink");
  EXPECT_EQ(quote("book"), 6) << "it made room";
  EXPECT_EQ(cache->statistics().hits, 1u);
  // What a test's handlers say is not what the others say.
  auto test = handlers.overlay();
  test.on<Quote>([](const Quote&) { return -1; });
  EXPECT_EQ(perform(Quote{"book"}).run(test, options), -1);
  EXPECT_EQ(quote("book"), 6);
}

TEST_F(Policies, remember_no_failure) {
  int asked = 0;
  handlers.on<Quote>([&](const Quote&) {
    if (++asked == 1) throw Error("no");
    return asked;
  });
  handlers.govern<Quote>({.cache = std::make_shared<RememberedResults>()});
  EXPECT_FALSE(perform(Quote{"book"}).outcome(handlers).ok());
  EXPECT_EQ(perform(Quote{"book"}).run(handlers), 2);
}

TEST_F(Policies, perform_the_same_effect_once_though_several_ask_for_it) {
  std::atomic<int> performed{0};
  auto orders = std::make_shared<RememberedResults>();
  handlers.on<Order>([&](const Order&, const EffectContext& context) {
    while (orders->statistics().shared < 3) std::this_thread::yield();
    EXPECT_EQ(context.key, "o1");
    return ++performed;
  });
  handlers.govern<Order>({.deduplicate = orders});
  std::vector<std::jthread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] { EXPECT_EQ(perform(Order{"o1"}).run(handlers), 1); });
  callers.clear();
  EXPECT_EQ(performed, 1);
}

TEST_F(Policies, may_remember_and_deduplicate_with_one_object) {
  auto both = std::make_shared<RememberedResults>();
  handlers.on<Both>([](const Both&) { return 7; });
  handlers.govern<Both>({.cache = both, .deduplicate = both});
  EXPECT_EQ(perform(Both{}).run(handlers), 7);
  EXPECT_EQ(perform(Both{}).run(handlers), 7);
}

TEST_F(Policies, tell_an_effect_that_asks_for_itself) {
  handlers.on<Order>([&](const Order& order) { return perform(order).run(handlers); });
  handlers.govern<Order>({.deduplicate = std::make_shared<RememberedResults>()});
  const auto outcome = perform(Order{"o1"}).outcome(handlers);
  EXPECT_NE(outcome.failure().what.find("asks for itself"), std::string::npos)
      << outcome.failure().what;
}

TEST_F(Policies, stop_waiting_for_a_result_when_the_run_is_asked_to_stop) {
  auto orders = std::make_shared<RememberedResults>();
  std::stop_source stopping;
  handlers.on<Order>([&](const Order&) {
    std::jthread waiting([&] {
      const auto outcome = perform(Order{"o1"}).outcome(handlers, {.stop = stopping.get_token()});
      EXPECT_EQ(outcome.failure().kind, FailureKind::cancelled);
    });
    while (orders->statistics().shared == 0) std::this_thread::yield();
    stopping.request_stop();
    waiting.join();
    return 1;
  });
  handlers.govern<Order>({.deduplicate = orders});
  EXPECT_EQ(perform(Order{"o1"}).run(handlers), 1);
}

TEST_F(Policies, tell_the_key_of_an_effect_also_where_there_are_none) {
  std::string key;
  handlers.on<Order>([&](const Order&, const EffectContext& context) {
    key = context.key;
    return 1;
  });
  perform(Order{"o1"}).run(handlers);
  EXPECT_EQ(key, "o1");
}

TEST_F(Policies, count_the_attempts_of_each_effect_for_itself) {
  failures = 2;
  handlers.on<Tell>([](const Tell&) { throw Error("no"); });
  const auto sale = perform(Charge{"ann", 5}, {.retry = three_times}).with_effect(Tell{"hi"});
  const auto failure = sale.outcome(handlers, options).failure();
  EXPECT_EQ(failure.effect, "tell");
  EXPECT_EQ(failure.attempts, 1u);
}

// A trial that was given up says nothing, and is nobody's.
TEST_F(Policies, let_another_trial_through_where_one_was_given_up) {
  auto bank = std::make_shared<CircuitBreaker>(
      CircuitOptions{.name = "bank", .failures = 1, .open_for = 1000ms, .clock = &time});
  handlers.govern<Charge>({.circuit = bank});
  failures = 1;
  EXPECT_FALSE(charge_plainly().ok());
  time.advance(1000ms);
  handlers.on<Charge>([](const Charge&) -> int {
    throw EffectFailed({.kind = FailureKind::cancelled, .what = "given up"});
  });
  EXPECT_EQ(charge_plainly().failure().kind, FailureKind::cancelled);
  EXPECT_EQ(charge_plainly().failure().kind, FailureKind::cancelled) << "let through";
}

TEST_F(Policies, let_the_more_urgent_overtake_in_the_queue) {
  auto queue = std::make_shared<EffectQueue>(EffectQueueOptions{.name = "bank", .at_once = 1});
  std::latch begun(1), may_end(1);
  Strings order;
  handlers.on<Tell>([&](const Tell& tell) {
    if (tell.text == "first") {
      begun.count_down();
      may_end.wait();
    }
    order.push_back(tell.text);
  });
  std::vector<std::jthread> callers;
  const auto tell = [&](std::string text, int priority) {
    const auto waiting = queue->statistics().waiting;
    callers.emplace_back([&handlers = handlers, queue, text = std::move(text), priority] {
      perform(Tell{text}, {.queue = queue, .priority = priority}).run(handlers);
    });
    if (callers.size() == 1)
      begun.wait();
    else
      while (queue->statistics().waiting == waiting) std::this_thread::yield();
  };
  tell("first", 0);
  tell("ordinary", 0);
  tell("also ordinary", 0);
  tell("urgent", 5);
  may_end.count_down();
  callers.clear();
  EXPECT_EQ(order, (Strings{"first", "urgent", "ordinary", "also ordinary"}));
  EXPECT_EQ(queue->statistics().performed, 4u);
}

TEST_F(Policies, refuse_what_the_queue_has_no_room_for) {
  auto queue =
      std::make_shared<EffectQueue>(EffectQueueOptions{.name = "bank", .at_once = 1, .waiting = 0});
  handlers.on<Tell>([&](const Tell&) {
    const auto inner = perform(Charge{"ann", 1}, {.queue = queue}).outcome(handlers);
    ASSERT_FALSE(inner.ok());
    EXPECT_EQ(inner.failure().kind, FailureKind::overloaded);
    EXPECT_EQ(inner.failure().what, "the queue bank is full: 0 effects wait");
  });
  perform(Tell{"hi"}, {.queue = queue}).run(handlers);
  EXPECT_EQ(queue->statistics().refused, 1u);
}

TEST_F(Policies, stop_waiting_in_the_queue_when_the_run_is_asked_to_stop) {
  auto queue = std::make_shared<EffectQueue>(EffectQueueOptions{.name = "bank", .at_once = 1});
  std::stop_source stopping;
  handlers.on<Tell>([&](const Tell&) {
    std::jthread waiting([&] {
      const auto outcome = perform(Charge{"ann", 1}, {.queue = queue})
                               .outcome(handlers, {.stop = stopping.get_token()});
      EXPECT_EQ(outcome.failure().kind, FailureKind::cancelled);
    });
    while (queue->statistics().waiting == 0) std::this_thread::yield();
    stopping.request_stop();
  });
  perform(Tell{"hi"}, {.queue = queue}).run(handlers);
  EXPECT_EQ(queue->statistics().waiting, 0u);
}

struct Check {
  using result = bool;
  static constexpr std::string_view name = "check";
};

class Batches : public ::testing::Test {
 protected:
  // Tells of the first; the others wait meanwhile and go together.
  void charge_while_one_is_told(int number, const Policy& policy) {
    std::latch begun(1), may_end(1);
    handlers.on<Tell>([&](const Tell&) {
      begun.count_down();
      may_end.wait();
    });
    std::vector<std::jthread> callers;
    callers.emplace_back([&] { perform(Tell{"hi"}, {.queue = queue}).run(handlers); });
    begun.wait();
    outcomes.resize(static_cast<std::size_t>(number), Outcome<int>(0));
    for (int i = 0; i < number; ++i)
      callers.emplace_back([&, i] {
        outcomes[static_cast<std::size_t>(i)] = perform(Charge{"ann", i}, policy).outcome(handlers);
      });
    while (queue->statistics().waiting < static_cast<std::size_t>(number))
      std::this_thread::yield();
    may_end.count_down();
  }

  std::shared_ptr<EffectQueue> queue =
      std::make_shared<EffectQueue>(EffectQueueOptions{.name = "bank", .at_once = 1, .batch = 10});
  Handlers handlers;
  std::vector<std::size_t> sizes;
  std::vector<Outcome<int>> outcomes;
};

TEST_F(Batches, perform_effects_of_one_type_by_one_call) {
  handlers.on_batch<Charge>([&](std::span<const Charge> charges) {
    sizes.push_back(charges.size());
    std::vector<int> receipts;
    for (const auto& charge : charges) receipts.push_back(charge.cents * 2);
    return receipts;
  });
  charge_while_one_is_told(25, {.queue = queue});
  EXPECT_EQ(sizes, (std::vector<std::size_t>{10, 10, 5}));
  for (int i = 0; i < 25; ++i) EXPECT_EQ(outcomes[static_cast<std::size_t>(i)].value(), 2 * i);
  EXPECT_EQ(perform(Charge{"ann", 4}).run(handlers), 8) << "alone, without a queue";
}

TEST_F(Batches, fail_as_one_and_are_tried_again_as_one) {
  handlers.on_batch<Charge>([&](std::span<const Charge> charges) -> std::vector<int> {
    sizes.push_back(charges.size());
    if (sizes.size() < 3) throw Transient("busy");
    if (sizes.size() > 3) throw Error("no");
    return std::vector<int>(charges.size(), 1);
  });
  RetryPolicy soon = three_times;
  soon.first = 0ms;
  charge_while_one_is_told(5, {.retry = soon, .queue = queue});
  EXPECT_EQ(sizes, (std::vector<std::size_t>{5, 5, 5}));
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome.value(), 1);
  charge_while_one_is_told(2, {.queue = queue});
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome.failure().what, "no");
}

// What a test puts in the place of a handler is in the place of its batches, too.
TEST_F(Batches, go_with_the_handler_of_their_layer) {
  Handlers production;
  production.on_batch<Charge>([](std::span<const Charge> charges) {
    ADD_FAILURE() << "the real bank";
    return std::vector<int>(charges.size(), 0);
  });
  handlers = production.overlay();
  handlers.on<Charge>([](const Charge&) { return -1; });
  charge_while_one_is_told(3, {.queue = queue});
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome.value(), -1);
}

TEST_F(Batches, are_surrounded_as_one_call) {
  struct Counting final : Interceptor {
    void around(const JoinPoint& point, const std::function<void()>& proceed) override {
      if (point.name == "effect::charge") seen = point.arguments;
      proceed();
    }
    std::string seen;
  };
  const auto counting = std::make_shared<Counting>();
  handlers.surround({counting});
  handlers.on_batch<Charge>(
      [](std::span<const Charge> charges) { return std::vector<int>(charges.size(), 1); });
  charge_while_one_is_told(3, {.queue = queue});
  EXPECT_EQ(counting->seen, "3 together");
}

TEST_F(Batches, give_results_of_any_type) {
  handlers.on_batch<Check>(
      [](std::span<const Check> checks) { return std::vector<bool>(checks.size(), true); });
  EXPECT_TRUE(perform(Check{}).run(handlers));
}

TEST_F(Batches, replace_one_another) {
  for (const int receipt : {1, 2}) {
    handlers.on_batch<Charge>([receipt](std::span<const Charge> charges) {
      return std::vector<int>(charges.size(), receipt);
    });
    EXPECT_EQ(perform(Charge{"ann", 1}).run(handlers), receipt);
  }
  handlers.remove<Charge>();
  EXPECT_FALSE(handlers.handles<Charge>());
}

// Where the queue is within the retries, the next attempt is the effect's own again.
TEST_F(Batches, end_with_their_call) {
  std::atomic<int> together{0}, alone{0};
  handlers.on_batch<Order>(
      [&](std::span<const Order> orders, const EffectContext& context) -> std::vector<int> {
        if (orders.size() > 1) {
          ++together;
          throw Transient("busy");
        }
        ++alone;
        EXPECT_EQ(context.key, orders.front().number);
        return {1};
      });
  auto narrow =
      std::make_shared<EffectQueue>(EffectQueueOptions{.name = "n", .at_once = 1, .batch = 2});
  RetryPolicy soon{.attempts = 50, .first = 0ms};
  const Policy policy{.retry = soon, .queue = narrow, .order = {Stage::retry, Stage::queue}};
  std::latch begun(1), may_end(1);
  handlers.on<Tell>([&](const Tell&) {
    begun.count_down();
    may_end.wait();
  });
  std::vector<std::jthread> callers;
  callers.emplace_back([&] { perform(Tell{"hi"}, {.queue = narrow}).run(handlers); });
  begun.wait();
  for (const auto* number : {"o1", "o2"})
    callers.emplace_back([&, number] { (void)perform(Order{number}, policy).outcome(handlers); });
  while (narrow->statistics().waiting < 2) std::this_thread::yield();
  may_end.count_down();
  callers.clear();
  EXPECT_GT(together, 0);
  EXPECT_EQ(alone, 2);
}

TEST_F(Batches, with_too_few_results_are_a_fault_that_says_so) {
  handlers.on_batch<Charge>([](std::span<const Charge>) { return std::vector<int>(); });
  const auto outcome = perform(Charge{"ann", 4}).outcome(handlers);
  EXPECT_NE(outcome.failure().what.find("was given 1 and returned 0 results"), std::string::npos);
}

TEST_F(Policies, are_the_nearest_as_a_whole) {
  handlers.govern<Charge>({.retry = three_times});
  failures = 10;
  EXPECT_EQ(charge_plainly().failure().attempts, 3u);
  EXPECT_EQ(charge({.timeout = 1s}).failure().attempts, 1u) << "of this one";
  auto test = handlers.overlay();
  test.govern<Charge>({});
  EXPECT_EQ(perform(Charge{"ann", 5}).outcome(test, options).failure().attempts, 1u);
  int pings = 0;
  handlers.on<Ping>([&](const Ping&) {
    if (++pings < 3) throw Transient("lost");
  });
  perform(Ping{}).run(handlers, options);
  EXPECT_EQ(pings, 3) << "the effect's own";
}

TEST_F(Policies, are_given_in_direct_style_too) {
  failures = 2;
  const auto sale = block<Charge>([](auto perform) {
    return perform(Charge{"ann", 5}, {.retry = three_times});
  });
  EXPECT_EQ(sale.run(handlers, options), 5);
}

TEST_F(Policies, are_explained_in_their_order) {
  auto bank = std::make_shared<CircuitBreaker>(CircuitOptions{.name = "bank"});
  Policy policy{.retry = three_times, .timeout = 2s, .circuit = bank};
  handlers.govern<Charge>(policy);
  EXPECT_EQ(handlers.explain<Charge>(),
            "charge, at least once: circuit bank → retry 2 times from 100 ms → timeout 2000 ms → "
            "handler");
  policy.order = {Stage::retry, Stage::circuit, Stage::timeout};
  handlers.govern<Charge>(policy);
  EXPECT_EQ(handlers.explain<Charge>(),
            "charge, at least once: retry 2 times from 100 ms → circuit bank → timeout 2000 ms → "
            "handler");
  EXPECT_EQ(Handlers().explain<Tell>(), "tell, at least once: nobody handles it");
}

// Within the retries the breaker hears of each attempt.
TEST_F(Policies, work_in_the_order_they_are_given) {
  failures = 10;
  for (const bool is_inside : {false, true}) {
    auto bank = std::make_shared<CircuitBreaker>(CircuitOptions{.name = "bank", .failures = 100});
    Policy policy{.retry = three_times, .timeout = 200ms, .circuit = bank};
    if (is_inside) policy.order = {Stage::retry, Stage::circuit, Stage::timeout};
    EXPECT_FALSE(charge(policy).ok());
    EXPECT_EQ(bank->statistics().failed, is_inside ? 3u : 1u);
  }
}

TEST_F(Policies, are_listed_in_a_dry_run) {
  handlers.govern<Charge>({.retry = three_times});
  handlers.on_dry_run<Charge>([](const Charge&) { return 1; });
  const auto found = perform(Charge{"ann", 5}).dry_run(handlers);
  ASSERT_EQ(found.trace.effects().size(), 1u);
  EXPECT_EQ(found.trace.effects()[0].policy, "retry 2 times from 100 ms");
  EXPECT_EQ(found.trace.effects()[0].delivery, Delivery::at_least_once);
  EXPECT_TRUE(attempts.empty());
}

TEST_F(Policies, that_cannot_be_kept_are_refused) {
  const auto refuse = [&](Policy policy) {
    EXPECT_THROW(handlers.govern<Charge>(policy), InvalidInput);
    EXPECT_THROW((void)perform(Charge{"ann", 5}, policy), InvalidInput);
  };
  refuse({.retry = RetryPolicy{.attempts = 0}});
  refuse({.retry_if = [](const Failure&) { return true; }});
  refuse({.timeout = 0ms});
  refuse({.priority = 1});
  refuse({.retry = three_times, .order = {Stage::timeout}});
  refuse({.retry = three_times, .order = {Stage::retry, Stage::retry}});
  refuse({.retry = three_times, .timeout = 1s, .order = {Stage::timeout, Stage::retry}});
  refuse({.cache = std::make_shared<RememberedResults>()});
  refuse({.deduplicate = std::make_shared<RememberedResults>()});
  Policy late{.queue = std::make_shared<EffectQueue>(EffectQueueOptions{}),
              .cache = std::make_shared<RememberedResults>(),
              .order = {Stage::queue, Stage::cache}};
  EXPECT_THROW(handlers.govern<Quote>(late), InvalidInput);
  EXPECT_THROW(EffectQueue({.at_once = 0}), InvalidInput);
  EXPECT_THROW(EffectQueue({.batch = 0}), InvalidInput);
  EXPECT_THROW(EffectQueue({.name = ""}), InvalidInput);
  EXPECT_THROW(RememberedResults({.entries = 0}), InvalidInput);
  EXPECT_THROW(RememberedResults({.time_to_live = 0s}), InvalidInput);
}

}  // namespace
}  // namespace annal::effects::test
