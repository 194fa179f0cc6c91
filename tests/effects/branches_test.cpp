// Programs that are run side by side, against one another, and for so long.
#include "effects/shop.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <thread>

namespace annal::effects::test {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

// Waits until it is asked to stop, and says how it ended.
struct Wait {
  using result = void;
  static constexpr std::string_view name = "wait";
};

class Branches : public ::testing::Test {
 protected:
  Branches() {
    handlers.on<FindCustomer>(
        [](const FindCustomer& find) { return "customer " + std::to_string(find.number); });
    handlers.on<Charge>([](const Charge& charge) { return charge.cents; });
    handlers.on<Tell>([this](const Tell&) { ++told; });
    handlers.on<Wait>([this](const Wait&, const EffectContext& context) {
      ++waiting;
      while (!context.stop.stop_requested()) std::this_thread::yield();
      ++stopped;
    });
  }
  Effect<int> never() const { return perform(Wait{}).then(perform(Charge{"late", 0})); }

  Handlers handlers;
  std::atomic<int> told{0}, waiting{0}, stopped{0};
  std::atomic<bool> may_end{false};
  Workers workers{4};
  RunOptions together{.workers = &workers};
};

TEST_F(Branches, give_all_their_values_in_order) {
  const auto both = all(perform(FindCustomer{7}), perform(Charge{"ann", 5}), perform(Tell{"hi"}));
  for (const RunOptions& options : {RunOptions(), together}) {
    const auto [customer, cents, nothing] = both.run(handlers, options);
    EXPECT_EQ(customer, "customer 7");
    EXPECT_EQ(cents, 5);
  }
  EXPECT_EQ(told, 2);
}

TEST_F(Branches, give_all_the_values_of_a_list) {
  std::vector<Effect<int>> charges;
  for (int i = 0; i < 100; ++i) charges.push_back(perform(Charge{"ann", i}));
  const auto everything = all(charges);
  for (const RunOptions& options : {RunOptions(), together}) {
    const auto values = everything.run(handlers, options);
    ASSERT_EQ(values.size(), 100u);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], i);
  }
  EXPECT_TRUE(all(std::vector<Effect<int>>()).run(handlers, together).empty());
  all(std::vector<Effect<void>>(3, perform(Tell{"hi"}))).run(handlers, together);
  EXPECT_EQ(told, 3);
}

TEST_F(Branches, run_side_by_side_where_there_are_workers) {
  std::latch meeting(3);
  handlers.on<Tell>([&](const Tell&) { meeting.arrive_and_wait(); });
  all(std::vector<Effect<void>>(3, perform(Tell{"hi"}))).run(handlers, together);
}

TEST_F(Branches, run_no_more_at_a_time_than_they_may) {
  std::atomic<int> now{0}, most{0};
  handlers.on<Tell>([&](const Tell&) {
    const int here = ++now;
    int known = most;
    while (here > known && !most.compare_exchange_weak(known, here)) {
    }
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    --now;
  });
  all(std::vector<Effect<void>>(40, perform(Tell{"hi"})), 2).run(handlers, together);
  EXPECT_LE(most, 2);
}

// Each waits for its parts, and they share few workers.
TEST_F(Branches, may_be_nested_deeper_than_there_are_workers) {
  Effect<void> program = perform(Tell{"leaf"});
  for (int depth = 0; depth < 8; ++depth) program = all(std::vector<Effect<void>>(2, program));
  program.run(handlers, together);
  EXPECT_EQ(told, 256);
}

TEST_F(Branches, stop_where_one_fails_which_is_the_failure_of_all) {
  handlers.on<Charge>([this](const Charge&) -> int {
    while (waiting == 0) std::this_thread::yield();
    throw Transient("the bank is busy");
  });
  const auto both = all(never(), perform(Charge{"ann", 5}));
  const auto outcome = both.outcome(handlers, together);
  EXPECT_EQ(outcome.failure().effect, "charge");
  EXPECT_EQ(outcome.failure().kind, FailureKind::transient);
  EXPECT_EQ(stopped, 1) << "and what had begun was waited for";
}

TEST_F(Branches, do_not_begin_once_one_has_failed) {
  handlers.on<Charge>([](const Charge&) -> int { throw Error("no"); });
  const auto outcome = all(perform(Charge{"ann", 5}), perform(Tell{"hi"})).outcome(handlers);
  EXPECT_FALSE(outcome.ok());
  EXPECT_EQ(told, 0);
}

TEST_F(Branches, are_recovered_from_as_a_whole) {
  handlers.on<Charge>([](const Charge&) -> int { throw Error("no"); });
  const auto both = all(std::vector<Effect<int>>(2, perform(Charge{"ann", 5})))
                        .recover([](const Failure& failure) {
                          return pure(std::vector<int>{static_cast<int>(failure.attempts)});
                        });
  EXPECT_EQ(both.run(handlers, together), std::vector<int>{1});
}

