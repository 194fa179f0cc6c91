// Subscriptions that end with the object they belong to.
#include "engine/bus/events.hpp"

#include <gtest/gtest.h>

#include <latch>

namespace annal::test {
namespace {

struct Owner {
  explicit Owner(bool& flag) : gone(flag) {}
  ~Owner() { gone = true; }
  bool& gone;
};

class OwnerTest : public ::testing::Test {
 protected:
  void own(TopicPattern pattern, EventHandler handler) {
    bus.subscribe(std::move(pattern), std::move(handler), {.owner = owner}).release();
  }

  Catalogue catalogue;
  Bus bus{catalogue};
  Names notes;
  bool gone = false;
  std::shared_ptr<Owner> owner = std::make_shared<Owner>(gone);
};

TEST_F(OwnerTest, is_told_while_it_lives) {
  own(everything(), notes_in(notes, "ann"));
  bus.publish(event_of("a"));
  EXPECT_EQ(notes, (Names{"ann:a"}));
}

TEST_F(OwnerTest, that_is_gone_takes_its_subscriptions_along) {
  own(everything(), notes_in(notes, "ann"));
  bus.subscribe_entity("document/orders/7", notes_in(notes, "entity"), {.owner = owner}).release();
  auto other = bus.subscribe(everything(), notes_in(notes, "other"));
  owner.reset();
  EXPECT_TRUE(gone) << "the bus does not keep it";
  EXPECT_EQ(bus.subscriber_count(), 1u);
  EXPECT_EQ(bus.publish(event_of("a")).delivered, 1u);
  EXPECT_EQ(notes, (Names{"other:a"}));
  EXPECT_EQ(bus.subscriber_count(), 1u);
}

TEST_F(OwnerTest, is_kept_while_its_handler_runs) {
  bool gone_inside = true;
  own(everything(), [&](const Envelope&) {
    owner.reset();
    gone_inside = gone;
  });
  bus.publish(event_of("a"));
  ASSERT_TRUE(bus.flush(std::chrono::seconds(20)));  // he ends on a thread of the bus
  EXPECT_FALSE(gone_inside);
  EXPECT_TRUE(gone);
}

// He is let go where nobody is told anything: there he may wait.
TEST_F(OwnerTest, that_ends_with_a_call_may_wait_for_others) {
  struct View {
    ~View() {
      other.disconnect_and_wait();
      ended.count_down();
    }
    std::latch& ended;
    Connection other;
  };
  std::latch ended(1);
  std::shared_ptr<View> view(new View{ended, bus.subscribe(everything(), [](const Envelope&) {})});
  bus.subscribe(TopicPattern::of("a"), [&](const Envelope&) { view.reset(); },
                {.owner = std::weak_ptr<void>(view)})
      .release();
  bus.publish(event_of("a"));
  ended.wait();
}

TEST_F(OwnerTest, that_is_gone_lets_the_handler_go_with_the_next_event) {
  auto held = std::make_shared<int>(1);
  own(everything(), [held](const Envelope&) {});
  owner.reset();
  bus.publish(event_of("a"));
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(OwnerTest, that_is_gone_lets_the_handler_go_even_if_no_event_comes) {
  auto held = std::make_shared<int>(1);
  auto lasting = bus.subscribe(TopicPattern::of("never"), [](const Envelope&) {});
  for (int i = 0; i < 10'000; ++i) {
    bool ignored = false;
    const auto brief = std::make_shared<Owner>(ignored);
    bus.subscribe(TopicPattern::of("never"), [held](const Envelope&) {}, {.owner = brief})
        .release();
  }
  EXPECT_LE(held.use_count(), 130);
  EXPECT_EQ(bus.subscriber_count(), 1u);
}

TEST_F(OwnerTest, that_is_gone_leaves_a_connection_that_may_still_be_cut) {
  auto connection = bus.subscribe(everything(), notes_in(notes, "ann"), {.owner = owner});
  owner.reset();
  bus.publish(event_of("a"));
  connection.disconnect();
  EXPECT_EQ(notes, Names{});
  EXPECT_EQ(bus.subscriber_count(), 0u);
}

TEST_F(OwnerTest, that_never_was_makes_a_subscription_nobody_is_told_of) {
  auto connection =
      bus.subscribe(everything(), notes_in(notes, "ann"), {.owner = std::weak_ptr<void>()});
  EXPECT_EQ(bus.publish(event_of("a")).delivered, 0u);
  EXPECT_EQ(notes, Names{});
}

}  // namespace
}  // namespace annal::test
