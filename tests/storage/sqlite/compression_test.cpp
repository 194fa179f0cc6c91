// Payloads as zstd frames, and the dictionaries they are made with.
#include "annal/error.hpp"
#include "annal/log/receipt.hpp"
#include "annal/sqlite/backup.hpp"
#include "annal/sqlite/dictionary.hpp"
#include "annal/sqlite/shared_content.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "contracts/event_log_contract.hpp"
#include "seed.hpp"
#include "tampered.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <thread>

namespace annal::test {
namespace {

namespace fs = std::filesystem;
using sqlite::made_dictionary;
using sqlite::Sample;
using sqlite::shared_content;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// --- what streams have in common -----------------------------------------------------------------

TEST(SharedContent, is_what_enough_streams_have_and_nothing_else) {
  const std::vector<Sample> samples{{"a", "<status>open</status><name>Ann Archer</name>"},
                                    {"b", "<status>open</status><name>Bob Baker</name>"},
                                    {"c", "<status>gone</status><name>Cyd Cook</>"}};
  const std::string_view content = samples[0].data;
  EXPECT_THAT(shared_content(content, samples, 3), ElementsAre("</status><name>", "<status>"));
  EXPECT_THAT(shared_content(content, samples, 2),
              ElementsAre("<status>open</status><name>", "er</name>"));
  EXPECT_THAT(shared_content(content, samples, 4), IsEmpty());
}

TEST(SharedContent, one_stream_that_says_it_often_is_one_stream) {
  const std::vector<Sample> samples{
      {"a", "the secret of a"}, {"a", "the secret of a"}, {"b", "nothing to see"}};
  EXPECT_THAT(shared_content("the secret of a", samples, 2), IsEmpty());
}

TEST(SharedContent, has_a_piece_once_and_what_most_streams_have_last) {
  const std::vector<Sample> samples{
      {"a", "zzzzzzzz aaaaaaaa zzzzzzzz"}, {"b", "aaaaaaaa;zzzzzzzz"}, {"c", "aaaaaaaa-mmmmmmmm"}};
  EXPECT_THAT(shared_content("aaaaaaaa|zzzzzzzz|aaaaaaaa|mmmmmmmm", samples, 2),
              ElementsAre("zzzzzzzz", "aaaaaaaa"));
}

TEST(SharedContent, of_any_samples_is_in_as_many_streams_as_asked_for) {
  std::mt19937_64 random(seed());
  for (int run = 0; run < 200; ++run) {
    std::vector<std::string> texts, streams;
    const auto count = 1 + random() % 40;
    for (std::size_t i = 0; i < count; ++i) {
      std::string text;
      for (std::size_t words = random() % 12; words > 0; --words)
        text += "word" + std::to_string(random() % 9) + (random() % 2 ? " and so " : "--");
      texts.push_back(std::move(text));
      streams.push_back(std::to_string(random() % 10));
    }
    std::vector<Sample> samples;
    std::string content;
    for (std::size_t i = 0; i < count; ++i) {
      samples.push_back({streams[i], texts[i]});
      content += texts[i];
    }
    const std::size_t least = 1 + random() % 5;
    for (const std::string_view piece : shared_content(content, samples, least)) {
      std::set<std::string_view> with;
      for (const auto& [stream, data] : samples)
        if (data.find(piece) != data.npos) with.insert(stream);
      ASSERT_GE(with.size(), least) << '"' << piece << '"';
      ASSERT_GE(piece.size(), 8u);
    }
  }
}

// --- dictionaries --------------------------------------------------------------------------------

// An order as a shop may record it, of about 250 bytes; its author is nobody else's.
std::string order(int number, std::mt19937_64& random) {
  const auto any = [&](std::initializer_list<const char*> of) {
    return std::string(of.begin()[random() % of.size()]);
  };
  return R"({"order":)" + std::to_string(number) + R"(,"status":")" +
         any({"open", "paid", "shipped", "returned"}) + R"(","customer":{"id":")" +
         std::to_string(random()) + R"(","country":")" + any({"DE", "FR", "IT", "ES", "PL"}) +
         R"("},"lines":[{"article":"A-)" + std::to_string(random() % 10000) + R"(","quantity":)" +
         std::to_string(1 + random() % 9) + R"(,"price":)" + std::to_string(random() % 100000) +
         R"(,"currency":"EUR"}],"delivery":")" + any({"standard", "express", "collected"}) +
         R"("})";
}