TEST_F(Branches, are_asked_to_stop_with_the_whole) {
  std::stop_source stopping;
  std::jthread asking([&] {
    while (waiting < 2) std::this_thread::yield();
    stopping.request_stop();
  });
  RunOptions options = together;
  options.stop = stopping.get_token();
  const auto outcome = all(never(), never()).outcome(handlers, options);
  EXPECT_EQ(outcome.failure().kind, FailureKind::cancelled);
  EXPECT_EQ(stopped, 2);
}

TEST_F(Branches, leave_their_effects_in_the_trace) {
  Trace trace;
  RunOptions options = together;
  options.trace = &trace;
  perform(Tell{"before"})
      .then(all(perform(Charge{"ann", 5}), perform(FindCustomer{7})))
      .run(handlers, options);
  ASSERT_EQ(trace.effects().size(), 3u);
  EXPECT_EQ(names(trace), (Strings{"tell", "charge", "find_customer"}));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(trace.effects()[i].order, i + 1);
    EXPECT_EQ(trace.effects()[i].outcome, EffectOutcome::ok);
    EXPECT_GE(trace.effects()[i].start, trace.effects()[0].start);
  }
}

TEST_F(Branches, are_all_listed_in_a_dry_run) {
  const auto both = all(perform(FindCustomer{7}), perform(Charge{"ann", 5}));
  const auto found = both.dry_run(handlers);
  EXPECT_EQ(names(found.trace), (Strings{"find_customer", "charge"}));
  EXPECT_TRUE(found.complete);
  EXPECT_FALSE(found.value);
}

TEST_F(Branches, that_race_give_the_value_of_the_first) {
  const auto outcome = race(never(), perform(Charge{"ann", 5})).outcome(handlers, together);
  EXPECT_EQ(outcome.value(), 5);
  EXPECT_EQ(stopped, waiting) << "whoever had begun was asked to stop, and waited for";
}

TEST_F(Branches, that_race_may_fail_as_long_as_one_does_not) {
  const auto losing = fail<int>(Error("no"));
  EXPECT_EQ(race(losing, perform(Charge{"ann", 5})).run(handlers, together), 5);
  EXPECT_THROW(race(losing, losing).run(handlers, together), Error);
}

TEST_F(Branches, that_race_need_a_worker_each_but_one) {
  const auto outcome = race(pure(1), pure(2)).outcome(handlers);
  EXPECT_EQ(outcome.failure().kind, FailureKind::overloaded);
  EXPECT_NE(outcome.failure().what.find("needs workers"), std::string::npos);
  EXPECT_EQ(race(pure(1)).run(handlers), 1);
  EXPECT_THROW((void)race(std::vector<Effect<int>>()), InvalidInput);
}

TEST_F(Branches, are_left_behind_when_their_time_is_up) {
  handlers.on<Wait>([this](const Wait&) {
    ++waiting;
    while (!may_end) std::this_thread::yield();
  });
  Trace trace;
  RunOptions options = together;
  options.trace = &trace;
  const auto line = std::source_location::current().line() + 1;
  const auto outcome = perform(Tell{"hi"}).then(never()).timeout(300ms).outcome(handlers, options);
  EXPECT_EQ(outcome.failure().kind, FailureKind::timeout);
  may_end = true;
  EXPECT_EQ(outcome.failure().what, "it was not done within 300 ms");
  EXPECT_EQ(outcome.failure().origin.line(), line);
  ASSERT_EQ(names(trace), (Strings{"tell", "wait"}));
  EXPECT_EQ(trace.effects()[1].outcome, EffectOutcome::unfinished);
}

// What the workers still do keeps what it uses.
TEST_F(Branches, that_were_left_behind_keep_the_handlers_they_began_with) {
  std::weak_ptr<int> used;
  {
    auto receipts = std::make_shared<int>(1);
    used = receipts;
    Handlers passing;
    passing.on<Wait>([this, receipts = std::move(receipts)](const Wait&) {
      while (!may_end) std::this_thread::yield();
      ++*receipts;
    });
    const auto outcome = perform(Wait{}).timeout(1ms).outcome(passing, together);
    EXPECT_EQ(outcome.failure().kind, FailureKind::timeout);
  }
  EXPECT_FALSE(used.expired());
  may_end = true;
  while (!used.expired()) std::this_thread::yield();
}

TEST_F(Branches, that_are_done_in_time_give_their_value) {
  EXPECT_EQ(perform(Charge{"ann", 5}).timeout(20s).run(handlers, together), 5);
  EXPECT_THROW(fail<int>(Error("no")).timeout(20s).run(handlers, together), Error);
  EXPECT_EQ(perform(Charge{"ann", 5}).timeout(20s).run(handlers), 5);
}

