// Random handlers come and go: those interested are asked in one order, which a sorted list knows.
#include "annal/bus/control.hpp"
#include "engine/bus/events.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace annal::test {
namespace {

class ControlOrder : public ::testing::Test {
 protected:
  struct Known {
    int priority;
    int number;  // as they came
    Query interest;
    Connection connection;
  };

  int any_up_to(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
  std::string any_of(const char* prefix) { return prefix + std::to_string(any_up_to(3)); }

  QueryItem any_item() {
    QueryItem item;
    const int kind = any_up_to(8);
    if (kind & 1) item.stream = any_of("stream/");
    if (kind & 2) item.types.push_back(TopicPattern::of(any_up_to(2) ? "*" : any_of("type")));
    if (kind & 4) item.tags.push_back(any_of("tag:"));
    return item;
  }

  void add_one() {
    Query interest;
    for (int items = any_up_to(3); items > 0; --items) interest.items.push_back(any_item());
    const int priority = any_up_to(5) - 2, number = ++last_;
    auto connection = control_.add(
        [this, number](const Envelope&, ControlContext&) {
          asked_.push_back(number);
          return ControlDecision::proceed();
        },
        {.name = "a", .priority = priority, .interest = interest});
    known_.push_back({priority, number, interest, std::move(connection)});
  }

  void remove_one() {
    if (!known_.empty()) known_.erase(known_.begin() + any_up_to(static_cast<int>(known_.size())));
  }

  Envelope any_event() {
    Envelope event = event_of(any_of("type"), any_of("stream/"));
    for (int tags = any_up_to(4); tags > 0; --tags) event.tags.push_back(any_of("tag:"));
    return event;
  }

  std::vector<int> asked_about(const Envelope& event) {
    asked_.clear();
    ControlContext context;
    control_.check(event, context);
    return asked_;
  }

  std::vector<int> expected_about(const Envelope& event) const {
    std::vector<std::pair<int, int>> sorted;
    for (const auto& each : known_)
      if (each.interest.matches(event)) sorted.emplace_back(each.priority, each.number);
    std::sort(sorted.begin(), sorted.end());
    std::vector<int> numbers;
    for (const auto& [priority, number] : sorted) numbers.push_back(number);
    return numbers;
  }

  std::mt19937_64 random_{seed()};
  Control control_;
  std::vector<Known> known_;
  std::vector<int> asked_;
  int last_ = 0;
};

TEST_F(ControlOrder, is_by_priority_then_registration_however_they_come_and_go) {
  for (int step = 0; step < 2000; ++step) {
    if (any_up_to(5) < 3)
      add_one();
    else
      remove_one();
    const Envelope event = any_event();
    ASSERT_EQ(asked_about(event), expected_about(event)) << "step " << step;
    ASSERT_EQ(control_.status().size(), known_.size());
    while (known_.size() > 40) remove_one();
  }
}

}  // namespace
}  // namespace annal::test
