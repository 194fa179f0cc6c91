// The newest of rising ids, against a simple list of them.
#include "annal/bus/rising_ids.hpp"

#include "seed.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

namespace annal::test {
namespace {

Ulid numbered(std::uint64_t number) {
  Ulid id;
  for (std::size_t i = 15; number > 0; --i, number >>= 8)
    id.bytes[i] = static_cast<std::uint8_t>(number);
  return id;
}

TEST(RisingIdsTest, know_nothing_at_first) {
  const RisingIds ids(4);
  EXPECT_FALSE(ids.contains(numbered(1)));
  EXPECT_FALSE(ids.contains(Ulid{}));
}

TEST(RisingIdsTest, take_none_that_does_not_rise) {
  RisingIds ids(4);
  EXPECT_FALSE(ids.add(Ulid{}));
  EXPECT_TRUE(ids.add(numbered(5)));
  EXPECT_FALSE(ids.add(numbered(5)));
  EXPECT_FALSE(ids.add(numbered(4)));
  EXPECT_FALSE(ids.contains(numbered(4)));
  EXPECT_TRUE(ids.contains(numbered(5)));
}

TEST(RisingIdsTest, of_no_size_take_none) {
  RisingIds ids(0);
  EXPECT_FALSE(ids.add(numbered(1)));
  EXPECT_FALSE(ids.contains(numbered(1)));
}

TEST(RisingIdsTest, agree_with_a_list_whatever_is_added) {
  std::mt19937_64 random(seed());
  for (const std::size_t limit : {1, 2, 3, 7, 64}) {
    RisingIds ids(limit);
    std::deque<std::uint64_t> newest;
    std::uint64_t last = 0;
    for (int step = 0; step < 1000; ++step) {
      last += 1 + random() % 3;
      ASSERT_TRUE(ids.add(numbered(last)));
      newest.push_back(last);
      if (newest.size() > limit) newest.pop_front();
      for (int asked = 0; asked < 5; ++asked) {
        const auto number = last + 2 - std::min(last, random() % (3 * limit + 4));
        ASSERT_EQ(ids.contains(numbered(number)),
                  std::find(newest.begin(), newest.end(), number) != newest.end())
            << number << " of " << limit << " up to " << last;
      }
    }
  }
}

}  // namespace
}  // namespace annal::test
