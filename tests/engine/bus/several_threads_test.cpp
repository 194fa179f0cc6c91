// What a bus knows of events that several threads publish.
#include "engine/bus/events.hpp"
#include "engine/bus/together.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>

namespace annal::test {
namespace {

// Two threads that have published at the same moment, so that each has a lane of its own.
class TwoThreads : public ::testing::Test {
 protected:
  explicit TwoThreads(BusOptions options = {}) : bus(catalogue, with_clock(std::move(options))) {}

  BusOptions with_clock(BusOptions options) {
    options.clock = &clock;
    return options;
  }

  void run(const std::function<void(int)>& work) {
    std::barrier<> meeting(2);
    const auto together = bus.subscribe(TopicPattern::of("start"),
                                        [&](const Envelope&) { meeting.arrive_and_wait(); });
    const auto work_of = [&](int number) {
      return [&, number] {
        bus.publish(event_of("start"));
        work(number);
      };
    };
    run_together({work_of(0), work_of(1)});
  }
  // One after the other, by turns.
  void take_turns(int turns, const std::function<void(int)>& act) {
    std::atomic<int> turn{0};
    run([&](int number) {
      for (int next = number; next < turns; next += 2) {
        for (int now = turn; now != next; now = turn) turn.wait(now);
        act(next);
        ++turn;
        turn.notify_all();
      }
    });
  }

  Catalogue catalogue;
  ManualClock clock;
  Bus bus;
};

TEST_F(TwoThreads, have_one_history_newest_first) {
  take_turns(8, [&](int turn) {
    clock.advance(std::chrono::microseconds(1));
    bus.publish(event_of("e" + std::to_string(turn)));
  });
  EXPECT_EQ(types_of(bus.history({.type = TopicPattern::of("*"), .limit = 8})),
            (Names{"e7", "e6", "e5", "e4", "e3", "e2", "e1", "e0"}));
}

TEST_F(TwoThreads, have_one_history_though_the_clock_goes_back) {
  take_turns(6, [&](int turn) {
    clock.advance(std::chrono::microseconds(turn < 3 ? 10 : -1));
    bus.publish(event_of(turn % 2 == 0 ? "even" : "odd", "turn/" + std::to_string(turn)));
  });
  const auto streams = [&](const char* type) {
    Names result;
    for (const auto& event : bus.history({.type = TopicPattern::of(type)}))
      result.push_back(event.stream);
    return result;
  };
  EXPECT_EQ(streams("even"), (Names{"turn/4", "turn/2", "turn/0"})) << "each its own order";
  EXPECT_EQ(streams("odd"), (Names{"turn/5", "turn/3", "turn/1"}));
}

class TwoThreadsWithAShortMemory : public TwoThreads {
 protected:
  TwoThreadsWithAShortMemory() : TwoThreads({.history_events = 3}) {}
};

TEST_F(TwoThreadsWithAShortMemory, show_no_more_events_than_one_would) {
  take_turns(10, [&](int turn) {
    clock.advance(std::chrono::microseconds(1));
    bus.publish(event_of("e" + std::to_string(turn)));
  });
  EXPECT_EQ(types_of(bus.history()), (Names{"e9", "e8", "e7"}));
}

TEST_F(TwoThreads, are_counted_together) {
  std::atomic<int> called{0};
  const auto all = bus.subscribe(TopicPattern::of("a"), [&](const Envelope&) { ++called; });
  const auto bad = bus.subscribe(TopicPattern::of("a"), [](const Envelope&) { throw Error("no"); });
  run([&](int) {
    for (int i = 0; i < 300; ++i) bus.publish(event_of("a", "plan/1"));
  });
  auto statistics = bus.statistics();
  EXPECT_EQ(called, 600);
  EXPECT_EQ(statistics.published, 602u);
  EXPECT_EQ(statistics.told, 602u);
  EXPECT_EQ(statistics.types["a"].count, 600u);
  EXPECT_DOUBLE_EQ(statistics.types["a"].per_minute, 600);
  EXPECT_EQ(statistics.types["a"].errors, 600u);
  EXPECT_EQ(statistics.entities["plan/1"].count, 600u);
  EXPECT_EQ(statistics.subscribers.at(0).figures.count, 600u);
  EXPECT_EQ(statistics.subscribers.at(1).figures.errors, 600u);
  EXPECT_GE(statistics.types["a"].latencies.measured, 16u) << "the first eight of each at least";
  EXPECT_EQ(statistics.dead_letters, 600u);
}

TEST_F(TwoThreads, know_each_others_ids) {
  take_turns(2, [&](int turn) {
    auto event = event_of("a");
    event.id.bytes.fill(7);
    EXPECT_EQ(bus.publish(event).duplicate, turn == 1);
  });
}

// Whether control is asked or not: the second passes it while the first does.
class Twice : public TwoThreads, public ::testing::WithParamInterface<bool> {};

TEST_P(Twice, published_at_once_an_event_is_told_once) {
  std::atomic<int> told{0}, accepted{0};
  std::barrier<> meeting(2);
  const auto all = bus.subscribe(TopicPattern::of("a"), [&](const Envelope&) { ++told; });
  Connection asked;
  if (GetParam())
    asked = bus.control().add(
        [&](const Envelope&, ControlContext&) {
          meeting.arrive_and_wait();
          return ControlDecision::proceed();
        },
        {.name = "asked", .interest = Query::of_types({TopicPattern::of("a")})});
  constexpr int events = 2000;
  run([&](int) {
    for (int i = 1; i <= events; ++i) {
      auto event = event_of("a");
      event.id.bytes = {1, 2, 3};
      event.id.bytes[14] = static_cast<std::uint8_t>(i >> 8);
      event.id.bytes[15] = static_cast<std::uint8_t>(i);
      if (!GetParam()) meeting.arrive_and_wait();
      accepted += bus.publish(event).accepted() ? 1 : 0;
    }
  });
  EXPECT_EQ(told, events);
  EXPECT_EQ(accepted, events);
  EXPECT_EQ(bus.statistics().duplicates, static_cast<unsigned>(events));
}

INSTANTIATE_TEST_SUITE_P(With, Twice, ::testing::Bool(), [](const auto& tested) {
  return std::string(tested.param ? "control" : "no_control");
});

}  // namespace
}  // namespace annal::test
