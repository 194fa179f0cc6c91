#include "annal/call/replaceable.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace annal {
namespace {

// Counts how many of its kind there are.
struct Counted {
  Counted(int given, std::atomic<int>& living) : number(given), alive(living) { ++alive; }
  ~Counted() {
    number = -1;
    --alive;
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  int number;
  std::atomic<int>& alive;
};

class Replacing : public testing::Test {
 protected:
  std::unique_ptr<const Counted> counted(int number) {
    return std::make_unique<Counted>(number, alive_);
  }
  void replace(int number) {
    value_.replace(counted(number));
    value_.destroy_replaced();
  }

  std::atomic<int> alive_ = 0;
  Replaceable<Counted> value_{counted(1)};
};

TEST_F(Replacing, a_reading_keeps_the_value_it_began_with) {
  const auto before = value_.read();
  replace(2);
  EXPECT_EQ(before->number, 1);
  EXPECT_EQ(value_.read()->number, 2);
}

TEST_F(Replacing, a_value_nobody_reads_is_destroyed_at_once) {
  replace(2);
  EXPECT_EQ(alive_, 1);
}

TEST_F(Replacing, a_value_being_read_is_destroyed_when_its_last_reading_ends) {
  {
    const auto first = value_.read();
    {
      const auto second = value_.read();
      replace(2);
    }
    EXPECT_EQ(alive_, 2);
  }
  EXPECT_EQ(alive_, 1);
}

TEST_F(Replacing, a_reading_that_was_moved_is_one_reading) {
  {
    auto reading = value_.read();
    const auto moved = std::move(reading);
    replace(2);
    EXPECT_EQ(moved->number, 1);
  }
  EXPECT_EQ(alive_, 1);
}

TEST_F(Replacing, readers_on_other_threads_never_see_a_value_that_is_gone) {
  constexpr int replacements = 2000;
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  const auto read_on = [&] {
    int newest = 0;
    while (!done) {
      const auto reading = value_.read();
      if (reading->number < newest) ++wrong;  // destroyed, or older than one seen before
      newest = reading->number;
    }
  };
  std::thread one(read_on), two(read_on);
  for (int number = 2; number <= replacements; ++number) replace(number);
  done = true;
  one.join();
  two.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(alive_, 1);
}

}  // namespace
}  // namespace annal
