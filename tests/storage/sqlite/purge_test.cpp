// What was purged is gone from the file, not only from what the store answers.
#include "annal/error.hpp"
#include "annal/sqlite/backup.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "contracts/event_log_contract.hpp"
#include "tampered.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

namespace annal::test {
namespace {

namespace fs = std::filesystem;
using sqlite::compact;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string canary = "the-bird-that-must-not-be-found";

// Data of that size, full of canaries.
std::string sung(std::size_t size) {
  std::string data;
  while (data.size() < size) data += canary;
  data.resize(std::max(size, canary.size()));
  return data;
}

class Purging : public testing::Test {
 protected:
  void open() {
    sqlite::Options options;
    options.clock = &clock;
    options.randomness = &randomness;
    options.spaces = {{"notes", {}}};
    log = sqlite::open(file, options);
  }
  void close() { log.reset(); }

  Position append(Commit commit) { return std::get<Appended>(log->append(std::move(commit))).last; }

  // How often the canary is in the files of the store.
  std::size_t found() const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(folder.path())) {
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      for (auto at = bytes.find(canary); at != bytes.npos; at = bytes.find(canary, at + 1)) ++count;
    }
    return count;
  }

  // Events with and without canaries, of sizes within a page and beyond; those with one are purged.
  void append_and_purge() {
    Commit purge;
    for (const std::size_t size : {31u, 300u, 3000u, 4100u, 20'000u, 200'000u})
      for (int i = 0; i < 10; ++i) {
        purge.purges.push_back({append(commit_of(event_of("bird/1", "bird.sang", sung(size))))});
        append(commit_of(event_of("bird/2", "bird.slept", std::string(size, 'z'))));
      }
    EXPECT_GT(found(), 100u) << "otherwise this tries nothing";
    append(std::move(purge));
  }

  TemporaryFolder folder{place_in_memory()};
  const fs::path file = folder / "store.db";
  ManualClock clock;
  SeededRandomness randomness;
  std::unique_ptr<EventLog> log;
};

TEST_F(Purging, leaves_no_byte_in_the_file_of_a_store_that_was_closed) {
  open();
  append_and_purge();
  close();
  EXPECT_EQ(found(), 0u);
  open();
  const Verification verified = log->verify();
  EXPECT_THAT(verified.faults, IsEmpty());
  EXPECT_EQ(log->stream_version("bird/1"), Version{60});
}

TEST_F(Purging, takes_records_that_its_commit_erases_with_it) {
  open();
  Commit with_record = commit_of(event_of("bird/1", "bird.sang", sung(100)));
  with_record.records.push_back({"notes", "bird", sung(1000), {}, {}, {}});
  Commit purge;
  purge.purges.push_back({append(std::move(with_record))});
  purge.records.push_back({"notes", "bird", {}, {}, {}, {}});
  append(std::move(purge));
  close();
  EXPECT_EQ(found(), 0u);
}

TEST_F(Purging, is_kept_by_a_store_that_is_opened_again) {
  open();
  Commit purge;
  purge.purges.push_back({append(commit_of(event_of("bird/1", "bird.sang", sung(50))))});
  append(std::move(purge));
  close();
  open();
  EXPECT_TRUE(log->event_at(Position{1})->purged);
  EXPECT_FALSE(log->event_at(Position{1})->hash == Hash{});
}

TEST_F(Purging, of_an_event_that_is_damaged_takes_what_is_left_and_the_damage_is_still_told) {
  open();
  append(commit_of(event_of("bird/1", "bird.sang", sung(50))));
  for (int i = 0; i < 1000; ++i)
    append(commit_of(event_of("bird/2")));  // it is not checked at open
  close();
  run_sql(file, "UPDATE events SET data=data||'x' WHERE position=1");
  open();
  Commit purge;
  purge.purges = {{Position{1}}};
  append(std::move(purge));
  EXPECT_EQ(log->verify().damaged, std::vector<Position>{Position{1}});
  close();
  EXPECT_EQ(found(), 0u);
}

