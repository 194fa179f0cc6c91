// How observers end: cut, or with their owners; and who waits for that.
#include "engine/bus/observer_rig.hpp"

#include <thread>

namespace annal::test {
namespace {

using std::chrono::milliseconds;

class ObserverEndTest : public ObserverRig {
 protected:
  ~ObserverEndTest() override {
    let_tell();
    let_end();
  }
  // A subscriber who takes his time, and with him the thread that tells him.
  Connection subscribe_slow() {
    return bus.subscribe(TopicPattern::of("slow"), [this](const Envelope&) {
      telling.add("slow");
      may_tell.wait();
    });
  }
  void let_tell() {
    if (!is_telling.exchange(true)) may_tell.count_down();
  }

  Notes telling;
  std::latch may_tell{1};
  std::atomic<bool> is_telling{false};
};

TEST_F(ObserverEndTest, is_at_once_though_somebody_is_being_told_meanwhile) {
  auto slow = subscribe_slow();
  auto connection = observe_held({.concurrency = 1});
  std::jthread publisher([&] {
    for (int i = 1; i <= 3; ++i) bus.publish(numbered(i, "task/1"));
    bus.publish(event_of("slow"));
  });
  ASSERT_TRUE(telling.wait_for(1));
  ASSERT_TRUE(begun.wait_for(1));
  connection.disconnect();
  EXPECT_EQ(bus.observers().status().size(), 0u);
  let_end();
  EXPECT_TRUE(idle());
  EXPECT_TRUE(ended.wait_for(1));
  EXPECT_EQ(begun.all(), Names{"1"}) << "what waited is dropped";
  let_tell();
}

TEST_F(ObserverEndTest, comes_before_a_call_that_was_to_be_tried_again) {
  auto slow = subscribe_slow();
  auto connection = observe(
      [&](const Envelope& event, std::stop_token) {
        if (event.type == "slow") return;
        begun.add(event.data);
        throw Error("not yet");
      },
      {.retry = {.attempts = 2, .first = milliseconds(100), .jitter = 0}});
  std::jthread publisher([&] {
    bus.publish(numbered(1, "task/1"));
    bus.publish(event_of("slow"));
  });
  ASSERT_TRUE(telling.wait_for(1));
  while (status().queued == 0 || status().failures == 0) std::this_thread::yield();
  connection.disconnect_and_wait();
  monotonic.advance(milliseconds(100));
  bus.run_due();
  EXPECT_TRUE(idle());
  EXPECT_EQ(begun.all(), Names{"1"});
  let_tell();
}

TEST_F(ObserverEndTest, leaves_nothing_of_what_it_held_to_those_who_are_telling_others) {
  auto slow = subscribe_slow();
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> seen = held;
  auto connection = observe([held](const Envelope&, std::stop_token) {},
                            {.key = [held](const Envelope& event) { return event.stream; }});
  held.reset();
  std::jthread publisher([&] { bus.publish(event_of("slow")); });
  ASSERT_TRUE(telling.wait_for(1));
  connection.disconnect_and_wait();
  EXPECT_TRUE(seen.expired());
  let_tell();
}

TEST_F(ObserverEndTest, frees_whoever_waits_for_room) {
  auto connection =
      observe_held({.concurrency = 1, .queue_events = 1, .when_full = WhenFull::block});
  Notes published;
  std::jthread publisher([&] {
    for (int i = 1; i <= 4; ++i) {
      bus.publish(numbered(i, "task/1"));
      published.add(std::to_string(i));
    }
  });
  ASSERT_TRUE(begun.wait_for(1));
  ASSERT_TRUE(published.wait_for(2)) << "one is told, and one waits";
  connection.disconnect();
  EXPECT_TRUE(published.wait_for(4));
  let_end();
}

TEST_F(ObserverEndTest, is_waited_for_until_nobody_is_asked_for_a_key) {
  std::atomic<bool> done{false};
  auto connection =
      observe([](const Envelope&, std::stop_token) {}, {.key = [&](const Envelope&) -> std::string {
                begun.add("key");
                while (!bus.observers().status().empty() && !is_open) std::this_thread::yield();
                done = true;
                return "key";
              }});
  std::jthread publisher([&] { bus.publish(numbered(1, "task/1")); });
  ASSERT_TRUE(begun.wait_for(1));
  connection.disconnect_and_wait();
  EXPECT_TRUE(done);
}

TEST_F(ObserverEndTest, is_not_waited_for_by_who_names_the_key) {
  Connection connection;
  std::string said;
  connection = observe([&](const Envelope&, std::stop_token) { begun.add("told"); },
                       {.key = [&](const Envelope& event) {
                         try {
                           connection.disconnect_and_wait();
                         } catch (const WouldDeadlock& error) {
                           said = error.what();
                         }
                         return event.stream;
                       }});
  bus.publish(numbered(1, "task/1"));
  ASSERT_TRUE(idle());
  EXPECT_NE(said, "");
  EXPECT_EQ(begun.all(), Names{}) << "it is cut all the same";
}

// What an observer belongs to, and takes with it.
struct ObservingOwner {
  explicit ObservingOwner(Notes& said) : notes(said) {}
  ~ObservingOwner() {
    connection.disconnect_and_wait();
    notes.add("owner");
  }
  ObservingOwner(const ObservingOwner&) = delete;
  ObservingOwner& operator=(const ObservingOwner&) = delete;
  Notes& notes;
  Connection connection;
};

TEST_F(ObserverEndTest, is_waited_for_by_an_owner_who_ends_with_the_call) {
  auto owner = std::make_shared<ObservingOwner>(ended);
  owner->connection = observe(
      [this](const Envelope&, std::stop_token) {
        begun.add("told");
        may_end.wait();
      },
      {.owner = owner});
  bus.publish(event_of("a"));
  ASSERT_TRUE(begun.wait_for(1));
  owner.reset();
  let_end();
  EXPECT_TRUE(ended.wait_for(1));
  EXPECT_TRUE(idle());
  EXPECT_EQ(bus.observers().status().size(), 0u);
}

TEST_F(ObserverEndTest, is_not_idle_before_the_owner_has_ended) {
  auto owner = std::make_shared<ObservingOwner>(ended);
  observe(
      [this](const Envelope&, std::stop_token) {
        begun.add("told");
        may_end.wait();
      },
      {.owner = owner})
      .release();
  bus.publish(event_of("a"));
  ASSERT_TRUE(begun.wait_for(1));
  owner.reset();
  let_end();
  ASSERT_TRUE(idle());
  EXPECT_EQ(ended.all(), Names{"owner"});
}

TEST_F(ObserverEndTest, leaves_the_name_to_others_as_soon_as_the_owner_is_gone) {
  auto owner = std::make_shared<int>(1);
  observe([](const Envelope&, std::stop_token) {}, {.name = "o", .owner = owner}).release();
  owner.reset();
  auto second =
      observe([this](const Envelope&, std::stop_token) { begun.add("told"); }, {.name = "o"});
  EXPECT_EQ(bus.observers().status().size(), 1u);
  bus.publish(event_of("a"));
  ASSERT_TRUE(idle());
  EXPECT_EQ(begun.all(), Names{"told"});
}

TEST_F(ObserverEndTest, leaves_dead_letters_that_nobody_takes_when_the_owner_is_gone) {
  auto owner = std::make_shared<int>(1);
  auto connection = observe([](const Envelope&, std::stop_token) { throw Error("no"); },
                            {.name = "o", .owner = owner});
  bus.publish(event_of("a"));
  ASSERT_TRUE(idle());
  owner.reset();
  EXPECT_EQ(bus.redrive("o"), 0u);
  ASSERT_EQ(bus.dead_letters().size(), 1u);
  EXPECT_NE(bus.dead_letters()[0].what.find("gone"), std::string::npos);
}

}  // namespace
}  // namespace annal::test
