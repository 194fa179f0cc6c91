// The newest ids, against a simple list of them.
#include "annal/bus/id_window.hpp"

#include "seed.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

namespace annal::test {
namespace {

// An id whose number decides where it has its home.
Ulid numbered(std::uint64_t number) {
  Ulid id;
  id.bytes[0] = 1;
  for (std::size_t i = 15; number > 0; --i, number >>= 8)
    id.bytes[i] = static_cast<std::uint8_t>(number);
  return id;
}

// Where IdWindow has its home among so many places.
std::size_t home_of(std::uint64_t number, unsigned bits) {
  return static_cast<std::size_t>(number * 0x9E3779B97F4A7C15u >> (64 - bits));
}

class IdWindowModel {
 public:
  explicit IdWindowModel(std::size_t limit) : limit_(limit), window_(limit) {}

  void add(std::uint64_t number) {
    window_.add(numbered(number));
    model_.push_back(number);
    if (model_.size() > limit_) model_.pop_front();
  }
  bool is_in_model(std::uint64_t number) const {
    return std::find(model_.begin(), model_.end(), number) != model_.end();
  }
  bool is_in_window(std::uint64_t number) const { return window_.contains(numbered(number)); }

 private:
  const std::size_t limit_;
  IdWindow window_;
  std::deque<std::uint64_t> model_;
};

TEST(IdWindowTest, knows_nothing_at_first) {
  const IdWindow window(4);
  EXPECT_FALSE(window.contains(numbered(1)));
  EXPECT_FALSE(window.contains(Ulid{}));
}

TEST(IdWindowTest, knows_the_newest_and_forgets_the_oldest) {
  IdWindow window(2);
  for (std::uint64_t number = 1; number <= 3; ++number) window.add(numbered(number));
  EXPECT_FALSE(window.contains(numbered(1)));
  EXPECT_TRUE(window.contains(numbered(2)));
  EXPECT_TRUE(window.contains(numbered(3)));
}

TEST(IdWindowTest, of_no_size_knows_nothing) {
  IdWindow window(0);
  window.add(numbered(1));
  EXPECT_FALSE(window.contains(numbered(1)));
}

TEST(IdWindowTest, takes_a_nil_id_for_none) {
  IdWindow window(2);
  window.add(numbered(1));
  window.add(Ulid{});
  window.add(Ulid{});
  EXPECT_FALSE(window.contains(Ulid{}));
  EXPECT_TRUE(window.contains(numbered(1)));
}

TEST(IdWindowTest, tells_ids_apart_that_end_alike) {
  IdWindow window(4);
  Ulid other = numbered(1);
  other.bytes[0] = 2;
  window.add(numbered(1));
  EXPECT_FALSE(window.contains(other));
}

TEST(IdWindowTest, agrees_with_a_list_whatever_is_added) {
  std::mt19937_64 random(seed());
  for (const std::size_t limit : {1, 2, 3, 7, 16, 100}) {
    IdWindowModel both(limit);
    for (int step = 0; step < 3000; ++step) {
      const std::uint64_t number = 1 + random() % (3 * limit + 5);
      ASSERT_EQ(both.is_in_window(number), both.is_in_model(number)) << limit << ' ' << step;
      if (!both.is_in_model(number)) both.add(number);
    }
  }
}

// Ids with their home at the end of the table, so that they lie on across its beginning.
TEST(IdWindowTest, agrees_with_a_list_where_ids_lie_across_the_end_of_the_table) {
  constexpr std::size_t limit = 8;
  constexpr unsigned bits = 4;
  std::vector<std::uint64_t> crowded;
  for (std::uint64_t number = 1; crowded.size() < 40; ++number)
    if (const auto home = home_of(number, bits); home >= 14 || home <= 1) crowded.push_back(number);
  std::mt19937_64 random(seed());
  IdWindowModel both(limit);
  for (int step = 0; step < 20'000; ++step) {
    const auto number = crowded[random() % crowded.size()];
    if (!both.is_in_model(number)) both.add(number);
    for (const auto each : crowded)
      ASSERT_EQ(both.is_in_window(each), both.is_in_model(each)) << "step " << step;
  }
}

}  // namespace
}  // namespace annal::test
