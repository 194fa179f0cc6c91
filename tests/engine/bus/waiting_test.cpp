// Cutting a connection and waiting for its handler, which runs on another thread.
#include "engine/bus/events.hpp"
#include "engine/bus/together.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace annal::test {
namespace {

// One of the ways to be called by a bus.
struct Kind {
  std::string name;
  std::function<Connection(Bus&, std::function<void()>)> attach;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

Connection attach_subscriber(Bus& bus, std::function<void()> call) {
  return bus.subscribe(TopicPattern::of("a"), [call](const Envelope&) { call(); },
                       {.name = "attached"});
}
Connection attach_entity(Bus& bus, std::function<void()> call) {
  return bus.subscribe_entity("document/orders/7", [call](const Envelope& event) {
    if (event.type == "a") call();
  });
}
Connection attach_middleware(Bus& bus, std::function<void()> call) {
  return bus.use("attached", [call](Envelope event) {
    if (event.type == "a") call();
    return std::optional(std::move(event));
  });
}
Connection attach_control(Bus& bus, std::function<void()> call) {
  return bus.control().add(
      [call](const Envelope&, ControlContext&) {
        call();
        return ControlDecision::proceed();
      },
      {.name = "attached", .interest = Query::of_types({TopicPattern::of("a")})});
}

class Waiting : public ::testing::TestWithParam<Kind> {
 protected:
  [[nodiscard]] Connection attach(std::function<void()> call) {
    return GetParam().attach(bus, std::move(call));
  }
  // Something to do for a while, for which no clock is needed.
  void publish_others() {
    for (int i = 0; i < 200; ++i) bus.publish(event_of("other"));
  }

  Catalogue catalogue;
  Bus bus{catalogue};
};

TEST_P(Waiting, ends_when_the_handler_has_returned) {
  for (int round = 0; round < 20; ++round) {
    std::latch running(1);
    std::atomic<bool> may_return{false}, has_returned{false};
    auto connection = attach([&] {
      running.count_down();
      may_return.wait(false);
      publish_others();
      has_returned = true;
    });
    std::jthread publishing([&] { bus.publish(event_of("a")); });
    running.wait();
    may_return = true;
    may_return.notify_all();
    connection.disconnect_and_wait();
    EXPECT_TRUE(has_returned);
    EXPECT_FALSE(connection.connected());
  }
}

TEST_P(Waiting, is_not_done_by_disconnecting) {
  std::latch running(1), may_return(1);
  auto connection = attach([&] {
    running.count_down();
    may_return.wait();
  });
  std::jthread publishing([&] { bus.publish(event_of("a")); });
  running.wait();
  connection.disconnect();
  may_return.count_down();
}

TEST_P(Waiting, is_over_at_once_when_nothing_runs) {
  int calls = 0;
  auto connection = attach([&] { ++calls; });
  bus.publish(event_of("a"));
  connection.disconnect_and_wait();
  bus.publish(event_of("a"));
  EXPECT_EQ(calls, 1);
}

TEST_P(Waiting, inside_the_handler_itself_would_deadlock_and_cuts_all_the_same) {
  Connection connection;
  int calls = 0, refused = 0;
  connection = attach([&] {
    ++calls;
    try {
      connection.disconnect_and_wait();
    } catch (const WouldDeadlock&) {
      ++refused;
    }
  });
  bus.publish(event_of("a"));
  bus.publish(event_of("a"));
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(refused, 1);
  EXPECT_FALSE(connection.connected());
}

TEST_P(Waiting, for_a_subscriber_inside_any_handler_would_deadlock_and_cuts_all_the_same) {
  int told = 0, refused = 0;
  auto victim = bus.subscribe(TopicPattern::of("other"), [&](const Envelope&) { ++told; });
  const auto connection = attach([&] {
    try {
      victim.disconnect_and_wait();
    } catch (const WouldDeadlock&) {
      ++refused;
    }
  });
  bus.publish(event_of("a"));
  bus.publish(event_of("other"));
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(told, 0);
}

TEST_P(Waiting, in_a_handler_of_another_bus_is_allowed) {
  Bus other(catalogue);
  auto connection = attach([] {});
  bool has_waited = false;
  const auto there = other.subscribe(everything(), [&](const Envelope&) {
    connection.disconnect_and_wait();
    has_waited = true;
  });
  other.publish(event_of("a"));
  EXPECT_TRUE(has_waited);
}

// What the handler uses goes right after; a sanitizer sees a call that comes later.
TEST_P(Waiting, is_enough_to_destroy_what_the_handler_uses) {
  constexpr int owners = 150;
  std::atomic<bool> done{false};
  const auto publish = [&] {
    while (!done) bus.publish(event_of("a"));
  };
  run_together({publish, publish, [&] {
                  for (int round = 0; round < owners; ++round) {
                    auto used = std::make_unique<std::vector<std::string>>(3, "in use");
                    std::atomic<int> wrong{0};
                    auto connection = attach([&wrong, all = used.get()] {
                      for (const auto& each : *all) wrong += each != "in use";
                    });
                    for (int i = 0; i < 3; ++i) bus.publish(event_of("a"));
                    connection.disconnect_and_wait();
                    used->assign(3, "gone");
                    used.reset();
                    EXPECT_EQ(wrong, 0);
                  }
                  done = true;
                }});
}

INSTANTIATE_TEST_SUITE_P(For, Waiting,
                         ::testing::Values(Kind{"subscriber", attach_subscriber},
                                           Kind{"entity", attach_entity},
                                           Kind{"middleware", attach_middleware},
                                           Kind{"control", attach_control}),
                         [](const auto& kind) { return kind.param.name; });

// A handler that is handed a dead letter is no different.
class WaitingForALetter : public ::testing::Test {
 protected:
  [[nodiscard]] Connection fail_first(std::function<void()> then) {
    return bus.subscribe(everything(),
                         [this, then](const Envelope&) {
                           if (!std::exchange(has_failed, true)) throw Error("no");
                           then();
                         },
                         {.name = "mailer"});
  }
  Catalogue catalogue;
  Bus bus{catalogue};
  bool has_failed = false;
};

TEST_F(WaitingForALetter, ends_when_the_handler_has_returned) {
  std::latch running(1);
  std::atomic<bool> may_return{false}, has_returned{false};
  auto connection = fail_first([&] {
    running.count_down();
    may_return.wait(false);
    Bus other(catalogue);
    for (int i = 0; i < 200; ++i) other.publish(event_of("b"));
    has_returned = true;
  });
  bus.publish(event_of("a"));
  std::jthread redriving([&] { EXPECT_EQ(bus.redrive("mailer"), 1u); });
  running.wait();
  may_return = true;
  may_return.notify_all();
  connection.disconnect_and_wait();
  EXPECT_TRUE(has_returned);
}

TEST_F(WaitingForALetter, inside_the_handler_would_deadlock) {
  Connection connection;
  int refused = 0;
  connection = fail_first([&] {
    try {
      connection.disconnect_and_wait();
    } catch (const WouldDeadlock&) {
      ++refused;
    }
  });
  bus.publish(event_of("a"));
  bus.redrive("mailer");
  EXPECT_EQ(refused, 1);
}

TEST_F(WaitingForALetter, another_thread_is_handed_none_of_the_same_subscriber) {
  std::size_t elsewhere = 7;
  const auto connection =
      fail_first([&] { std::jthread([&] { elsewhere = bus.redrive("mailer"); }).join(); });
  bus.publish(event_of("a"));
  EXPECT_EQ(bus.redrive("mailer"), 1u);
  EXPECT_EQ(elsewhere, 0u);
}

}  // namespace
}  // namespace annal::test
