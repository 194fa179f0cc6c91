// The order in which subscribers are told is that of Boost.Signals2.
#include "engine/bus/events.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>

// g++ 12 cannot see through the boost::optional of a slot without a group.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <boost/signals2/signal.hpp>

namespace annal::test {
namespace {

class Order : public ::testing::Test {
 protected:
  EventHandler note(std::string name) {
    return [this, name = std::move(name)](const Envelope&) { told.push_back(name); };
  }
  [[nodiscard]] Connection add(std::string name, std::optional<int> group, bool at_front = false) {
    return bus.subscribe(everything(), note(std::move(name)),
                         {.group = group, .at_front = at_front});
  }

  Catalogue catalogue;
  Bus bus{catalogue};
  Names told;
};

TEST_F(Order, is_at_front_then_groups_by_number_then_the_others) {
  const auto plain = add("plain", {}), second = add("group 2", 2), first = add("group -1", -1);
  const auto front = add("front", {}, true), later = add("later", {}), fore = add("fore", {}, true);
  bus.publish(event_of("a"));
  EXPECT_EQ(told, (Names{"fore", "front", "group -1", "group 2", "plain", "later"}));
}

TEST_F(Order, within_a_group_has_a_front_as_well) {
  const auto one = add("1", 7), two = add("2", 7), zero = add("0", 7, true),
             minus = add("-", 7, true);
  bus.publish(event_of("a"));
  EXPECT_EQ(told, (Names{"-", "0", "1", "2"}));
}

// The same connections made to the bus and to a signal, and cut in both.
class SignalAndBus : public Order {
 protected:
  struct Pair {
    Connection ours;
    boost::signals2::scoped_connection theirs;
  };

  int any_up_to(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

  Connection subscribe(EventHandler handler, SubscribeOptions options) {
    switch (any_up_to(4)) {
      case 0:
        return bus.subscribe(everything(), std::move(handler), std::move(options));
      case 1:
        return bus.subscribe_entity("document/orders/7", std::move(handler), std::move(options));
      case 2:
        return bus.subscribe(Query::with_tags({"board:b1"}), std::move(handler),
                             std::move(options));
      default:
        return bus.subscribe(Query::with_tags({"board:b2"}), std::move(handler),
                             std::move(options));
    }
  }

  void connect_one() {
    const std::string name = std::to_string(++last_);
    const bool at_front = any_up_to(2) == 0;
    const auto where = at_front ? boost::signals2::at_front : boost::signals2::at_back;
    const auto slot = [this, name] { signalled_.push_back(name); };
    if (any_up_to(2) == 0) {
      pairs_.push_back(
          {subscribe(note(name), {.at_front = at_front}), signal_.connect(slot, where)});
    } else {
      const int group = any_up_to(5) - 2;
      pairs_.push_back({subscribe(note(name), {.group = group, .at_front = at_front}),
                        signal_.connect(group, slot, where)});
    }
  }

  void cut_one() {
    if (pairs_.empty()) return;
    const auto at = static_cast<std::size_t>(any_up_to(static_cast<int>(pairs_.size())));
    pairs_[at].ours.disconnect();
    pairs_[at].theirs.disconnect();
    std::swap(pairs_[at], pairs_.back());
    pairs_.pop_back();
  }

  std::mt19937_64 random_{seed()};
  boost::signals2::signal<void()> signal_;
  std::vector<Pair> pairs_;
  Names signalled_;
  int last_ = 0;
};

TEST_F(SignalAndBus, tell_in_the_same_order_however_subscribers_come_and_go) {
  Envelope event = event_of("a");
  event.tags = {"board:b1", "board:b2"};
  for (int step = 0; step < 1000; ++step) {
    if (any_up_to(5) < 3)
      connect_one();
    else
      cut_one();
    told.clear();
    signalled_.clear();
    bus.publish(event);
    signal_();
    ASSERT_EQ(told, signalled_) << "step " << step;
    while (pairs_.size() > 40) cut_one();
  }
}

}  // namespace
}  // namespace annal::test
