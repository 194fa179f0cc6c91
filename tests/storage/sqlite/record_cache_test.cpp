#include "annal/sqlite/record_cache.hpp"

#include "annal/sqlite/checked_events.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace annal::sqlite {

namespace {

struct CachedRecords : testing::Test {
  std::optional<Record> look() {
    return cache.get("notes", "a", [&] {
      ++reads;
      return stored;
    });
  }
  Record record_of(std::string value) { return {"a", std::move(value), {}, Position{1}, {}}; }

  RecordCache cache{8 * 1024};
  std::optional<Record> stored = record_of("one");
  int reads = 0;
};

}  // namespace

TEST_F(CachedRecords, are_read_once) {
  EXPECT_EQ(look()->value, "one");
  EXPECT_EQ(look()->value, "one");
  EXPECT_EQ(reads, 1);
  EXPECT_EQ(cache.asked(), 2u);
  EXPECT_EQ(cache.known(), 1u);
}

TEST_F(CachedRecords, are_read_again_once_they_were_changed) {
  look();
  cache.change("notes", "a");
  stored = record_of("two");
  cache.settle();
  EXPECT_EQ(look()->value, "two");
  cache.change("notes", "a");
  stored.reset();
  cache.settle();
  EXPECT_FALSE(look());
}

TEST_F(CachedRecords, that_were_changed_are_known_once_the_transaction_is_committed) {
  look();
  EXPECT_TRUE(cache.change("notes", "a"));
  cache.become("notes", record_of("two"));
  EXPECT_EQ(look()->value, "one");  // the transaction is not in the log yet
  EXPECT_EQ(reads, 2);
  cache.settle();
  EXPECT_EQ(look()->value, "two");
  EXPECT_EQ(reads, 2);
}

TEST_F(CachedRecords, that_nobody_read_are_not_worth_telling_of) {
  EXPECT_FALSE(cache.change("notes", "a"));
}

TEST_F(CachedRecords, that_were_changed_are_read_again_where_the_transaction_is_undone) {
  look();
  cache.change("notes", "a");
  cache.become("notes", record_of("two"));
  cache.undo();
  EXPECT_EQ(look()->value, "one");
  cache.settle();  // of a later transaction
  EXPECT_EQ(look()->value, "one");
}

TEST_F(CachedRecords, that_were_changed_twice_are_as_the_last_change_left_them) {
  look();
  for (const char* value : {"two", "three"}) {
    EXPECT_TRUE(cache.change("notes", "a"));
    cache.become("notes", record_of(value));
  }
  cache.settle();
  EXPECT_EQ(look()->value, "three");
  cache.change("notes", "a");
  cache.become("notes", record_of("four"));
  EXPECT_TRUE(cache.change("notes", "a"));  // erased
  cache.settle();
  stored.reset();
  EXPECT_FALSE(look());
  EXPECT_EQ(reads, 2);
}

TEST_F(CachedRecords, that_were_changed_to_much_are_read_again) {
  look();
  stored = record_of(std::string(20'000, 'x'));
  cache.change("notes", "a");
  cache.become("notes", *stored);
  cache.settle();
  EXPECT_EQ(look()->value.size(), 20'000u);
  EXPECT_EQ(reads, 2);
}

TEST_F(CachedRecords, are_not_kept_from_before_the_end_of_a_transaction) {
  look();
  cache.change("notes", "a");
  EXPECT_EQ(look()->value, "one");  // the transaction is not in the log yet
  stored = record_of("two");
  cache.settle();
  EXPECT_EQ(look()->value, "two");
}

TEST_F(CachedRecords, are_not_kept_where_a_transaction_went_by_while_they_were_read) {
  const auto read = [&] {
    const auto old = stored;
    cache.change("notes", "a");
    stored = record_of("two");
    cache.settle();
    return old;
  };
  EXPECT_EQ(cache.get("notes", "a", read)->value, "one");
  EXPECT_EQ(look()->value, "two");
}

TEST_F(CachedRecords, are_others_in_another_space) {
  look();
  EXPECT_FALSE(cache.get("drafts", "a", [] { return std::optional<Record>(); }));
  cache.change("drafts", "a");
  cache.settle();
  look();
  EXPECT_EQ(reads, 1);
}

TEST_F(CachedRecords, of_much_are_not_kept) {
  stored = record_of(std::string(20'000, 'x'));
  look();
  look();
  EXPECT_EQ(reads, 2);
}

TEST_F(CachedRecords, give_way_to_those_used_since) {
  look();
  for (int i = 0; i < 100; ++i)
    cache.get("notes", std::to_string(i), [&] { return std::optional(record_of("other")); });
  look();
  EXPECT_EQ(reads, 2);
  for (int i = 0; i < 100; ++i) {
    look();
    cache.get("notes", std::to_string(i), [&] { return std::optional(record_of("other")); });
  }
  EXPECT_EQ(reads, 2);
}

TEST(CheckedEvents, are_remembered_by_position) {
  CheckedEvents checked;
  for (const std::uint64_t position : {1ull, 63ull, 64ull, 65536ull, 1000000ull}) {
    EXPECT_FALSE(checked.contains({position}));
    checked.add({position});
    EXPECT_TRUE(checked.contains({position}));
  }
  EXPECT_FALSE(checked.contains({2}));
  EXPECT_FALSE(checked.contains({65537}));
}

TEST(CheckedEvents, beyond_all_bounds_are_checked_again) {
  CheckedEvents checked;
  checked.add({UINT64_MAX});
  EXPECT_FALSE(checked.contains({UINT64_MAX}));
}

TEST(CheckedEvents, are_added_by_many_at_once) {
  CheckedEvents checked;
  std::vector<std::thread> threads;
  for (std::uint64_t first = 0; first < 4; ++first)
    threads.emplace_back([&checked, first] {
      for (std::uint64_t at = first; at < 200'000; at += 4) checked.add({at});
    });
  for (auto& thread : threads) thread.join();
  for (std::uint64_t at = 0; at < 200'000; ++at) ASSERT_TRUE(checked.contains({at}));
}

}  // namespace annal::sqlite