std::vector<std::string> orders(int count) {
  std::mt19937_64 random(7);
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) texts.push_back(order(i, random));
  return texts;
}

std::vector<Sample> in_streams(const std::vector<std::string>& texts,
                               const std::vector<std::string>& streams) {
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < texts.size(); ++i)
    samples.push_back({streams[i % streams.size()], texts[i]});
  return samples;
}

std::vector<std::string> names(int count) {
  std::vector<std::string> streams;
  for (int i = 0; i < count; ++i) streams.push_back("order/" + std::to_string(i));
  return streams;
}

TEST(Dictionary, holds_what_the_samples_have_in_common) {
  const auto texts = orders(500);
  const auto streams = names(100);
  const auto dictionary = made_dictionary(in_streams(texts, streams), 7, {});
  ASSERT_TRUE(dictionary);
  EXPECT_LE(dictionary->size(), 16u * 1024);
  EXPECT_EQ(ZSTD_getDictID_fromDict(dictionary->data(), dictionary->size()), 7u);
  EXPECT_THAT(*dictionary, HasSubstr(R"("currency":"EUR"}],"delivery":")"));
}

TEST(Dictionary, has_nothing_of_what_fewer_streams_have_than_it_takes) {
  const std::string canary = "the-bird-that-must-not-be-found";
  auto texts = orders(500);
  const auto streams = names(100);
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (i % streams.size() < 15) texts[i] += canary;
  const auto dictionary = made_dictionary(in_streams(texts, streams), 7, {});
  ASSERT_TRUE(dictionary);
  for (std::size_t at = 0; at + 8 <= canary.size(); ++at)
    EXPECT_EQ(dictionary->find(canary.substr(at, 8)), dictionary->npos) << canary.substr(at, 8);
  const auto shared = made_dictionary(in_streams(texts, streams), 7, {.streams = 15});
  EXPECT_NE(shared.value().find(canary), shared->npos) << "otherwise this tries nothing";
}

// Every beginning of a piece is everywhere in every sample.
TEST(Dictionary, of_data_that_repeats_itself_is_made_in_bounded_time) {
  std::vector<std::string> texts;
  for (int i = 0; i < 500; ++i) {
    std::string text = "{\"id\":" + std::to_string(i) + ",\"m\":[0";
    while (text.size() < 4000) text += ",0";
    texts.push_back(text + "]}");
  }
  made_dictionary(in_streams(texts, names(100)), 1, {});
}

TEST(Dictionary, is_given_up_when_it_is_to_stop) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(made_dictionary(in_streams(orders(500), names(100)), 7, {}, stop.get_token()));
}

TEST(Dictionary, is_not_made_of_what_too_few_streams_have) {
  EXPECT_FALSE(made_dictionary(in_streams(orders(500), names(15)), 1, {}));
}

TEST(Dictionary, is_not_made_where_it_saves_nothing) {
  std::mt19937_64 random(1);
  std::vector<std::string> noise(500);
  for (auto& text : noise)
    for (int i = 0; i < 32; ++i) text += std::to_string(random());
  EXPECT_FALSE(made_dictionary(in_streams(noise, names(100)), 1, {}));
}

// Of some of these zstd's own would read beyond the end, or divide by zero.
TEST(Dictionary, is_not_made_of_samples_that_tell_nothing) {
  for (const std::size_t size : {0, 1, 2, 7, 23, 24, 100})
    for (const int count : {0, 1, 7, 8, 500}) {
      const std::vector<std::string> same(static_cast<std::size_t>(count), std::string(size, 'x'));
      EXPECT_FALSE(made_dictionary(in_streams(same, names(100)), 1, {.streams = 1}))
          << count << " of " << size;
    }
}

