#include "annal/sqlite/posting_table.hpp"

#include <gtest/gtest.h>

namespace annal::sqlite {

namespace {

std::vector<std::uint64_t> found(const PostingTable& table, IndexKey key) {
  std::vector<std::uint64_t> positions;
  table.for_each(key, [&](const Posting& posting) {
    EXPECT_EQ(posting.key, key);
    positions.push_back(posting.position.value);
    return true;
  });
  return positions;
}

using Found = std::vector<std::uint64_t>;

// Every key of 0 … 999 at two positions.
PostingTable of_a_thousand_keys() {
  PostingTable table;
  for (std::uint64_t position = 1; position <= 2000; ++position)
    table.add({static_cast<IndexKey>(position % 1000) - 500, Position{position}, {}});
  return table;
}

}  // namespace

TEST(PostingTable, finds_the_postings_of_each_key_newest_first) {
  const PostingTable table = of_a_thousand_keys();
  for (std::uint64_t key = 1; key < 1000; ++key)
    EXPECT_EQ(found(table, static_cast<IndexKey>(key) - 500), (Found{key + 1000, key}));
  EXPECT_EQ(found(table, 500), Found{});
  EXPECT_EQ(table.postings().size(), 2000u);
}

TEST(PostingTable, stops_when_it_is_told) {
  const PostingTable table = of_a_thousand_keys();
  int seen = 0;
  table.for_each(7, [&](const Posting&) { return ++seen < 1; });
  EXPECT_EQ(seen, 1);
}

TEST(PostingTable, is_empty_at_first_and_when_cleared_and_can_be_filled_again) {
  PostingTable table;
  EXPECT_EQ(found(table, 1), Found{});
  table = of_a_thousand_keys();
  table.clear();
  EXPECT_EQ(found(table, 1), Found{});
  EXPECT_TRUE(table.postings().empty());
  table.add({1, Position{9}, {}});
  table.clear();  // of few in a table for many
  table.add({1, Position{10}, {}});
  EXPECT_EQ(found(table, 1), (Found{10}));
}

}  // namespace annal::sqlite
