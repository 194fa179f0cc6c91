// A bus that closes: nothing that was published is lost, and nobody is waited for in vain.
#include "engine/bus/recording_bus.hpp"
#include "engine/bus/together.hpp"

#include <gtest/gtest.h>

#include <latch>

namespace annal::test {
namespace {

class Closing : public RecordingBus {};

TEST_F(Closing, sends_what_is_held_back_and_what_was_published_without_waiting) {
  record("task.progress", {.recording = Recording::best_effort, .coalesce_within = seconds(10)});
  std::latch may_go(1);
  auto slow = bus.subscribe(TopicPattern::of("slow"), [&](const Envelope&) { may_go.wait(); });
  bus.publish_nowait(event_of("slow"));
  bus.publish_nowait(event_of("task.progress", "task/7"));
  bus.publish(event_of("task.progress", "task/8"));
  may_go.count_down();
  bus.close();
  EXPECT_EQ(recorded(), (Names{"task.progress", "task.progress"}));
  bus.publish(event_of("task.progress", "task/9"));
  EXPECT_EQ(recorded().size(), 3u) << "and holds nothing back any more";
}

TEST_F(Closing, is_done_once_whoever_asks) {
  for (int i = 0; i < 50; ++i) {
    Bus closing(catalogue);
    closing.record(TopicPattern::of("a"), {.coalesce_within = seconds(10)}).release();
    closing.publish(event_of("a"));
    closing.publish_nowait(event_of("b"));
    run_together({[&] { closing.close(); }, [&] { closing.close(); }});
  }
}

TEST_F(Closing, inside_a_handler_would_deadlock) {
  int refused = 0;
  const auto closes = [&] {
    try {
      bus.close();
    } catch (const WouldDeadlock&) {
      ++refused;
    }
  };
  auto subscriber = bus.subscribe(TopicPattern::of("a"), [&](const Envelope&) { closes(); });
  auto observer =
      bus.observers().add(Query::of_types({TopicPattern::of("b")}),
                          [&](const Envelope&, std::stop_token) { closes(); }, {.name = "closing"});
  bus.publish(event_of("a"));
  bus.publish_nowait(event_of("a"));
  ASSERT_TRUE(bus.flush(long_enough));
  bus.publish(event_of("b"));
  ASSERT_TRUE(bus.observers().wait_until_idle(long_enough));
  EXPECT_EQ(refused, 3);
}

// Control wants to be asked again in an hour, and what is behind the event waits as well.
TEST_F(Closing, waits_for_no_retry) {
  Bus closing(catalogue);
  std::latch asked(1);
  auto later = closing.control().add(
      [&](const Envelope&, ControlContext&) {
        asked.count_down();
        return ControlDecision::retry(std::chrono::hours(1), "the bank is closed");
      },
      {.name = "later", .interest = Query::of_types({TopicPattern::of("pay")})});
  auto all = closing.subscribe(TopicPattern::of("behind"), notes_in(notes, "all"));
  closing.publish_nowait(event_of("pay"));
  closing.publish_nowait(event_of("behind"));
  asked.wait();
  closing.close();
  EXPECT_EQ(notes, (Names{"all:behind"}));
  EXPECT_EQ(closing.statistics().rejected, 1u);
}

TEST_F(Closing, frees_a_publisher_who_waits_for_room) {
  Bus closing(catalogue);
  std::latch begun(1), may_go(1);
  auto full =
      closing.observers().add({},
                              [&](const Envelope&, std::stop_token stop) {
                                begun.count_down();
                                std::stop_callback released(stop, [&] { may_go.count_down(); });
                                may_go.wait();
                              },
                              {.name = "full", .queue_events = 1, .when_full = WhenFull::block});
  for (int i = 0; i < 5; ++i) closing.publish_nowait(event_of("a"));
  begun.wait();
  closing.close();
}

}  // namespace
}  // namespace annal::test