TEST(Dictionary, of_any_samples_is_a_dictionary_or_none) {
  std::mt19937_64 random(seed());
  for (int run = 0; run < 30; ++run) {
    std::vector<std::string> texts(20 + random() % 400);
    const std::size_t longest = 1 + random() % 300;
    const std::size_t letters = 1 + random() % 40;
    for (auto& text : texts)
      for (std::size_t size = random() % longest; text.size() < size;)
        text += std::string(1 + random() % 6, static_cast<char>('A' + random() % letters));
    const auto dictionary = made_dictionary(in_streams(texts, names(50)), 3, {.streams = 2});
    EXPECT_TRUE(!dictionary ||
                ZSTD_getDictID_fromDict(dictionary->data(), dictionary->size()) == 3u);
  }
}

// --- stores --------------------------------------------------------------------------------------

const std::string big(4000, 'b');

class CompressedLog : public testing::Test {
 protected:
  std::unique_ptr<EventLog> open(bool compressing = true,
                                 sqlite::Mode mode = sqlite::Mode::read_write) {
    sqlite::Options options;
    options.mode = mode;
    options.clock = &clock;
    options.randomness = &randomness;
    options.tail_events = 16;
    options.compression = {.on = compressing, .samples = 64};
    options.warn = [this](std::string_view line) { warnings.emplace_back(line); };
    return sqlite::open(file, options);
  }

  static Position append(EventLog& log, std::string stream, std::string data) {
    return std::get<Appended>(
               log.append(commit_of(event_of(std::move(stream), "order.placed", std::move(data)))))
        .last;
  }

  // Orders enough for a dictionary, one a stream; returns when it is in use.
  void append_until_there_is_a_dictionary(EventLog& log) {
    std::mt19937_64 random(7);
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    std::uint64_t before = 0, packed = UINT64_MAX;
    for (int i = 0; i == 0 || packed > said.back().size() / 2; ++i) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit);
      said.push_back(order(i, random));
      append(log, "order/" + std::to_string(i), said.back());
      packed = log.statistics().packed_bytes - before;
      before += packed;
    }
  }

  static void wait_for_dictionaries(const EventLog& log, std::uint64_t count) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (log.statistics().dictionaries < count) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  void append_orders(EventLog& log, int count) {
    std::mt19937_64 random(8);
    for (int i = 0; i < count; ++i) {
      said.push_back(order(i, random));
      append(log, "order/" + std::to_string(i), said.back());
    }
  }

  void expect_all_as_said(const EventLog& log) {
    for (std::size_t i = 0; i < said.size(); ++i)
      ASSERT_EQ(log.event_at(Position{i + 1})->data, said[i]) << i;
    EXPECT_THAT(log.verify().faults, IsEmpty());
  }

  std::string sql(const std::string& statement) { return run_sql(file, statement); }
  std::uint64_t number(const std::string& statement) { return std::stoull(sql(statement)); }

  TemporaryFolder folder{place_in_memory()};
  const fs::path file = folder / "store.db";
  ManualClock clock;
  SeededRandomness randomness;
  std::vector<std::string> said, warnings;
};

TEST_F(CompressedLog, keeps_large_data_in_frames_and_small_as_it_is) {
  auto log = open();
  append(*log, "order/1", big);
  append(*log, "order/1", "small");
  EXPECT_EQ(log->event_at(Position{1})->data, big);
  EXPECT_EQ(log->event_at(Position{2})->data, "small");
  EXPECT_THAT(log->verify().faults, IsEmpty());
  const LogStatistics statistics = log->statistics();
  EXPECT_EQ(statistics.payload_bytes, 4005u);
  log.reset();
  EXPECT_EQ(number("SELECT codec FROM events WHERE position=1"), 32u);
  EXPECT_EQ(number("SELECT codec FROM events WHERE position=2"), 0u);
  EXPECT_EQ(number("SELECT sum(length(data)) FROM events"), statistics.packed_bytes);
  EXPECT_LT(statistics.packed_bytes, 100u);
}

