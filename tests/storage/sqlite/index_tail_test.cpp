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

TEST_F(FilledTail, gives_all_postings_by_key) {
  Position through;
  const auto postings = tail.postings(through);
  EXPECT_EQ(through, Position{13});
  ASSERT_EQ(postings.size(), 5u);
  EXPECT_EQ(postings[0].key, 1);
  EXPECT_EQ(postings[1].position, Position{13});
  EXPECT_EQ(postings[2].key, 2);
  EXPECT_EQ(postings[3].position, Position{11});
  EXPECT_EQ(postings[4].position, Position{12});
}

TEST_F(FilledTail, knows_the_newest_posting_of_a_key) {
  EXPECT_EQ(tail.newest(1), (Entry{Position{13}, Version{2}}));
  EXPECT_EQ(tail.newest(7), (Entry{Position{12}, Version{0}}));
  EXPECT_EQ(tail.newest(3), std::nullopt);
}

TEST_F(FilledTail, says_where_it_begins_of_keys_it_does_not_have) {
  EXPECT_EQ(tail.base_without(3), Position{10});
  EXPECT_EQ(tail.base_without(1), std::nullopt);
  tail.drop_through(Position{13});
  EXPECT_EQ(tail.base_without(1), Position{13});
}

TEST_F(FilledTail, finds_what_lies_beyond_a_position) {
  EXPECT_EQ(tail.beyond(7, Position{11}, 9), (std::vector{Position{12}}));
  EXPECT_EQ(tail.beyond(7, Position{0}, 1), (std::vector{Position{11}}));
  EXPECT_TRUE(tail.beyond(1, Position{13}, 9).empty());
}

TEST_F(FilledTail, follows_an_index_that_moved_past_it) {
  tail.drop_through(Position{20});
  EXPECT_EQ(tail.head(), Position{20});
  EXPECT_EQ(tail.events(), 0u);
}

}  // namespace annal::sqlite
