// Observers: told on threads of their own, whatever they do.
#include "annal/time/bounded_wait.hpp"
#include "engine/bus/observer_rig.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <thread>

namespace annal::test {
namespace {

using std::chrono::milliseconds;

class ObserversTest : public ObserverRig {};

TEST_F(ObserversTest, are_told_on_other_threads) {
  std::thread::id thread;
  auto connection =
      observe([&](const Envelope&, std::stop_token) { thread = std::this_thread::get_id(); });
  bus.publish(event_of("a"));
  ASSERT_TRUE(idle());
  EXPECT_NE(thread, std::thread::id());
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST_F(ObserversTest, never_keep_the_publisher_waiting) {
  auto connection = observe_held();
  for (int i = 0; i < 10; ++i) bus.publish(numbered(i, "task/7"));
  EXPECT_EQ(ended.all(), Names{}) << "publish returned though nobody is done";
  let_end();
  ASSERT_TRUE(idle());
  EXPECT_EQ(ended.all().size(), 10u);
}

TEST_F(ObserversTest, are_told_the_events_of_one_stream_in_order) {
  std::mutex mutex;
  std::map<std::string, Names> told;
  std::map<std::string, std::atomic<int>> at_once;
  for (const auto* stream : {"task/1", "task/2", "task/3", "task/4"}) at_once[stream] = 0;
  bool overlapped = false;
  auto connection = observe([&](const Envelope& event, std::stop_token) {
    if (++at_once[event.stream] > 1) overlapped = true;
    {
      std::lock_guard lock(mutex);
      told[event.stream].push_back(event.data);
    }
    --at_once[event.stream];
  });
  Names expected;
  for (int i = 0; i < 250; ++i) {
    expected.push_back(std::to_string(i));
    for (const auto* stream : {"task/1", "task/2", "task/3", "task/4"})
      bus.publish(numbered(i, stream));
  }
  ASSERT_TRUE(idle());
  for (const auto& [stream, numbers] : told) EXPECT_EQ(numbers, expected) << stream;
  EXPECT_EQ(told.size(), 4u);
  EXPECT_FALSE(overlapped);
}

TEST_F(ObserversTest, are_told_different_streams_side_by_side) {
  std::latch both(2);
  auto connection = observe([&](const Envelope&, std::stop_token) { both.arrive_and_wait(); });
  bus.publish(numbered(1, "task/1"));
  bus.publish(numbered(2, "task/2"));
  EXPECT_TRUE(idle()) << "neither returns before the other has begun";
}

TEST_F(ObserversTest, are_told_so_many_at_a_time_as_their_concurrency_says) {
  auto connection = observe_held({.concurrency = 2});
  for (int i = 0; i < 6; ++i) bus.publish(numbered(i, "task/" + std::to_string(i)));
  ASSERT_TRUE(begun.wait_for(2));
  EXPECT_EQ(status().running, 2u);
  EXPECT_EQ(status().queued, 4u);
  let_end();
  ASSERT_TRUE(idle());
  EXPECT_EQ(status().told, 6u);
}

TEST_F(ObserversTest, keep_an_order_of_their_own_where_they_name_a_key) {
  auto connection = observe_held({.key = [](const Envelope& event) { return event.type; }});
  bus.publish(numbered(1, "task/1"));
  bus.publish(numbered(2, "task/2"));
  ASSERT_TRUE(begun.wait_for(1));
  EXPECT_EQ(status().running, 1u) << "one type, one after another";
  let_end();
  ASSERT_TRUE(idle());
  EXPECT_EQ(ended.all(), (Names{"1", "2"}));
}

TEST_F(ObserversTest, that_throw_leave_dead_letters_and_are_told_of_the_next) {
  std::atomic<int> told{0};
  auto bad = observe(
      [&](const Envelope& event, std::stop_token) {
        ++told;
        if (event.data == "1") throw Error("no room");
      },
      {.name = "bad"});
  std::atomic<int> beside{0};
  auto good = observe([&](const Envelope&, std::stop_token) { ++beside; }, {.name = "good"});
  bus.publish(numbered(1, "task/1"));
  bus.publish(numbered(2, "task/1"));
  ASSERT_TRUE(idle());
  EXPECT_EQ(told, 2);
  EXPECT_EQ(beside, 2);
  ASSERT_EQ(bus.dead_letters().size(), 1u);
  EXPECT_EQ(bus.dead_letters()[0].subscriber, "bad");
  EXPECT_EQ(bus.dead_letters()[0].event.data, "1");
  EXPECT_EQ(bus.dead_letters()[0].what, "no room");
}

TEST_F(ObserversTest, try_again_after_a_pause_and_what_is_behind_waits) {
  std::atomic<int> failures{2};
  auto connection = observe(
      [&](const Envelope& event, std::stop_token) {
        begun.add(event.data);
        if (event.data == "1" && failures-- > 0) throw Error("not yet");
      },
      {.retry = {.attempts = 3, .first = milliseconds(100), .jitter = 0}});
  bus.publish(numbered(1, "task/1"));
  bus.publish(numbered(2, "task/1"));
  for (std::size_t attempt = 1; attempt < 3; ++attempt) {
    ASSERT_TRUE(begun.wait_for(attempt));
    while (status().failures < attempt) std::this_thread::yield();
    monotonic.advance(milliseconds(99));
    EXPECT_EQ(bus.run_due(), 0u);
    monotonic.advance(milliseconds(attempt == 1 ? 1 : 101));
    while (bus.run_due() == 0) std::this_thread::yield();
  }
  ASSERT_TRUE(idle());
  EXPECT_EQ(begun.all(), (Names{"1", "1", "1", "2"}));
  EXPECT_EQ(bus.dead_letters().size(), 0u);
}

// Whoever tells events of one observer at a time has no lock around what he does.
TEST_F(ObserversTest, are_told_no_more_at_a_time_while_dead_letters_are_handed_over) {
  std::atomic<int> at_once{0}, most{0};
  std::atomic<bool> broken{true};
  auto connection = observe(
      [&](const Envelope& event, std::stop_token) {
        const int now = ++at_once;
        if (now > most) most = now;
        if (event.stream == "task/2") {
          begun.add("begun");
          may_end.wait();
        }
        for (int i = 0; i < 100; ++i) std::this_thread::yield();
        --at_once;
        if (event.stream == "task/1" && broken) throw Error("no");
        ended.add(event.stream);
      },
      {.concurrency = 1});
  bus.publish(event_of("a", "task/1"));
  ASSERT_TRUE(idle());
  broken = false;
  for (const auto* stream : {"task/2", "task/3", "task/4"}) bus.publish(event_of("a", stream));
  ASSERT_TRUE(begun.wait_for(1));
  std::jthread redriving([&] { EXPECT_EQ(bus.redrive("observer"), 1u); });
  for (int i = 0; i < 10000; ++i) std::this_thread::yield();
  let_end();
  redriving.join();
  ASSERT_TRUE(idle());
  EXPECT_EQ(most, 1);
  EXPECT_EQ(ended.all().size(), 4u);
}

// On a clock of its own only run_due makes room here.
TEST_F(ObserversTest, that_are_full_do_not_keep_those_who_do_what_is_due) {
  bus.record(TopicPattern::of("held"), {.coalesce_within = milliseconds(1)}).release();
  std::atomic<int> calls{0};
  auto connection = observe(
      [&](const Envelope&, std::stop_token) {
        if (calls++ > 0) return;
        begun.add("failing");
        throw Error("not yet");
      },
      {.concurrency = 1,
       .queue_events = 1,
       .when_full = WhenFull::block,
       .retry = {.attempts = 3, .first = milliseconds(50)}});
  bus.publish(event_of("failing", "task/1"));
  ASSERT_TRUE(begun.wait_for(1));
  while (status().running > 0 || status().queued == 0) std::this_thread::yield();
  bus.publish(event_of("held", "task/2"));
  monotonic.advance(milliseconds(2));
  bus.run_due();
  monotonic.advance(milliseconds(100));
  bus.run_due();
  EXPECT_TRUE(idle());
}

// Not when they are handed the event: that is neither told nor failed.
TEST_F(ObserversTest, are_counted_when_they_are_told) {
  auto connection = observe([&](const Envelope&, std::stop_token) { throw Error("no ink"); });
  const auto report = bus.publish(event_of("a", "task/1"));
  EXPECT_EQ(report.delivered, 0u);
  EXPECT_EQ(report.failed, 0u);
  ASSERT_TRUE(idle());
  const auto statistics = bus.statistics();
  EXPECT_EQ(statistics.types.at("a").errors, 1u);
  EXPECT_EQ(statistics.entities.at("task/1").errors, 1u);
  EXPECT_TRUE(statistics.subscribers.empty());
  const auto status = bus.observers().status().at(0);
  EXPECT_EQ(status.failures, 1u);
  EXPECT_EQ(status.per_minute, 1);
}

TEST_F(ObserversTest, are_handed_their_dead_letters_again_in_order) {
  std::atomic<bool> broken{true};
  auto connection = observe([&](const Envelope& event, std::stop_token) {
    if (broken) throw Error("no room");
    ended.add(event.data);
  });
  for (int i = 1; i <= 3; ++i) bus.publish(numbered(i, "task/1"));
  ASSERT_TRUE(idle());
  EXPECT_EQ(bus.redrive("observer"), 0u);
  EXPECT_EQ(bus.dead_letters().back().attempts, 2u);
  broken = false;
  EXPECT_EQ(bus.redrive("observer"), 3u);
  EXPECT_EQ(ended.all(), (Names{"1", "2", "3"}));
  EXPECT_EQ(bus.dead_letters().size(), 0u);
}

TEST_F(ObserversTest, drop_the_oldest_to_the_dead_letters_when_full) {
  auto connection = observe_held({.concurrency = 1, .queue_events = 2});
  for (int i = 1; i <= 5; ++i) bus.publish(numbered(i, "task/" + std::to_string(i % 2)));
  ASSERT_TRUE(begun.wait_for(1));
  let_end();
  ASSERT_TRUE(idle());
  const auto dropped = status().dropped;
  EXPECT_GE(dropped, 2u);
  EXPECT_EQ(ended.all().size() + dropped, 5u);
  const auto told = ended.all();
  EXPECT_NE(std::find(told.begin(), told.end(), "5"), told.end()) << "the newest is kept";
  EXPECT_EQ(bus.dead_letters().size(), dropped);
  EXPECT_NE(bus.dead_letters()[0].what.find("2 events were waiting"), std::string::npos);
}

TEST_F(ObserversTest, may_keep_whoever_dispatches_waiting_for_room) {
  auto connection =
      observe_held({.concurrency = 1, .queue_events = 1, .when_full = WhenFull::block});
  std::atomic<int> published{0};
  std::jthread publisher([&] {
    for (int i = 1; i <= 4; ++i) {
      bus.publish(numbered(i, "task/1"));
      ++published;
    }
  });
  ASSERT_TRUE(begun.wait_for(1));
  let_end();
  publisher.join();
  ASSERT_TRUE(idle());
  EXPECT_EQ(ended.all(), (Names{"1", "2", "3", "4"}));
  EXPECT_EQ(status().dropped, 0u);
}

TEST_F(ObserversTest, that_take_too_long_are_asked_to_stop_counted_and_told_of) {
  Notes warnings;
  auto listening = bus.subscribe(TopicPattern::of("warning.raised"), [&](const Envelope& event) {
    if (event.source == "annal") warnings.add(event.type);
  });
  auto connection =
      bus.observers().add(Query::of_stream("task/1"),
                          [&](const Envelope& event, std::stop_token stop) {
                            begun.add(event.data);
                            std::latch stopped(1);
                            const std::stop_callback on_stop(stop, [&] { stopped.count_down(); });
                            stopped.wait();
                            ended.add(event.data);
                          },
                          {.name = "slow", .timeout = milliseconds(50)});
  bus.publish(numbered(1, "task/1"));
  ASSERT_TRUE(begun.wait_for(1));
  monotonic.advance(milliseconds(49));
  EXPECT_EQ(bus.run_due(), 0u);
  monotonic.advance(milliseconds(1));
  EXPECT_EQ(bus.run_due(), 1u);
  ASSERT_TRUE(ended.wait_for(1));
  EXPECT_EQ(status().overdue, 1u);
  EXPECT_EQ(warnings.all().size(), 1u);
}

TEST_F(ObserversTest, are_quarantined_after_so_many_overdue_calls_and_miss_nothing) {
  auto connection =
      bus.observers().add(Query::of_stream("task/1"),
                          [&](const Envelope& event, std::stop_token) {
                            begun.add(event.data);
                            may_end.wait();
                            ended.add(event.data);
                          },
                          {.name = "slow", .timeout = milliseconds(50), .quarantine_after = 1});
  bus.publish(numbered(1, "task/1"));
  bus.publish(numbered(2, "task/1"));
  ASSERT_TRUE(begun.wait_for(1));
  monotonic.advance(milliseconds(50));
  EXPECT_EQ(bus.run_due(), 1u);
  EXPECT_TRUE(status().quarantined);
  bus.publish(numbered(3, "task/1"));
  let_end();
  ASSERT_TRUE(idle());
  EXPECT_EQ(ended.all(), (Names{"1"}));
  EXPECT_EQ(bus.redrive("slow"), 0u) << "it is quarantined still";
  EXPECT_TRUE(bus.observers().release("slow"));
  EXPECT_EQ(bus.redrive("slow"), 2u);
  EXPECT_EQ(ended.all(), (Names{"1", "2", "3"}));
  EXPECT_FALSE(bus.observers().release("nobody"));
}

TEST_F(ObserversTest, that_never_return_leave_their_thread_to_others) {
  BusOptions narrow = options();
  narrow.observer_threads = 1;
  Bus small(catalogue, narrow);
  auto stuck = small.observers().add(Query::of_stream("task/1"),
                                     [&](const Envelope&, std::stop_token) {
                                       begun.add("stuck");
                                       may_end.wait();
                                     },
                                     {.name = "stuck", .timeout = milliseconds(50)});
  auto other = small.observers().add(Query::of_stream("task/2"),
                                     [&](const Envelope&, std::stop_token) { ended.add("other"); },
                                     {.name = "other"});
  small.publish(numbered(1, "task/1"));
  ASSERT_TRUE(begun.wait_for(1));
  small.publish(numbered(2, "task/2"));
  monotonic.advance(milliseconds(50));
  EXPECT_EQ(small.run_due(), 1u);
  EXPECT_TRUE(ended.wait_for(1));
  let_end();
}

TEST_F(ObserversTest, are_waited_for_when_they_are_cut_so) {
  bool done = false;
  auto connection = observe([&](const Envelope&, std::stop_token) {
    begun.add("begun");
    may_end.wait();
    done = true;
  });
  bus.publish(event_of("a"));
  ASSERT_TRUE(begun.wait_for(1));
  std::jthread releasing([&] { let_end(); });
  connection.disconnect_and_wait();
  EXPECT_TRUE(done);
}

TEST_F(ObserversTest, may_not_wait_for_themselves) {
  std::string said;
  Connection connection;
  connection = observe([&](const Envelope&, std::stop_token) {
    try {
      bus.observers().wait_until_idle(long_enough);
    } catch (const WouldDeadlock& error) {
      said = error.what();
    }
  });
  bus.publish(event_of("a"));
  ASSERT_TRUE(idle());
  EXPECT_NE(said, "");
}

TEST_F(ObserversTest, drop_what_waits_when_they_are_cut) {
  auto connection = observe_held({.concurrency = 1});
  for (int i = 1; i <= 3; ++i) bus.publish(numbered(i, "task/1"));
  ASSERT_TRUE(begun.wait_for(1));
  connection.disconnect();
  let_end();
  ASSERT_TRUE(idle());
  EXPECT_EQ(bus.observers().status().size(), 0u);
  ASSERT_TRUE(ended.wait_for(1));
  EXPECT_EQ(ended.all(), (Names{"1"}));
}

TEST_F(ObserversTest, go_with_their_owners) {
  auto owner = std::make_shared<int>(1);
  std::atomic<int> told{0};
  observe([&](const Envelope&, std::stop_token) { ++told; }, {.owner = owner}).release();
  bus.publish(event_of("a"));
  ASSERT_TRUE(idle());
  owner.reset();
  bus.publish(event_of("a"));
  ASSERT_TRUE(idle());
  EXPECT_EQ(told, 1);
  EXPECT_EQ(bus.observers().status().size(), 0u);
}

TEST_F(ObserversTest, count_the_chain_of_causes_across_threads) {
  std::atomic<int> told{0};
  auto endless = observe([&](const Envelope& event, std::stop_token) {
    ++told;
    bus.publish(event_of(event.type));
  });
  bus.publish(event_of("again"));
  ASSERT_TRUE(idle());
  EXPECT_EQ(told, 32);
  EXPECT_EQ(bus.dead_letters().size(), 1u);
}

TEST_F(ObserversTest, refuse_what_could_never_work) {
  const ObserverHandler fine = [](const Envelope&, std::stop_token) {};
  const auto add = [&](ObserverHandler handler, ObserverOptions with) {
    (void)bus.observers().add(Query(), std::move(handler), std::move(with));
  };
  EXPECT_THROW(add(nullptr, {.name = "a"}), InvalidInput);
  EXPECT_THROW(add(fine, {.name = ""}), InvalidInput);
  EXPECT_THROW(add(fine, {.name = "a", .concurrency = 0}), InvalidInput);
  EXPECT_THROW(add(fine, {.name = "a", .queue_events = 0}), InvalidInput);
  EXPECT_THROW(add(fine, {.name = "a", .timeout = milliseconds(-1)}), InvalidInput);
  EXPECT_THROW(add(fine, {.name = "a", .retry = {.attempts = 0}}), InvalidInput);
  EXPECT_THROW(add(fine, {.name = "a", .retry = {.first = milliseconds(-1)}}), InvalidInput);
  EXPECT_THROW(add(fine, {.name = "a", .retry = {.longest = milliseconds(1)}}), InvalidInput);
  EXPECT_THROW(add(fine, {.name = "a", .retry = {.factor = 0.5}}), InvalidInput);
  EXPECT_THROW(add(fine, {.name = "a", .retry = {.jitter = 2}}), InvalidInput);
  const double no_number = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(add(fine, {.name = "a", .retry = {.factor = no_number}}), InvalidInput);
  EXPECT_THROW(add(fine, {.name = "a", .when_full = WhenFull::spill}), ConfigurationError);
  auto first = bus.observers().add(Query(), fine, {.name = "a"});
  EXPECT_THROW(add(fine, {.name = "a"}), InvalidInput);
  EXPECT_EQ(bus.observers().status().size(), 1u);
}

TEST_F(ObserversTest, are_refused_where_no_thread_could_tell_them) {
  BusOptions without = options();
  without.observer_threads = 0;
  Bus none(catalogue, without);
  try {
    (void)none.observers().add(Query(), [](const Envelope&, std::stop_token) {}, {.name = "a"});
    FAIL() << "nothing was thrown";
  } catch (const ConfigurationError& error) {
    EXPECT_NE(std::string(error.what()).find("observer_threads is 0"), std::string::npos);
  }
}

TEST_F(ObserversTest, may_take_and_be_waited_for_as_long_as_can_be_said) {
  auto connection = observe_held({.timeout = milliseconds::max(), .quarantine_after = 1});
  bus.publish(numbered(1, "task/1"));
  ASSERT_TRUE(begun.wait_for(1));
  monotonic.advance(std::chrono::hours(24));
  EXPECT_EQ(bus.run_due(), 0u);
  EXPECT_EQ(status().overdue, 0u);
  std::jthread releasing([&] { let_end(); });
  EXPECT_TRUE(bus.observers().wait_until_idle(milliseconds::max()));
}

TEST_F(ObserversTest, may_pause_between_attempts_as_long_as_can_be_said) {
  auto connection = observe([](const Envelope&, std::stop_token) { throw Error("no"); },
                            {.retry = {.attempts = 2,
                                       .first = milliseconds::max(),
                                       .longest = milliseconds::max(),
                                       .jitter = 0}});
  bus.publish(numbered(1, "task/1"));
  while (status().failures < 1 || status().running > 0) std::this_thread::yield();
  EXPECT_EQ(bus.run_due(), 0u);
  EXPECT_EQ(status().failures, 1u);
}

TEST(BoundedWait, is_at_least_nothing_and_at_most_a_hundred_years) {
  using std::chrono::hours;
  using std::chrono::nanoseconds;
  EXPECT_EQ(bounded_wait(milliseconds(5)), nanoseconds(5'000'000));
  EXPECT_EQ(bounded_wait(milliseconds(-5)), nanoseconds(0));
  EXPECT_EQ(bounded_wait(milliseconds::min()), nanoseconds(0));
  EXPECT_EQ(bounded_wait(std::chrono::duration<double>(0.5)), nanoseconds(500'000'000));
  const auto longest = bounded_wait(milliseconds::max());
  EXPECT_GE(longest, hours(24 * 36500));
  EXPECT_EQ(bounded_wait(hours::max()), longest);
  EXPECT_EQ(bounded_wait(nanoseconds::max()), longest);
  EXPECT_GT(std::chrono::steady_clock::now().time_since_epoch() + longest, longest);
  static_assert(bounded_wait(std::chrono::seconds(1)) == nanoseconds(1'000'000'000));
}

}  // namespace
}  // namespace annal::test
