// A store that looks itself over in the background.
#include "annal/sqlite/page_checksum.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "contracts/event_log_contract.hpp"
#include "tampered.hpp"

#include <fstream>
#include <thread>

namespace annal::test {
namespace {

class Scrubbing : public testing::Test {
 protected:
  Scrubbing() {
    scrubbing.bytes_per_second = std::uint64_t{1} << 40;
    scrubbing.begins_after = scrubbing.rests = std::chrono::seconds(0);
    scrubbing.report = [this](const std::string& what) {
      std::lock_guard lock(mutex);
      reported.push_back(what);
    };
  }

  std::unique_ptr<EventLog> open() const {
    sqlite::Options options;
    options.scrubbing = scrubbing;
    return sqlite::open(file, options);
  }

  static void append(EventLog& log, int commits) {
    for (int i = 0; i < commits; ++i)
      ASSERT_TRUE(std::holds_alternative<Appended>(
          log.append(commit_of(event_of("thing/" + std::to_string(i), "thing.happened",
                                        std::string(1000, static_cast<char>('a' + i % 26)))))));
  }

  // Waits for so many more passes; a minute if they never come.
  static Scrubbed after_passes(const EventLog& log, std::uint64_t passes) {
    const std::uint64_t wanted = log.scrubbed().passes + passes;
    for (int i = 0; i < 6000 && log.scrubbed().passes < wanted; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_GE(log.scrubbed().passes, wanted);
    return log.scrubbed();
  }

  TemporaryFolder folder{place_in_memory()};
  const std::filesystem::path file = folder / "store.db";
  sqlite::Scrubbing scrubbing;
  std::mutex mutex;
  std::vector<std::string> reported;
};

TEST_F(Scrubbing, of_a_store_that_is_written_finds_nothing_wrong) {
  const auto log = open();
  append(*log, 1500);  // taken into the database several times meanwhile
  const Scrubbed found = after_passes(*log, 2);
  EXPECT_TRUE(found.clean());
  EXPECT_GT(found.bytes, 2'000'000u);
  EXPECT_TRUE(found.finished_at);
  EXPECT_GE(log->statistics().scrubbed.passes, found.passes);
  std::lock_guard lock(mutex);
  EXPECT_EQ(reported, std::vector<std::string>{});
}

TEST_F(Scrubbing, finds_damaged_pages_and_what_they_hide_and_tells_of_each_once) {
  scrubbing.bytes_per_second = 0;
  append(*open(), 1200);  // the second event is not among those that are checked at open
  std::ifstream in(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const std::size_t at = bytes.find(std::string(500, 'b'));
  bytes[at] = 'c';
  std::ofstream(file, std::ios::binary) << bytes;
  scrubbing.bytes_per_second = std::uint64_t{1} << 40;
  const auto log = open();
  const Scrubbed found = after_passes(*log, 2);
  const auto page = static_cast<std::uint32_t>(at / sqlite::page_bytes) + 1;
  EXPECT_EQ(found.damaged_pages, std::vector<std::uint32_t>{page});
  EXPECT_EQ(std::count(found.damaged.begin(), found.damaged.end(), Position{2}), 1);
  EXPECT_LT(found.damaged.size(), 5u);
  std::lock_guard lock(mutex);
  EXPECT_EQ(reported.size(), found.damaged.size() + 1) << "and not once a pass";
  EXPECT_EQ(reported.front(),
            "page " + std::to_string(page) + " of the file is not what was written there");
}

TEST_F(Scrubbing, finds_an_event_that_was_changed_on_a_sound_page) {
  scrubbing.bytes_per_second = 0;
  append(*open(), 1200);
  run_sql(file, "UPDATE events SET data=CAST('changed' AS BLOB) WHERE position=3");
  scrubbing.bytes_per_second = std::uint64_t{1} << 40;
  const auto log = open();
  const Scrubbed found = after_passes(*log, 1);
  EXPECT_EQ(found.damaged_pages, std::vector<std::uint32_t>{});
  EXPECT_EQ(found.damaged, std::vector<Position>{Position{3}});
}

// A pass would take weeks: closing that waited for it would not end.
TEST_F(Scrubbing, stops_when_the_store_is_closed) {
  scrubbing.bytes_per_second = 1;
  append(*open(), 100);
}

}  // namespace
}  // namespace annal::test
