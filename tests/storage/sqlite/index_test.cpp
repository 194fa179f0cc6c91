// The merged index against a plain map.
#include "annal/sqlite/index.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/index_scan.hpp"
#include "annal/sqlite/index_writer.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace annal::sqlite {

namespace {

SQLite::Database with_index() {
  SQLite::Database database(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  create_index(database);
  return database;
}

struct GrowingIndex : testing::Test {
  GrowingIndex() { begin(); }

  // The postings of so many events: a stream, one of three types, now and then a key.
  std::vector<Posting> come(std::uint64_t events, std::uint64_t streams = 200) {
    std::vector<Posting> postings;
    for (std::uint64_t i = 0; i < events; ++i) {
      const Position position{++head};
      const auto stream = static_cast<IndexKey>(10 + random() % streams);
      postings.push_back({stream, position, Version{++versions[stream]}});
      postings.push_back({static_cast<IndexKey>(1 + random() % 3), position, {}});
      if (random() % 4 == 0)
        postings.push_back({-static_cast<IndexKey>(random() >> 3), position, {}});
    }
    for (const Posting& posting : postings)
      expected[posting.key].push_back({posting.position, posting.version});
    return postings;
  }
  void flush(const std::vector<Posting>& postings) {
    writer.flush(in_key_order(postings), Position{head});
  }
  void begin() {
    database.exec("BEGIN");
    writer.reload();
  }
  void commit() {
    database.exec("COMMIT");
    database.exec("BEGIN");
  }
  void merge_all() {
    while (writer.merging()) writer.advance(100000);
  }

  std::vector<Entry> found(IndexKey key, std::uint64_t from, std::uint64_t to,
                           Direction direction = Direction::forwards,
                           std::size_t limit = SIZE_MAX) {
    std::vector<Entry> entries;
    index.find(key, Position{from}, Position{to}, direction, limit, entries);
    return entries;
  }
  std::vector<Entry> wanted(IndexKey key, std::uint64_t from, std::uint64_t to, Direction direction,
                            std::size_t limit) {
    std::vector<Entry> entries;
    for (const Entry& entry : expected[key])
      if (entry.position.value >= from && entry.position.value <= to) entries.push_back(entry);
    if (direction == Direction::backwards) std::reverse(entries.begin(), entries.end());
    entries.resize(std::min(entries.size(), limit));
    return entries;
  }
  void expect_everything() {
    index.refresh();
    for (const auto& [key, entries] : expected) ASSERT_EQ(found(key, 1, head), entries) << key;
    for (int i = 0; i < 300; ++i) {
      const auto key = static_cast<IndexKey>(1 + random() % 250);
      const std::uint64_t from = random() % (head + 1), to = from + random() % head;
      const auto direction = random() % 2 ? Direction::forwards : Direction::backwards;
      const std::size_t limit = 1 + random() % 40;
      ASSERT_EQ(found(key, from, to, direction, limit), wanted(key, from, to, direction, limit))
          << key << " within " << from << "–" << to;
    }
    EXPECT_TRUE(found(99999, 1, head).empty());
  }
  std::int64_t rows(const char* table) {
    return database.execAndGet(std::string("SELECT count(*) FROM ") + table).getInt64();
  }

  SQLite::Database database = with_index();
  RunMaps maps;
  IndexWriter writer{database, maps};
  Index index{database, maps};
  std::mt19937_64 random{test::seed()};
  std::uint64_t head = 0;
  std::map<IndexKey, std::uint64_t> versions;
  std::map<IndexKey, std::vector<Entry>> expected;
};

}  // namespace

TEST_F(GrowingIndex, can_be_seen_not_to_have_a_key) {
  for (int i = 0; i < 30; ++i) flush(come(200, 5000));
  index.refresh();
  maps.see(Position{head}, index.runs());
  EXPECT_FALSE(maps.exclude(99999, Position{head})) << "nobody has read the maps";
  EXPECT_TRUE(found(99999, 1, head).empty());
  EXPECT_FALSE(maps.exclude(99999, next(Position{head}))) << "of what is not covered";
  int excluded = 0;
  for (const bool filters_were_read : {false, true})
    for (IndexKey key = 100'000; key < 100'500; ++key) {
      excluded += filters_were_read && maps.exclude(key, Position{head}) ? 1 : 0;
      EXPECT_TRUE(found(key, 1, head).empty());
    }
  EXPECT_GT(excluded, 0);
  for (const auto& [key, entries] : expected)
    ASSERT_FALSE(maps.exclude(key, Position{head})) << key;
}

TEST_F(GrowingIndex, finds_everything_however_far_its_merges_are) {
  for (int i = 0; i < 70; ++i) {
    flush(come(50 + random() % 100));
    writer.advance(random() % 3000);
    commit();
    if (i % 10 == 0) expect_everything();
  }
  expect_everything();
  merge_all();
  expect_everything();
}

TEST_F(GrowingIndex, has_few_runs_of_much) {
  for (int i = 0; i < 256; ++i) {
    flush(come(64));
    merge_all();
  }
  index.refresh();
  EXPECT_EQ(index.runs().size(), 1u);
  EXPECT_EQ(rows("index_runs"), 1);
  EXPECT_EQ(rows("index_blocks"), index.runs()[0].blocks);
  expect_everything();
}

TEST_F(GrowingIndex, spans_blocks_and_parts_with_one_key) {
  for (int i = 0; i < 8; ++i) flush(come(8000, 3));
  merge_all();
  expect_everything();
  EXPECT_GT(index.runs()[0].blocks, blocks_a_part);
}

TEST_F(GrowingIndex, is_as_it_was_after_a_rollback) {
  for (int i = 0; i < 7; ++i) flush(come(100));
  writer.advance(4000);
  commit();
  const auto before = expected;
  const auto versions_before = versions;
  const std::uint64_t head_before = head;
  flush(come(500));
  writer.advance(100000);
  database.exec("ROLLBACK");
  begin();
  expected = before;
  versions = versions_before;
  head = head_before;
  expect_everything();
  for (int i = 0; i < 7; ++i) flush(come(100));
  merge_all();
  commit();
  expect_everything();
}

TEST_F(GrowingIndex, leaves_nothing_of_a_merge_that_was_cut_short) {
  for (int i = 0; i < 4; ++i) flush(come(3000));
  writer.advance(2500);
  commit();
  IndexWriter later(database, maps);
  later.reload();
  while (later.merging()) later.advance(100000);
  expect_everything();
  std::int64_t blocks = 0;
  for (const auto& run : index.runs()) blocks += run.blocks;
  EXPECT_EQ(rows("index_blocks"), blocks);
}

TEST_F(GrowingIndex, is_read_by_others_as_their_snapshot_has_it) {
  flush(come(100));
  index.refresh();
  const std::uint64_t then = head;
  Index late(database, maps);
  flush(come(100));
  EXPECT_EQ(found(1, 1, then), wanted(1, 1, then, Direction::forwards, SIZE_MAX));
  EXPECT_EQ(late.refresh().indexed_to, Position{head});
}

TEST_F(GrowingIndex, goes_on_without_merging_what_is_damaged) {
  for (int i = 0; i < 3; ++i) flush(come(1000));
  database.exec("UPDATE index_blocks SET block=x'0000' WHERE id=1");
  flush(come(1000));
  commit();
  EXPECT_THROW(writer.advance(100000), DamagedRun);
  database.exec("ROLLBACK");
  begin();
  writer.give_up();
  flush(come(1000));
  writer.advance(100000);
  index.refresh();
  EXPECT_EQ(index.runs().size(), 5u);
  EXPECT_EQ(found(1, 2001, head), wanted(1, 2001, head, Direction::forwards, SIZE_MAX));
  EXPECT_THROW(found(1, 1, 1000), CorruptionError);
}

}  // namespace annal::sqlite