TEST_F(CompressedLog, is_not_opened_with_what_cannot_be) {
  for (const sqlite::Compression& wrong :
       {sqlite::Compression{.level = 0}, sqlite::Compression{.level = 20},
        sqlite::Compression{.samples = 0}, sqlite::Compression{.streams = 0}}) {
    sqlite::Options options;
    options.compression = wrong;
    EXPECT_THROW(sqlite::open(file, options), ConfigurationError);
  }
  EXPECT_FALSE(fs::exists(file));
}

TEST_F(CompressedLog, is_read_by_who_does_not_compress) {
  append(*open(), "order/1", big);
  auto log = open(false);
  EXPECT_EQ(log->event_at(Position{1})->data, big);
  append(*log, "order/1", big);
  EXPECT_EQ(log->statistics().payload_bytes, 0u);
  EXPECT_EQ(open(false, sqlite::Mode::read_only)->event_at(Position{1})->data, big);
  EXPECT_THAT(log->verify().faults, IsEmpty());
  log.reset();
  EXPECT_EQ(number("SELECT codec FROM events WHERE position=2"), 0u);
}

TEST_F(CompressedLog, leaves_data_that_does_not_get_shorter_as_it_is) {
  std::mt19937_64 random(3);
  std::string noise(4000, '\0');
  for (char& byte : noise) byte = static_cast<char>(random());
  auto log = open();
  append(*log, "order/1", noise);
  EXPECT_EQ(log->event_at(Position{1})->data, noise);
  log.reset();
  EXPECT_EQ(number("SELECT codec FROM events"), 0u);
}