TEST_F(Purging, a_damaged_stub_is_told) {
  open();
  Commit purge;
  purge.purges.push_back({append(commit_of(event_of("bird/1", "bird.sang", sung(50)))), 129});
  append(std::move(purge));
  close();
  for (const char* damage :
       {"data=zeroblob(64)", "data=x'00'", "codec=0", "codec=18",
        "data=substr(data,1,64)||x'80'||substr(data,66)", "data=substr(data,1,65)"}) {
    const fs::path damaged = folder / "damaged.db";
    fs::copy_file(file, damaged, fs::copy_options::overwrite_existing);
    run_sql(damaged, std::string("UPDATE events SET ") + damage);
    sqlite::Options options;
    options.mode = sqlite::Mode::read_only;
    EXPECT_FALSE(sqlite::open(damaged, options)->verify().faults.empty()) << damage;
  }
}

TEST_F(Purging, compacting_gives_back_the_room_and_keeps_the_log) {
  open();
  append_and_purge();
  const Receipt head = head_receipt(*log);
  close();
  const auto before = fs::file_size(file);
  const auto report = compact(file);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->head, head);
  EXPECT_EQ(report->bytes_before, before);
  EXPECT_EQ(report->bytes, fs::file_size(file));
  EXPECT_LT(report->bytes, before * 2 / 3);
  open();
  EXPECT_EQ(head_receipt(*log), head);
  EXPECT_THAT(log->verify().faults, IsEmpty());
  append(commit_of(event_of("bird/3")));
}

TEST_F(Purging, what_records_were_overwritten_with_leaves_no_byte_either) {
  open();
  const auto put = [&](const std::optional<std::string>& value) {
    for (int i = 0; i < 50; ++i) {
      Commit commit;
      commit.records.push_back({"notes", "n" + std::to_string(i), value, {}, {}, {}});
      append(std::move(commit));
    }
    close();
    open();
  };
  put(sung(2000));
  put(sung(9000));
  EXPECT_GT(found(), 0u);
  put("quiet");
  put(std::nullopt);
  close();
  EXPECT_EQ(found(), 0u);
}

TEST_F(Purging, compacting_removes_what_another_program_left) {
  open();
  append(commit_of(event_of("bird/1")));
  close();
  run_sql(file, "PRAGMA secure_delete=OFF; CREATE TABLE theirs(x); INSERT INTO theirs VALUES('" +
                    sung(9000) + "'); PRAGMA wal_checkpoint(TRUNCATE); DROP TABLE theirs");
  EXPECT_GT(found(), 0u) << "otherwise this tries nothing";
  compact(file);
  EXPECT_EQ(found(), 0u);
}

TEST_F(Purging, compacting_is_refused_while_the_store_is_open_and_ends_when_it_is_told_to) {
  open();
  append_and_purge();
  EXPECT_THROW(compact(file), StoreBusy);
  close();
  const auto before = fs::file_size(file);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(compact(file, {.stop = stop.get_token()}));
  EXPECT_EQ(fs::file_size(file), before);
  EXPECT_FALSE(fs::exists(file.string() + ".part"));
}

TEST_F(Purging, compacting_does_not_replace_a_store_by_a_damaged_one) {
  open();
  append_and_purge();
  for (int i = 0; i < 1000; ++i)
    append(commit_of(event_of("bird/3")));  // it is not checked at open
  close();
  run_sql(file, "UPDATE events SET hash=zeroblob(32) WHERE position=2");
  EXPECT_THROW(compact(file), CorruptionError);
  EXPECT_FALSE(fs::exists(file.string() + ".part"));
}

TEST_F(Purging, compacting_takes_the_log_of_a_crash_along) {
  open();
  append(commit_of(event_of("bird/1")));
  const fs::path crashed = folder / "crashed.db";
  for (const char* suffix : {"", "-wal", ".synced"})
    fs::copy_file(file.string() + suffix, crashed.string() + suffix);
  const Receipt head = head_receipt(*log);
  const auto report = compact(crashed);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->head, head);
}

}  // namespace
}  // namespace annal::test
