// A copy of a store that somebody writes to: whole and checked, or not there.
#include "annal/sqlite/backup.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "fakes.hpp"
#include "tampered.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

namespace annal::test {
namespace {

namespace fs = std::filesystem;
using sqlite::back_up;
using sqlite::BackupOptions;
using sqlite::BackupProgress;
using testing::HasSubstr;

class Backup : public testing::Test {
 protected:
  std::unique_ptr<EventLog> open(const fs::path& file, sqlite::Mode mode) {
    sqlite::Options options;
    options.mode = mode;
    options.clock = &clock;
    options.randomness = &randomness;
    return sqlite::open(file, options);
  }
  std::unique_ptr<EventLog> open_store() { return open(store, sqlite::Mode::read_write); }
  std::unique_ptr<EventLog> open_copy() { return open(copy, sqlite::Mode::read_only); }

  // So many commits of so many events.
  void append(EventLog& log, int commits, std::size_t bytes = 10, int events = 1) {
    for (int i = 0; i < commits; ++i) {
      Commit commit;
      for (int j = 0; j < events; ++j) {
        commit.events.emplace_back();
        commit.events.back().stream = "thing/" + std::to_string(i % 5);
        commit.events.back().type = "thing.happened";
        commit.events.back().data = std::string(bytes, 'x');
      }
      ASSERT_TRUE(std::holds_alternative<Appended>(log.append(std::move(commit))));
    }
  }

  // Runs SQL on a file, as no program of ours would.
  static void sql(const fs::path& file, const char* statement) { run_sql(file, statement); }

  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder.path()))
      if (const auto name = entry.path().filename().string(); name.starts_with("copy"))
        names.insert(name);
    return names;
  }

  std::string refusal(const BackupOptions& options = {}) const {
    try {
      back_up(store, copy, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was thrown";
  }

  TemporaryFolder folder{place_in_memory()};
  const fs::path store = folder / "store.db", copy = folder / "copy.db";
  ManualClock clock;
  SeededRandomness randomness;
};

constexpr std::size_t large = 900'000;  // so that a few events take several steps to copy

}  // namespace

TEST_F(Backup, is_the_store_as_it_was_when_the_copy_began_whatever_is_written_meanwhile) {
  const auto log = open_store();
  append(*log, 6, large);
  const Receipt begun = head_receipt(*log);
  BackupOptions options;
  int steps = 0;
  options.progress = [&](const BackupProgress& progress) {
    if (progress.step != BackupProgress::Step::copying) return;
    ++steps;
    EXPECT_FALSE(fs::exists(copy)) << "it appears when it is whole";
    append(*log, 1, large);
  };
  const auto report = back_up(store, copy, options);
  ASSERT_TRUE(report);
  EXPECT_GE(steps, 5);
  EXPECT_EQ(report->head, begun);
  EXPECT_EQ(report->bytes, fs::file_size(copy));
  EXPECT_EQ(files(), std::set<std::string>{"copy.db"});

  const auto copied = open_copy();
  EXPECT_EQ(receipt_of(copied->verify()), begun);
  EXPECT_TRUE(copied->verify().faults.empty());
  EXPECT_TRUE(std::holds_alternative<ReceiptHolds>(check(*log, begun)));
  EXPECT_EQ(log->head().value, 6u + static_cast<std::uint64_t>(steps));
  EXPECT_TRUE(log->verify().faults.empty());
}

TEST_F(Backup, holds_what_still_lies_in_the_write_ahead_log) {
  const auto log = open_store();
  append(*log, 20);
  ASSERT_GT(log->statistics().wal_bytes, 0u);
  EXPECT_EQ(back_up(store, copy)->head, head_receipt(*log));
  EXPECT_EQ(open_copy()->head(), Position{20});
}

TEST_F(Backup, of_an_empty_store_is_one) {
  open_store();
  EXPECT_EQ(back_up(store, copy)->head, Receipt{});
  EXPECT_EQ(open_copy()->head(), Position{0});
}

TEST_F(Backup, goes_on_as_a_store) {
  { append(*open_store(), 5); }
  back_up(store, copy);
  {
    const auto log = open(copy, sqlite::Mode::read_write);
    append(*log, 5);
    EXPECT_TRUE(log->verify().faults.empty());
  }
  EXPECT_EQ(open_store()->head(), Position{5});
}

TEST_F(Backup, has_the_page_layout_and_the_permissions_of_the_store) {
  { append(*open_store(), 5); }
  fs::permissions(store, fs::perms::owner_read | fs::perms::owner_write);
  back_up(store, copy);
  EXPECT_EQ(fs::status(copy).permissions(), fs::status(store).permissions());
  std::string header(100, '\0');
  std::ifstream(copy, std::ios::binary).read(header.data(), 100);
  EXPECT_EQ(header[20], 12) << "bytes reserved in every page";
}

TEST_F(Backup, that_is_stopped_leaves_nothing_behind) {
  { append(*open_store(), 3, large); }
  for (const auto step : {BackupProgress::Step::copying, BackupProgress::Step::checking}) {
    std::stop_source stop;
    BackupOptions options;
    options.stop = stop.get_token();
    options.progress = [&](const BackupProgress& progress) {
      if (progress.step == step) stop.request_stop();
    };
    EXPECT_FALSE(back_up(store, copy, options));
    EXPECT_EQ(files(), std::set<std::string>{});
  }
}

