// Events held back to go out as one: in the order of their stream, and nothing of them lost.
#include "annal/bus/vocabulary.hpp"
#include "engine/bus/recording_bus.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <latch>
#include <mutex>
#include <thread>

namespace annal::test {
namespace {

class Coalescing : public RecordingBus {
 protected:
  Coalescing() {
    record("task.*", {.recording = Recording::best_effort});
    record("task.progress",
           {.recording = Recording::best_effort, .coalesce_within = milliseconds(100)});
  }
  void pass(milliseconds time) {
    monotonic.advance(time);
    bus.run_due();
  }
  std::mutex mutex;
};

TEST_F(Coalescing, holds_similar_events_back_and_sends_the_last_with_their_number) {
  Names told;
  auto all = bus.subscribe(everything(), [&](const Envelope& event) {
    told.push_back(event.data + 'x' + event.meta("coalesced").value_or("1"));
  });
  for (const auto* progress : {"10", "20", "30"}) {
    auto event = event_of("task.progress", "task/7");
    event.data = progress;
    EXPECT_TRUE(bus.publish(event).coalesced);
  }
  auto other = event_of("task.progress", "task/8");
  other.data = "50";
  bus.publish(other);
  EXPECT_EQ(told, Names{});
  monotonic.advance(milliseconds(100));
  EXPECT_EQ(bus.run_due(), 1u) << "one alarm for all";
  dispatcher.wait_until(log->head(), long_enough);
  EXPECT_EQ(told, (Names{"30x3", "50x1"}));
  EXPECT_EQ(bus.statistics().coalesced, 2u);
  EXPECT_EQ(recorded().size(), 2u);
}

TEST_F(Coalescing, lets_go_of_what_it_holds_back_before_another_event_of_the_stream) {
  bus.publish(event_of("task.progress", "task/7"));
  bus.publish(event_of("task.progress", "task/7"));
  bus.publish(event_of("task.started", "task/8"));
  EXPECT_EQ(recorded(), (Names{"task.started"})) << "another stream is no reason";
  bus.publish(event_of("task.completed", "task/7"));
  EXPECT_EQ(recorded(), (Names{"task.started", "task.progress", "task.completed"}));
  pass(seconds(1));
  EXPECT_EQ(recorded().size(), 3u);
}

TEST_F(Coalescing, keeps_the_order_of_a_batch) {
  bus.publish_batch({event_of("task.started", "task/7"), event_of("task.progress", "task/7"),
                     event_of("task.completed", "task/7")});
  EXPECT_EQ(recorded(), (Names{"task.started", "task.progress", "task.completed"}));
}

TEST_F(Coalescing, keeps_the_order_of_what_is_published_without_waiting) {
  record("task.started", {.recording = Recording::required, .batched = true});
  record("task.completed", {.recording = Recording::required, .batched = true});
  for (const auto* type : {"task.started", "task.progress", "task.completed"})
    bus.publish_nowait(event_of(type, "task/7"));
  ASSERT_TRUE(bus.flush(long_enough));
  EXPECT_EQ(recorded(), (Names{"task.started", "task.progress", "task.completed"}));
}

// Whoever repeats an event does not know what became of it.
TEST_F(Coalescing, holds_back_nothing_that_may_be_known_already) {
  Names told;
  auto all = bus.subscribe(everything(), [&](const Envelope& event) {
    told.push_back(event.data + 'x' + event.meta("coalesced").value_or("1"));
  });
  auto old = event_of("task.progress", "task/7");
  old.data = "10";
  old.id.bytes.fill(7);
  auto fresh = event_of("task.progress", "task/7");
  fresh.data = "90";
  EXPECT_FALSE(bus.publish(old).coalesced);
  EXPECT_TRUE(bus.publish(fresh).coalesced);
  EXPECT_TRUE(bus.publish(old).duplicate);
  ASSERT_TRUE(bus.flush(long_enough));
  EXPECT_EQ(told, (Names{"10x1", "90x1"}));
}

TEST_F(Coalescing, tells_a_stream_from_a_type_of_its_name) {
  record("task.progress", {.coalesce_within = milliseconds(100)});
  Names told;
  auto all = bus.subscribe(everything(), [&](const Envelope& event) {
    told.push_back(event.stream + ':' + event.meta("coalesced").value_or("1"));
  });
  bus.publish(event_of("task.progress", ""));
  bus.publish(event_of("task.progress", "task.progress"));
  pass(milliseconds(100));
  EXPECT_EQ(told, (Names{":1", "task.progress:1"}));
}

TEST_F(Coalescing, says_what_became_of_an_event_that_is_not_held_back) {
  bus.close();
  record("task.progress", {.coalesce_within = milliseconds(100)});
  auto broken = bus.subscribe(everything(), [](const Envelope&) { throw Error("no"); });
  const auto report = bus.publish(event_of("task.progress", "task/7"));
  EXPECT_FALSE(report.coalesced);
  EXPECT_EQ(report.failed, 1u);
}

TEST_F(Coalescing, is_not_waited_for_by_what_it_tells) {
  record("task.progress", {.coalesce_within = milliseconds(100)});
  bool is_refused = false;
  auto telling = bus.subscribe(TopicPattern::of("task.progress"), [&](const Envelope& event) {
    if (event.data == "again") return;
    auto again = event_of("task.progress", "task/7");
    again.data = "again";
    bus.publish(again);
    monotonic.advance(milliseconds(100));
    try {
      bus.run_due();
    } catch (const WouldDeadlock&) {
      is_refused = true;
    }
  });
  bus.publish(event_of("task.progress", "task/7"));
  pass(milliseconds(100));
  EXPECT_TRUE(is_refused);
}

TEST_F(Coalescing, goes_out_in_order_also_where_two_threads_do_what_is_due) {
  record("task.progress", {.coalesce_within = milliseconds(100)});
  std::latch sending(1), may_end(1);
  auto all = bus.subscribe(TopicPattern::of("task.progress"), [&](const Envelope& event) {
    if (event.stream == "task/1") {
      sending.count_down();
      may_end.wait();
    }
    std::lock_guard lock(mutex);
    notes.push_back(event.stream);
  });
  bus.publish(event_of("task.progress", "task/1"));
  monotonic.advance(milliseconds(1));
  bus.publish(event_of("task.progress", "task/2"));
  monotonic.advance(milliseconds(100));
  std::jthread first([&] { bus.run_due(); });
  sending.wait();
  std::jthread second([&] { bus.run_due(); });
  for (int i = 0; i < 10000; ++i) std::this_thread::yield();  // the second would have been done
  {
    std::lock_guard lock(mutex);
    EXPECT_EQ(notes, Names{});
  }
  may_end.count_down();
  first.join();
  second.join();
  EXPECT_EQ(notes, (Names{"task/1", "task/2"}));
}

// The held event is on its way on one thread when the next of its stream comes on another.
class CoalescingOvertaken : public Coalescing, public ::testing::WithParamInterface<bool> {};

TEST_P(CoalescingOvertaken, is_nothing_that_is_being_sent) {
  std::promise<void> sending, overtaken;
  bool was_overtaken = false;
  recorder->before_record = [&](const Commit& commit) {
    if (commit.events.front().type == "task.completed") return overtaken.set_value();
    sending.set_value();
    was_overtaken = overtaken.get_future().wait_for(milliseconds(200)) == std::future_status::ready;
  };
  bus.publish(event_of("task.progress", "task/7"));
  std::jthread timer([&] { pass(milliseconds(100)); });
  sending.get_future().wait();
  if (GetParam())
    bus.publish_nowait(event_of("task.completed", "task/7"));
  else
    bus.publish(event_of("task.completed", "task/7"));
  timer.join();
  ASSERT_TRUE(bus.flush(long_enough));
  EXPECT_FALSE(was_overtaken);
  EXPECT_EQ(recorded(), (Names{"task.progress", "task.completed"}));
}

INSTANTIATE_TEST_SUITE_P(By, CoalescingOvertaken, ::testing::Bool(), [](const auto& tested) {
  return std::string(tested.param ? "publish_nowait" : "publish");
});

// An observer does not wait for the thread that is sending, and sends what it finds held back.
TEST_F(Coalescing, of_one_stream_may_be_sent_by_two_threads_at_once) {
  record("echo.*", {.coalesce_within = seconds(100)});
  std::latch first_begun(1), second_begun(1), first_ended(1);
  auto first = bus.subscribe(TopicPattern::of("echo.a"), [&](const Envelope&) {
    first_begun.count_down();
    second_begun.wait();
    first_ended.count_down();
  });
  auto second = bus.subscribe(TopicPattern::of("echo.c"), [&](const Envelope&) {
    second_begun.count_down();
    first_ended.wait();
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();  // the first is done first
  });
  auto observer = bus.observers().add(Query::of_types({TopicPattern::of("go")}),
                                      [&](const Envelope&, std::stop_token) {
                                        bus.publish(event_of("echo.c", "s/1"));
                                        bus.publish(event_of("echo.d", "s/1"));
                                      },
                                      {.name = "second"});
  auto all = bus.subscribe(TopicPattern::of("echo.*"), [&](const Envelope& event) {
    std::lock_guard lock(mutex);
    notes.push_back(event.type);
  });
  bus.publish(event_of("echo.a", "s/1"));
  std::jthread sender([&] { bus.publish(event_of("echo.b", "s/1")); });
  first_begun.wait();
  bus.publish(event_of("go", "other/1"));
  sender.join();
  ASSERT_TRUE(bus.observers().wait_until_idle(long_enough));
  bus.publish(event_of("echo.e", "s/1"));
  ASSERT_TRUE(bus.flush(long_enough));
  std::sort(notes.begin(), notes.end());
  EXPECT_EQ(notes, (Names{"echo.a", "echo.b", "echo.c", "echo.d", "echo.e"}));
}

// What goes out before an event brings about another that is held back.
TEST_F(Coalescing, loses_nothing_where_a_third_type_comes_between) {
  record("echo.*", {.coalesce_within = seconds(100)});
  auto answering = bus.subscribe(TopicPattern::of("echo.a"),
                                 [&](const Envelope&) { bus.publish(event_of("echo.c", "s/1")); });
  auto all = bus.subscribe(TopicPattern::of("echo.*"), notes_in(notes, "all"));
  bus.publish(event_of("echo.a", "s/1"));
  bus.publish(event_of("echo.b", "s/1"));
  ASSERT_TRUE(bus.flush(long_enough));
  EXPECT_EQ(notes, (Names{"all:echo.a", "all:echo.c", "all:echo.b"}));
}

TEST_F(Coalescing, needs_one_alarm_for_what_is_held_for_long) {
  record("far", {.coalesce_within = std::chrono::hours(1)});
  bus.publish(event_of("far", "s/1"));
  for (int i = 0; i < 100; ++i) {
    bus.publish(event_of("task.progress", "task/7"));
    pass(milliseconds(100));
  }
  monotonic.advance(std::chrono::hours(1));
  EXPECT_EQ(bus.run_due(), 1u);
}

TEST_F(Coalescing, is_waited_for_by_a_flush_no_longer_than_it_is_told) {
  Bus timed(catalogue);
  timed.record(TopicPattern::of("a"), {.coalesce_within = seconds(100)}).release();
  std::latch may_end(1);
  auto slow = timed.subscribe(TopicPattern::of("a"), [&](const Envelope&) { may_end.wait(); });
  timed.publish(event_of("a"));
  EXPECT_FALSE(timed.flush(milliseconds(1)));
  may_end.count_down();
  EXPECT_TRUE(timed.flush(long_enough));
}

// As documents do, which are recorded without being published.
TEST_F(Coalescing, lets_go_of_what_it_holds_back_before_an_event_of_the_stream_is_admitted) {
  bus.publish(event_of("task.progress", "task/7"));
  EXPECT_TRUE(bus.admit(event_of("task.completed", "task/7")).event);
  EXPECT_EQ(recorded(), (Names{"task.progress"}));
}

TEST_F(Coalescing, records_an_event_of_one_id_once) {
  auto event = event_of("task.progress", "task/7");
  event.id.bytes.fill(7);
  for (int i = 0; i < 2; ++i) {
    bus.publish(event);
    bus.publish(event);
    pass(milliseconds(100));
  }
  EXPECT_EQ(recorded(), (Names{"task.progress"}));
}

TEST_F(Coalescing, counts_the_chain_of_causes) {
  int told = 0, refused = 0;
  auto again = bus.subscribe(TopicPattern::of("echo"), [&](const Envelope&) {
    ++told;
    try {
      bus.publish(event_of("echo"));
    } catch (const PublishRefused&) {
      ++refused;
    }
  });
  record("echo", {.coalesce_within = milliseconds(10)});
  bus.publish(event_of("echo"));
  for (int i = 0; i < 100; ++i) pass(milliseconds(10));
  EXPECT_EQ(told, 32);
  EXPECT_EQ(refused, 1);
}

TEST_F(Coalescing, is_done_when_a_flush_is) {
  bus.publish_nowait(event_of("task.progress", "task/7"));
  bus.publish(event_of("task.progress", "task/8"));
  ASSERT_TRUE(bus.flush(long_enough));
  EXPECT_EQ(recorded().size(), 2u);
}

TEST_F(Coalescing, of_more_streams_than_may_wait_lets_events_out_at_once) {
  Bus small(catalogue, {.backlog_events = 2, .monotonic = &monotonic});
  small.record(TopicPattern::of("a"), {.coalesce_within = milliseconds(100)}).release();
  auto all = small.subscribe(everything(), notes_in(notes, "all"));
  for (const auto* stream : {"s/1", "s/2", "s/3"}) small.publish(event_of("a", stream));
  EXPECT_EQ(notes.size(), 1u);
}

TEST_F(Coalescing, is_for_what_the_bus_tells_of_itself_too) {
  record("control.decided", {.coalesce_within = milliseconds(100)});
  auto no = bus.control().add(
      [](const Envelope&, ControlContext&) { return ControlDecision::skip("not today"); },
      {.name = "no"});
  std::vector<std::string> counts;
  auto told = bus.subscribe(TopicPattern::of("control.decided"), [&](const Envelope& event) {
    counts.push_back(event.meta("coalesced").value_or("1"));
  });
  for (int i = 0; i < 3; ++i) bus.publish(event_of("a"));
  EXPECT_TRUE(counts.empty());
  pass(milliseconds(100));
  EXPECT_EQ(counts, (Names{"3"}));
}

TEST_F(Coalescing, may_be_for_ever) {
  record("task.progress", {.coalesce_within = milliseconds::max()});
  bus.publish(event_of("task.progress", "task/7"));
  pass(seconds(1));
  EXPECT_TRUE(recorded().empty());
}

// On the machine's clock: the observer's next try waits for the same alarms as what is held back.
TEST(CoalescingOnTheClock, goes_on_before_an_observer_without_room) {
  Catalogue catalogue;
  Bus bus(catalogue);
  bus.record(TopicPattern::of("held"), {.coalesce_within = milliseconds(1)}).release();
  std::promise<void> all_done;
  std::atomic<int> calls{0};
  auto observer =
      bus.observers().add({},
                          [&](const Envelope& event, std::stop_token) {
                            if (++calls == 3) all_done.set_value();
                            if (event.type == "failing") throw Error("not yet");
                          },
                          {.name = "full",
                           .queue_events = 1,
                           .when_full = WhenFull::block,
                           .retry = {.attempts = 2, .first = milliseconds(20), .jitter = 0}});
  bus.publish(event_of("failing", "s/1"));
  bus.publish(event_of("held", "s/2"));
  EXPECT_EQ(all_done.get_future().wait_for(long_enough), std::future_status::ready);
}

}  // namespace
}  // namespace annal::test