TEST_F(Branches, take_too_long_also_where_nobody_can_be_left_behind) {
  const VirtualTime time;
  std::optional<std::chrono::nanoseconds> deadline;
  handlers.on<Charge>([&](const Charge&, const EffectContext& context) {
    deadline = context.deadline;
    time.advance(30ms);
    return 1;
  });
  const auto outcome = perform(Charge{"ann", 5})
                           .timeout(20ms)
                           .outcome(handlers, {.workers = &workers, .time = &time});
  EXPECT_EQ(outcome.failure().kind, FailureKind::timeout);
  EXPECT_EQ(deadline, 20ms);
}

TEST_F(Branches, with_a_deadline_are_done_here_where_every_worker_is_busy) {
  Workers one(1);
  std::latch begun(1), may_return(1);
  ASSERT_TRUE(one.try_begin([&] {
    begun.count_down();
    may_return.wait();
  }));
  begun.wait();
  EXPECT_EQ(pure(1).timeout(1s).run(handlers, {.workers = &one}), 1);
  may_return.count_down();
}

// They take all workers themselves.
TEST_F(Branches, may_each_have_a_deadline) {
  std::vector<Effect<int>> charges(20, perform(Charge{"ann", 1}).timeout(20s));
  EXPECT_EQ(all(charges).run(handlers, together).size(), 20u);
}

TEST_F(Branches, that_race_are_begun_at_once_or_not_at_all) {
  Workers one(1);
  std::atomic<int> raced{0};
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 3; ++thread)
    threads.emplace_back([&] {
      for (int round = 0; round < 300; ++round)
        raced += race(never(), pure(1)).outcome(handlers, {.workers = &one}).ok() ? 1 : 0;
    });
  threads.clear();
  EXPECT_GT(raced, 0);
}

TEST_F(Branches, one_after_another_have_the_same_worker) {
  Workers one(1);
  for (int round = 0; round < 500; ++round)
    ASSERT_EQ(race(pure(1), pure(2)).outcome(handlers, {.workers = &one}).ok(), true) << round;
}

TEST_F(Branches, that_are_late_say_what_they_threw) {
  const VirtualTime time;
  handlers.on<Charge>([&](const Charge&) -> int {
    time.advance(1s);
    throw Error("no money");
  });
  const auto outcome = perform(Charge{"ann", 1}).timeout(1ms).outcome(handlers, {.time = &time});
  EXPECT_EQ(outcome.failure().what, "no money");
}

TEST_F(Branches, have_the_nearer_of_two_deadlines) {
  const VirtualTime time;
  handlers.on<Charge>([&](const Charge&, const EffectContext& context) {
    return static_cast<int>(context.deadline->count() / 1'000'000);
  });
  EXPECT_EQ(perform(Charge{"ann", 1}).timeout(10s).timeout(1s).run(handlers, {.time = &time}),
            1000);
}

TEST_F(Branches, that_race_do_not_recover_from_a_missing_handler) {
  handlers.remove<Charge>();
  const auto late = perform(Wait{}).then(pure(7));
  EXPECT_THROW(race(late, perform(Charge{"ann", 1})).run(handlers, together), MissingHandler);
}

// What was left behind may want to go on side by side when the end has come.
TEST_F(Branches, that_were_left_behind_end_with_the_workers) {
  for (int round = 0; round < 50; ++round) {
    Workers few(2);
    const auto program = perform(Wait{})
                             .recover([](std::exception_ptr) { return pure(); })
                             .then(all(std::vector<Effect<void>>(4, pure())));
    (void)program.timeout(100us).outcome(handlers, {.workers = &few});
  }
}

TEST(WorkersTest, begin_no_more_threads_than_they_may_and_keep_those_they_have) {
  EXPECT_THROW(Workers(0), InvalidInput);
  Workers workers(2);
  EXPECT_EQ(workers.free(), 2u);
  for (int round = 0; round < 100; ++round) {
    std::latch begun(2), may_end(1);
    const auto work = [&] {
      begun.count_down();
      may_end.wait();
    };
    while (!workers.try_begin(work)) std::this_thread::yield();
    while (!workers.try_begin(work)) std::this_thread::yield();
    begun.wait();
    EXPECT_FALSE(workers.try_begin([] {}));
    EXPECT_EQ(workers.statistics().busy, 2u);
    may_end.count_down();
    while (workers.free() < 2) std::this_thread::yield();
  }
  EXPECT_EQ(workers.statistics().threads, 2u);
}

}  // namespace
}  // namespace annal::effects::test
