// The newest things, bounded in number and bytes, against a simple list; and names, of which those
// used last are remembered.
#include "annal/bus/recent.hpp"

#include "annal/bus/book.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace annal::test {
namespace {

template <class T>
std::vector<T> items_of(const Recent<T>& recent) {
  std::vector<T> items;
  recent.for_each([&](const T& item) { items.push_back(item); });
  return items;
}

TEST(RecentTest, keeps_the_newest_oldest_first) {
  Recent<int> recent(2, 1000);
  EXPECT_EQ(recent.add(1, 1) + recent.add(2, 1), 0u);
  EXPECT_EQ(recent.add(3, 1), 1u) << "one made room";
  EXPECT_EQ(items_of(recent), (std::vector{2, 3}));
}

TEST(RecentTest, keeps_an_item_larger_than_all_the_bytes_until_the_next) {
  Recent<int> recent(10, 100);
  recent.add(1, 60);
  EXPECT_EQ(recent.add(2, 1000), 1u);
  EXPECT_EQ(items_of(recent), (std::vector{2}));
  EXPECT_EQ(recent.add(3, 10), 1u);
  EXPECT_EQ(items_of(recent), (std::vector{3}));
}

TEST(RecentTest, of_no_size_loses_everything) {
  Recent<int> recent(0, 100);
  EXPECT_EQ(recent.add(1, 1), 1u);
  EXPECT_TRUE(recent.empty());
}

TEST(RecentTest, finds_and_takes_out_the_oldest_that_is_meant) {
  Recent<int> recent(10, 100);
  for (const int item : {1, 12, 3, 14}) recent.add(item, 25);
  const auto is_large = [](int item) { return item > 10; };
  ASSERT_NE(recent.find_if(is_large), nullptr);
  EXPECT_EQ(*recent.find_if(is_large), 12);
  recent.erase_if(is_large);
  EXPECT_EQ(items_of(recent), (std::vector{1, 3, 14}));
  EXPECT_EQ(recent.add(5, 25), 0u) << "its bytes are free again";
  recent.erase_if([](int item) { return item > 100; });
  EXPECT_EQ(recent.find_if([](int item) { return item > 100; }), nullptr);
  EXPECT_EQ(recent.size(), 4u);
}

TEST(RecentTest, agrees_with_a_list) {
  std::mt19937_64 random(seed());
  Recent<int> recent(8, 100);
  std::vector<std::pair<int, std::size_t>> model;
  for (int step = 0; step < 5000; ++step) {
    if (random() % 4 == 0) {
      const int divisor = 2 + static_cast<int>(random() % 5);
      const auto is_meant = [&](int item) { return item % divisor == 0; };
      recent.erase_if(is_meant);
      const auto found = std::find_if(model.begin(), model.end(),
                                      [&](const auto& each) { return is_meant(each.first); });
      if (found != model.end()) model.erase(found);
    } else {
      const std::size_t bytes = random() % 50;
      recent.add(step, bytes);
      model.emplace_back(step, bytes);
      const auto used = [&] {
        std::size_t sum = 0;
        for (const auto& each : model) sum += each.second;
        return sum;
      };
      while (model.size() > 8 || (used() > 100 && model.size() > 1)) model.erase(model.begin());
    }
    std::vector<int> wanted;
    for (const auto& each : model) wanted.push_back(each.first);
    ASSERT_EQ(items_of(recent), wanted) << "step " << step;
  }
}

TEST(BookTest, has_a_page_for_each_name) {
  Book book(10);
  for (const auto* name : {"a", "b", "a", "a"}) book.page(name).add(Timestamp{}, 1);
  EXPECT_EQ(book.page("a").count, 3u);
  EXPECT_EQ(book.page("b").count, 1u);
  EXPECT_EQ(book.page("c").count, 0u);
}

TEST(BookTest, forgets_the_names_that_were_used_longest_ago) {
  Book book(4);
  for (int round = 0; round < 5; ++round)
    for (const auto* name : {"a", "b", "c", "d", "e", "a"}) book.page(name).add(Timestamp{}, 1);
  std::map<std::string, Book::Page> all;
  book.add_to(all);
  EXPECT_LE(all.size(), 4u);
  EXPECT_EQ(all.count("a") + all.count("e"), 2u) << "the last half of them at least";
}

// What is found by its mark is found where the memory of names has it.
TEST(BookTest, agrees_with_a_memory_of_names_however_they_follow_one_another) {
  std::mt19937_64 random(seed());
  for (const std::size_t limit : {2, 3, 8, 50}) {
    Book book(limit);
    RecentlyUsed<std::string, std::shared_ptr<std::uint64_t>> counts(limit);
    for (int step = 0; step < 5000; ++step) {
      const auto name = "thing/" + std::to_string(random() % (1 + random() % (2 * limit)));
      const auto* known = counts.find(name);
      if (!known) known = &counts.put(name, std::make_shared<std::uint64_t>(0));
      ASSERT_EQ(++book.page(name).count, ++**known)
          << name << " at step " << step << " of " << limit;
    }
  }
}

TEST(BookTest, adds_its_pages_to_those_of_another) {
  Book one(10), other(10);
  one.page("a").add(Timestamp(std::chrono::seconds(70)), 70);
  other.page("a").add(Timestamp(std::chrono::seconds(60)), 60);
  other.page("a").errors = 3;
  other.page("a").measure(std::chrono::microseconds(5));
  other.page("b").measure(std::chrono::microseconds(7));
  std::map<std::string, Book::Page> all;
  one.add_to(all);
  other.add_to(all);
  const auto figures = figures_of(all["a"], Timestamp(std::chrono::seconds(71)));
  EXPECT_EQ(figures.count, 2u);
  EXPECT_EQ(figures.errors, 3u);
  EXPECT_DOUBLE_EQ(figures.per_minute, 2);
  EXPECT_EQ(figures.last, Timestamp(std::chrono::seconds(70)));
  EXPECT_EQ(figures.latencies.longest, std::chrono::microseconds(5));
  EXPECT_EQ(figures_of(all["b"], Timestamp{}).last, std::nullopt) << "it never happened";
}

}  // namespace
}  // namespace annal::test