TEST_F(CompressedLog, makes_a_dictionary_of_a_type_and_uses_it_from_then_on) {
  auto log = open();
  append_until_there_is_a_dictionary(*log);
  const LogStatistics before = log->statistics();
  append_orders(*log, 100);
  const LogStatistics after = log->statistics();
  const auto bytes = after.payload_bytes - before.payload_bytes;
  EXPECT_LT(after.packed_bytes - before.packed_bytes, bytes / 2);
  EXPECT_EQ(after.dictionaries, 1u);
  expect_all_as_said(*log);
  log.reset();
  EXPECT_EQ(sql("SELECT key||type FROM records_annal_dictionaries"), "1order.placed");

  log = open();
  EXPECT_EQ(log->statistics().dictionaries, 1u);
  append_orders(*log, 10);
  expect_all_as_said(*log);
  const LogStatistics again = log->statistics();
  EXPECT_LT(again.packed_bytes, again.payload_bytes / 2);
  EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(CompressedLog, makes_its_dictionary_of_what_earlier_programs_wrote) {
  {
    auto log = open(false);
    append_orders(*log, 70);
  }
  auto log = open();
  append_orders(*log, 8);
  wait_for_dictionaries(*log, 1);
  append_orders(*log, 8);
  expect_all_as_said(*log);
}

TEST_F(CompressedLog, one_that_was_opened_before_the_dictionary_reads_what_it_was_used_for) {
  auto log = open();
  sql("DROP TABLE records_annal_dictionaries");  // as a program left it that knew none
  log.reset();
  log = open(false);
  append(*log, "order/1", said.emplace_back("x"));
  log.reset();
  sql("DROP TABLE records_annal_dictionaries");
  const auto reader = open(false, sqlite::Mode::read_only);
  EXPECT_EQ(reader->event_at(Position{1})->data, "x");
  log = open();
  append_until_there_is_a_dictionary(*log);
  append_orders(*log, 10);
  expect_all_as_said(*reader);
}

TEST_F(CompressedLog, tells_of_data_that_cannot_be_decompressed) {
  {
    auto log = open();
    append_until_there_is_a_dictionary(*log);
    append_orders(*log, 20);
  }
  const Position newest{said.size()};
  const std::string where = " WHERE position=" + std::to_string(newest.value);
  for (const std::string& damage :
       {"UPDATE events SET data=substr(data,1,length(data)-1)" + where,
        "UPDATE events SET data=x''" + where,
        // a frame of 4 GiB, of a dictionary that there cannot be, of another that is not there
        "UPDATE events SET data=x'28b52ffda000000000'||substr(data,1,9)" + where,
        "UPDATE events SET data=x'28b52ffd27ffffffff05010000'||data" + where,
        "UPDATE events SET data=x'28b52ffd2109'||substr(data,7)" + where,
        std::string("DELETE FROM records_annal_dictionaries"),
        // its number, its tables, what tells that it is one
        std::string("UPDATE records_annal_dictionaries SET value=substr(value,1,4)||x'02000000'||"
                    "substr(value,9)"),
        std::string("UPDATE records_annal_dictionaries SET value=substr(value,1,16)||zeroblob(64)||"
                    "substr(value,81)"),
        std::string("UPDATE records_annal_dictionaries SET value=x'00'||substr(value,2)")}) {
    SCOPED_TRACE(damage);
    const fs::path damaged = folder / "damaged.db";
    fs::copy_file(file, damaged, fs::copy_options::overwrite_existing);
    run_sql(damaged, damage);
    sqlite::Options options;
    options.mode = sqlite::Mode::read_only;
    const auto log = sqlite::open(damaged, options);
    try {
      log->event_at(newest);
      ADD_FAILURE() << "it was served";
    } catch (const CorruptionError& error) {
      EXPECT_THAT(error.what(), HasSubstr("position " + std::to_string(newest.value)));
      EXPECT_THAT(error.what(), HasSubstr("cannot be decompressed"));
    }
    EXPECT_THAT(log->verify().damaged, testing::Contains(newest));
    EXPECT_EQ(log->event_at(Position{1})->data, said[0]);
  }
}

TEST_F(CompressedLog, does_not_compress_with_a_dictionary_that_is_damaged) {
  {
    auto log = open();
    append_until_there_is_a_dictionary(*log);
    for (int i = 0; i < 1000; ++i)
      append(*log, "other/1", "x");  // what needs it is not checked at open
  }
  sql("UPDATE records_annal_dictionaries SET value=x'00'||substr(value,2)");
  auto log = open();
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_THAT(warnings.front(), HasSubstr("dictionary 1 is damaged"));
  std::mt19937_64 random(9);
  const std::string after = order(1, random);
  const Position position = append(*log, "order/1", after);
  EXPECT_EQ(log->event_at(position)->data, after);
}

TEST_F(CompressedLog, nobody_else_changes_its_dictionaries) {
  auto log = open();
  append_until_there_is_a_dictionary(*log);
  Commit commit;
  commit.records.push_back({"annal_dictionaries", "1", {}, {}, {}, {}});
  const auto outcome = log->append(std::move(commit));
  EXPECT_THAT(std::get<Rejected>(outcome).message(), HasSubstr("the store's own"));
  expect_all_as_said(*log);
}

TEST_F(CompressedLog, data_that_cannot_be_decompressed_is_purged_all_the_same) {
  auto log = open();
  append(*log, "order/1", big);
  for (int i = 0; i < 1000; ++i) append(*log, "order/2", "x");  // it is not checked at open
  log.reset();
  sql("UPDATE events SET data=x'00' WHERE position=1");
  log = open();
  Commit purge;
  purge.purges = {{Position{1}}};
  EXPECT_TRUE(std::holds_alternative<Appended>(log->append(std::move(purge))));
  EXPECT_THAT(log->verify().damaged, ElementsAre(Position{1}));
}

TEST_F(CompressedLog, a_purge_leaves_stubs_and_nothing_of_one_stream_in_the_dictionary) {
  const std::string canary = "the-bird-that-must-not-be-found";
  auto log = open();
  Commit purge;
  for (int i = 0; i < 5; ++i)
    purge.purges.push_back(
        {append(*log, "order/secret", said.emplace_back(canary + canary + canary))});
  append_until_there_is_a_dictionary(*log);
  purge.purges.push_back({append(*log, "order/secret", said.emplace_back(canary + said[10]))});
  ASSERT_TRUE(std::holds_alternative<Appended>(log->append(purge)));
  for (const Purging& purged : purge.purges) EXPECT_TRUE(log->event_at(purged.position)->purged);
  EXPECT_THAT(log->verify().faults, IsEmpty());
  log.reset();
  EXPECT_EQ(number("SELECT count(*) FROM events WHERE codec=16 AND length(data)=64"), 6u);
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(bytes.find("the-bird"), bytes.npos);
  EXPECT_NE(bytes.find(R"("currency":"EUR")"), bytes.npos) << "otherwise there is no dictionary";
}

TEST_F(CompressedLog, of_the_first_code_that_compressed_is_read) {
  fs::copy_file(fs::path(ANNAL_FIXTURES) / "compressed.db", file);
  said = orders(80);
  said[3] = said[79] = "";
  said.push_back('"' + big + '"');
  const auto log = open();
  EXPECT_EQ(log->event_at(Position{4})->purged->note, 129);
  EXPECT_EQ(log->event_at(Position{80})->purged->note, 0);
  EXPECT_EQ(head_receipt(*log).to_string(),
            "82:4593b1f9bc8b86f7fbbef7378f86d2301cd09e36b2fa944cc4b98e187763faa5");
  EXPECT_EQ(log->statistics().dictionaries, 1u);
  expect_all_as_said(*log);
  append_orders(*log, 1);
  EXPECT_LT(log->statistics().packed_bytes, 100u);
  EXPECT_EQ(log->event_at(Position{83})->data, said.back());
}

TEST_F(CompressedLog, is_backed_up_and_compacted_with_its_dictionaries) {
  auto log = open();
  append_until_there_is_a_dictionary(*log);
  append_orders(*log, 20);
  const fs::path copy = folder / "copy.db";
  ASSERT_TRUE(sqlite::back_up(file, copy));
  log.reset();
  ASSERT_TRUE(sqlite::compact(copy));
  sqlite::Options options;
  options.mode = sqlite::Mode::read_only;
  expect_all_as_said(*sqlite::open(copy, options));
}

TEST_F(CompressedLog, makes_dictionaries_for_so_many_types_and_no_more) {
  auto log = open();
  std::mt19937_64 random(7);
  const auto append_so_many = [&](int type, int count) {
    Commit commit;
    for (int i = 0; i < count; ++i)
      commit.events.push_back(event_of("order/" + std::to_string(i),
                                       "order.t" + std::to_string(type), order(i, random)));
    ASSERT_TRUE(std::holds_alternative<Appended>(log->append(std::move(commit))));
  };
  for (int type = 0; type < 66; ++type) {
    append_so_many(type, 64);
    append_so_many(type, 8);  // asks for one
  }
  wait_for_dictionaries(*log, 64);
  for (int type = 0; type < 66; ++type) append_so_many(type, 100);
  EXPECT_EQ(log->statistics().dictionaries, 64u);
  EXPECT_THAT(log->verify().faults, IsEmpty());
  EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(CompressedLog, many_write_to_it_while_a_dictionary_is_made) {
  auto log = open();
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller)
    callers.emplace_back([&, caller] {
      std::mt19937_64 random(static_cast<std::uint64_t>(caller));
      for (int i = 0; i < 100; ++i)
        append(*log, "order/" + std::to_string(caller) + "-" + std::to_string(i), order(i, random));
    });
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(log->head(), Position{800});
  wait_for_dictionaries(*log, 1);
  EXPECT_THAT(log->verify().faults, IsEmpty());
}

}  // namespace
}  // namespace annal::test
