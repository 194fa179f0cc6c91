#include "annal/sqlite/posting_block.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/key_filter.hpp"

#include <gtest/gtest.h>

#include <random>

namespace annal::sqlite {

namespace {

constexpr Position base{1000};

std::vector<Entry> entries_at(std::initializer_list<std::uint64_t> positions,
                              std::uint64_t first_version, std::uint64_t step) {
  std::vector<Entry> entries;
  for (const std::uint64_t position : positions) {
    entries.push_back({Position{position}, Version{first_version}});
    first_version += step;
  }
  return entries;
}

std::vector<Entry> found(const std::string& block, IndexKey key, std::uint64_t from = 0,
                         std::uint64_t to = UINT64_MAX) {
  std::vector<Entry> entries;
  BlockReader(block, base).find(key, Position{from}, Position{to}, entries);
  return entries;
}

// A block with streams, a type, names and idempotency keys.
std::string mixed_block() {
  BlockBuilder builder(base);
  builder.add(key_of_name("orders/7"), entries_at({1003}, 12, 0));
  builder.add(key_of_idempotency_key("a"), entries_at({1004, 1009}, 0, 0));
  builder.add(3, entries_at({1000, 1002, 1300}, 5, 1));
  builder.add(70000, entries_at({1001, 1003}, 9, 7));
  return builder.take();
}

}  // namespace

TEST(PostingBlock, gives_back_what_was_put_in) {
  const std::string block = mixed_block();
  EXPECT_EQ(found(block, key_of_name("orders/7")), entries_at({1003}, 12, 0));
  EXPECT_EQ(found(block, key_of_idempotency_key("a")), entries_at({1004, 1009}, 0, 0));
  EXPECT_EQ(found(block, 3), entries_at({1000, 1002, 1300}, 5, 1));
  EXPECT_EQ(found(block, 70000), entries_at({1001, 1003}, 9, 7));
  EXPECT_TRUE(found(block, 4).empty());
  EXPECT_TRUE(found(block, INT64_MIN).empty());
  std::vector<Posting> postings;
  BlockReader(block, base).decode(postings);
  EXPECT_EQ(postings.size(), 8u);
}

TEST(PostingBlock, gives_only_what_is_within_the_bounds) {
  const std::string block = mixed_block();
  EXPECT_EQ(found(block, 3, 1001, 1299), entries_at({1002}, 6, 1));
  EXPECT_TRUE(found(block, 3, 1301).empty());
}

TEST(PostingBlock, fills_a_page_and_no_more) {
  BlockBuilder builder(base);
  std::vector<Entry> many;
  for (std::uint64_t i = 0; i < 10000; ++i) many.push_back({Position{1000 + 300 * i}, {}});
  const std::size_t taken = builder.add(1, many);
  EXPECT_GT(taken, 1000u);
  EXPECT_EQ(builder.add(2, many), 0u);
  const std::string block = builder.take();
  EXPECT_LE(block.size(), block_bytes);
  EXPECT_GT(block.size(), block_bytes - 64);
  EXPECT_EQ(found(block, 1).size(), taken);
  EXPECT_TRUE(builder.empty());
}

TEST(PostingBlock, is_refused_where_it_makes_no_sense_and_never_read_beyond_its_end) {
  const std::string sound = mixed_block();
  for (std::size_t bit = 0; bit < sound.size() * 8; ++bit) {
    std::string block = sound;
    block[bit / 8] = static_cast<char>(block[bit / 8] ^ 1 << bit % 8);
    const std::string exact(block.data(), block.size());
    try {
      std::vector<Posting> postings;
      BlockReader(exact, base).decode(postings);
      found(exact, 3);
    } catch (const CorruptionError&) {
    }
  }
  for (std::size_t size = 0; size < 12; ++size)
    EXPECT_THROW(found(sound.substr(0, size), 3), CorruptionError);
}

TEST(KeyFilter, knows_every_key_and_few_others) {
  std::mt19937_64 random(7);
  std::vector<IndexKey> keys;
  for (int i = 0; i < 5000; ++i) keys.push_back(i % 2 ? i : static_cast<IndexKey>(random()));
  const std::string filter = filter_of(keys);
  for (const IndexKey key : keys) EXPECT_TRUE(may_contain(filter, key));
  int wrong = 0;
  for (IndexKey key = 1000000; key < 1010000; ++key) wrong += may_contain(filter, key) ? 1 : 0;
  EXPECT_LT(wrong, 250);
}

}  // namespace annal::sqlite
