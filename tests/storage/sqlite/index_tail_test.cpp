#include "annal/sqlite/index_tail.hpp"

#include <gtest/gtest.h>

namespace annal::sqlite {

namespace {

Posting posting(IndexKey key, std::uint64_t position, std::uint64_t version = 0) {
  return {key, Position{position}, Version{version}};
}

std::vector<std::uint64_t> positions(const std::vector<Entry>& entries) {
  std::vector<std::uint64_t> result;
  for (const auto& entry : entries) result.push_back(entry.position.value);
  return result;
}

using Positions = std::vector<std::uint64_t>;

struct FilledTail : testing::Test {
  FilledTail() {
    tail.drop_through(Position{10});
    tail.add(std::vector{posting(1, 11, 1), posting(7, 11), posting(2, 12, 1), posting(7, 12)},
             Position{12});
    tail.add(std::vector{posting(1, 13, 2)}, Position{13});
  }
  Positions of(IndexKey key) { return positions(tail.look_up({&key, 1}).entries[0]); }
  IndexTail tail;
};

}  // namespace

TEST_F(FilledTail, finds_postings_by_key_in_log_order) {
  EXPECT_EQ(of(1), (Positions{11, 13}));
  EXPECT_EQ(of(7), (Positions{11, 12}));
  EXPECT_EQ(of(3), (Positions{}));
  EXPECT_EQ(tail.head(), Position{13});
  EXPECT_EQ(tail.events(), 3u);
}

TEST_F(FilledTail, forgets_what_was_merged) {
  tail.drop_through(Position{11});
  EXPECT_EQ(of(1), (Positions{13}));
  EXPECT_EQ(of(7), (Positions{12}));
  EXPECT_EQ(tail.events(), 2u);
  tail.drop_through(Position{13});
  EXPECT_EQ(of(1), (Positions{}));
  EXPECT_EQ(tail.events(), 0u);
  EXPECT_EQ(tail.head(), Position{13});
}

TEST_F(FilledTail, gives_its_oldest_part_by_key) {
  Position through;
  const auto postings = tail.oldest(2, through);
  EXPECT_EQ(through, Position{12});
  ASSERT_EQ(postings.size(), 4u);
  EXPECT_EQ(postings[0].key, 1);
  EXPECT_EQ(postings[1].key, 2);
  EXPECT_EQ(postings[2].position, Position{11});
  EXPECT_EQ(postings[3].position, Position{12});
  tail.oldest(100, through);
  EXPECT_EQ(through, Position{13});
}

TEST_F(FilledTail, follows_an_index_that_moved_past_it) {
  tail.drop_through(Position{20});
  EXPECT_EQ(tail.head(), Position{20});
  EXPECT_EQ(tail.events(), 0u);
}

}  // namespace annal::sqlite