// At one byte a second it would take weeks.
TEST_F(Backup, that_is_held_back_to_a_rate_can_be_stopped_while_it_waits) {
  { append(*open_store(), 3, large); }
  std::stop_source stop;
  BackupOptions options;
  options.bytes_per_second = 1;
  options.stop = stop.get_token();
  options.progress = [&](const BackupProgress&) { stop.request_stop(); };
  EXPECT_FALSE(back_up(store, copy, options));
}

TEST_F(Backup, is_never_put_over_something_unless_that_is_asked_for) {
  { append(*open_store(), 2); }
  back_up(store, copy);
  { append(*open_store(), 1); }
  EXPECT_THAT(refusal(), HasSubstr("exists already"));
  EXPECT_EQ(open_copy()->head(), Position{2});
  BackupOptions options;
  options.replace = true;
  back_up(store, copy, options);
  EXPECT_EQ(open_copy()->head(), Position{3});
}

TEST_F(Backup, replaces_nothing_that_is_no_store_or_is_in_use) {
  { append(*open_store(), 2); }
  BackupOptions options;
  options.replace = true;
  std::ofstream(copy) << "These are notes, and no database at all.";
  EXPECT_THROW(back_up(store, copy, options), UnknownFormat);
  fs::remove(copy);

  back_up(store, copy);
  {
    const auto in_use = open(copy, sqlite::Mode::read_write);
    EXPECT_THROW(back_up(store, copy, options), StoreBusy);
    EXPECT_THROW(back_up(copy, copy, options), StoreBusy);
  }
  std::ofstream(copy.string() + "-wal") << "what a crash left of commits";
  EXPECT_THAT(refusal(options), HasSubstr("copy.db-wal belongs to a store"));
  fs::remove(copy);
  EXPECT_THAT(refusal(), HasSubstr("copy.db-wal belongs to a store"));
}

TEST_F(Backup, that_would_be_damaged_is_not_kept) {
  { append(*open_store(), 3, 10, 400); }
  sql(store, "UPDATE events SET data=CAST('changed' AS BLOB) WHERE position=7");
  try {
    back_up(store, copy);
    FAIL() << "every event is checked";
  } catch (const CorruptionError& error) {
    EXPECT_EQ(error.positions, std::vector<std::uint64_t>{7});
  }
  EXPECT_EQ(files(), std::set<std::string>{});

  BackupOptions quick;
  quick.quick = true;
  EXPECT_EQ(back_up(store, copy, quick)->head.position, Position{1200});
  fs::remove(copy);
  sql(store, "UPDATE events SET data=CAST('changed' AS BLOB) WHERE position=300");
  EXPECT_THROW(back_up(store, copy, quick), CorruptionError);
  EXPECT_EQ(files(), std::set<std::string>{});
  std::fstream(store, std::ios::binary | std::ios::in | std::ios::out).seekp(5 * 4096 + 100) << '!';
  EXPECT_THROW(back_up(store, copy, quick), CorruptionError);
}

TEST_F(Backup, clears_away_what_a_crash_left_of_another) {
  { append(*open_store(), 2); }
  for (const char* suffix : {".part", ".part-wal", ".part-journal", ".part.lock"})
    std::ofstream(copy.string() + suffix) << "half a copy";
  back_up(store, copy);
  EXPECT_EQ(files(), std::set<std::string>{"copy.db"});
  EXPECT_EQ(open_copy()->head(), Position{2});
}

TEST_F(Backup, never_clears_away_what_it_is_to_read_or_what_somebody_writes) {
  const fs::path part = copy.string() + ".part";
  { append(*open(part, sqlite::Mode::read_write), 2); }
  EXPECT_THROW(back_up(part, copy), CannotOpen);
  EXPECT_EQ(open(part, sqlite::Mode::read_only)->head(), Position{2});
  { append(*open_store(), 1); }
  const auto in_use = open(part, sqlite::Mode::read_write);
  EXPECT_THROW(back_up(store, copy), StoreBusy);
  EXPECT_EQ(in_use->head(), Position{2});
  EXPECT_FALSE(fs::exists(copy));
}

TEST_F(Backup, that_replaces_a_link_replaces_the_store_it_leads_to) {
  const fs::path link = folder / "copy.link";
  { append(*open_store(), 2); }
  back_up(store, copy);
  fs::create_symlink(copy, link);
  BackupOptions options;
  options.replace = true;
  EXPECT_THROW(back_up(store, link), CannotOpen);
  {
    const auto in_use = open(copy, sqlite::Mode::read_write);
    EXPECT_THROW(back_up(store, link, options), StoreBusy);
  }
  { append(*open_store(), 1); }
  back_up(store, link, options);
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(open_copy()->head(), Position{3});
}

TEST_F(Backup, of_what_is_no_store_is_refused) {
  EXPECT_THROW(back_up(store, copy), CannotOpen);
  std::ofstream(store) << "These are notes, and no database at all.";
  EXPECT_THROW(back_up(store, copy), UnknownFormat);
  fs::remove(store);
  { append(*open_store(), 2); }
  EXPECT_THROW(back_up(store, folder / "nowhere" / "copy.db"), CannotOpen);
  EXPECT_EQ(files(), std::set<std::string>{});
}

}  // namespace annal::test
