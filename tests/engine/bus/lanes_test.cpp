// Lanes: room for each thread that is at work.
#include "annal/bus/lanes.hpp"

#include "engine/bus/together.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <set>

namespace annal::test {
namespace {

struct Place {
  explicit Place(int number) : made_with(number) {}
  int made_with;
  int visits = 0;  // by whoever has the lane, which nobody else may see
};

template <class Lane>
std::size_t count_of(const Lanes<Lane>& lanes) {
  std::size_t count = 0;
  lanes.for_each([&](const Lane&) { ++count; });
  return count;
}

TEST(LanesTest, are_made_when_all_are_taken) {
  Lanes<Place> lanes;
  const auto first = lanes.take(1);
  const auto second = lanes.take(2);
  EXPECT_EQ(first->made_with, 1);
  EXPECT_EQ(second->made_with, 2);
  EXPECT_EQ(count_of(lanes), 2u);
}

TEST(LanesTest, are_found_again_by_the_thread_that_had_them) {
  Lanes<Place> lanes;
  const Place* first = &*lanes.take(1);
  EXPECT_EQ(&*lanes.take(2), first);
  EXPECT_EQ(count_of(lanes), 1u);
}

TEST(LanesTest, are_not_confused_with_those_of_another_kind_of_work) {
  Lanes<Place> one, other;
  const Place* first = &*one.take(1);
  const Place* second = &*other.take(2);
  EXPECT_NE(first, second);
  EXPECT_EQ(&*one.take(3), first);
  EXPECT_EQ(&*other.take(4), second);
}

TEST(LanesTest, that_are_taken_while_a_thread_has_its_own_do_not_replace_it) {
  Lanes<Place> lanes;
  const Place* own = nullptr;
  {
    const auto outer = lanes.take(1);
    own = &*outer;
    const auto inner = lanes.take(2);
    const auto innermost = lanes.take(3);
    EXPECT_NE(&*inner, own);
  }
  EXPECT_EQ(&*lanes.take(4), own);
  EXPECT_EQ(count_of(lanes), 3u);
}

TEST(LanesTest, that_nobody_has_are_visited_alone) {
  Lanes<Place> lanes;
  const auto taken = lanes.take(1);
  { const auto given_back = lanes.take(2); }
  std::vector<int> visited;
  lanes.for_each_free([&](Place& place) {
    visited.push_back(place.made_with);
    return std::vector<int>();
  });
  EXPECT_EQ(visited, (std::vector{2}));
}

TEST(LanesTest, are_visited_while_taken_and_leave_behind_what_was_returned) {
  Lanes<Place> lanes;
  { const auto use = lanes.take(1); }
  struct Last {
    Lanes<Place>* lanes;
    Place* freed;
    bool* was_free;
    ~Last() {
      if (lanes) *was_free = &*lanes->take(9) == freed;
    }
  };
  bool was_free = false;
  lanes.for_each_free([&](Place& place) {
    EXPECT_NE(&*lanes.take(2), &place);
    return Last{&lanes, &place, &was_free};
  });
  EXPECT_TRUE(was_free);
}

TEST(LanesTest, that_are_free_are_not_waited_for) {
  Lanes<Place> lanes;
  lanes.wait_for_those_taken();
  { const auto use = lanes.take(1); }
  lanes.wait_for_those_taken();
}

TEST(LanesTest, are_in_the_hands_of_one_thread_at_a_time) {
  Lanes<Place> lanes;
  constexpr int uses = 20'000;
  const auto work = [&] {
    for (int i = 0; i < uses; ++i) ++lanes.take(0)->visits;
  };
  run_together({work, work, work, work});
  int visits = 0;
  lanes.for_each([&](const Place& place) { visits += place.visits; });
  EXPECT_EQ(visits, 4 * uses);
}

// Who waits sees what was done in the uses he waited for.
TEST(LanesTest, that_were_waited_for_are_seen_as_they_were_left) {
  Lanes<Place> lanes;
  for (int round = 0; round < 300; ++round) {
    auto shared = std::make_unique<int>(0);
    std::atomic<bool> is_over{false};
    std::latch taken(1);
    std::jthread working([&] {
      {
        const auto use = lanes.take(0);
        taken.count_down();
        for (int i = 0; i < 100; ++i) *shared += 1;
      }
      while (!is_over) const auto next = lanes.take(0);
    });
    taken.wait();
    lanes.wait_for_those_taken();
    EXPECT_EQ(*shared, 100);
    shared.reset();
    is_over = true;
  }
}

}  // namespace
}  // namespace annal::test
