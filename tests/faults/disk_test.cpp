// What the SQLite log does when the disk fails under it.
#include "annal/error.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "fakes.hpp"
#include "faults/faulty_disk.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <thread>

namespace annal::test {
namespace {

class FailingDisk : public testing::Test {
 protected:
  void SetUp() override { open(); }

  void open() {
    log.reset();
    sqlite::Options options;
    options.clock = &clock;
    options.randomness = &randomness;
    log = sqlite::open(file, options);
  }

  static Commit commit_to(const std::string& stream, std::size_t bytes = 1) {
    Commit commit;
    commit.events.emplace_back();
    commit.events.back().stream = stream;
    commit.events.back().type = "thing.happened";
    commit.events.back().data = std::string(bytes, 'x');
    return commit;
  }

  static Commit keyed(Commit commit, const std::string& key) {
    commit.idempotency_key = key;
    return commit;
  }

  template <class Outcome>
  bool append_is(Commit commit) {
    return std::holds_alternative<Outcome>(log->append(std::move(commit)));
  }

  template <class Reason>
  bool is_refused(Commit commit) {
    const auto outcome = log->append(std::move(commit));
    const auto* rejected = std::get_if<Rejected>(&outcome);
    return rejected && std::holds_alternative<Reason>(rejected->reason);
  }

  std::size_t events_of(const std::string& stream) const {
    ReadRequest request;
    request.query = Query::of_stream(stream);
    return log->read(request).events.size();
  }

  FaultyDisk disk;
  TemporaryFolder folder;
  const std::filesystem::path file = folder / "store.db";
  ManualClock clock;
  SeededRandomness randomness;
  std::unique_ptr<EventLog> log;
};

TEST_F(FailingDisk, full_refuses_and_goes_on_when_there_is_room) {
  EXPECT_TRUE(append_is<Appended>(commit_to("thing/1")));
  disk.fail_always(DiskOperation::write, "-wal", SQLITE_FULL);
  EXPECT_TRUE(is_refused<DiskFull>(commit_to("thing/2")));
  EXPECT_TRUE(is_refused<DiskFull>(commit_to("thing/3")));
  EXPECT_EQ(events_of("thing/1"), 1u) << "reads go on";
  disk.heal();
  EXPECT_TRUE(append_is<Appended>(commit_to("thing/4")));
  EXPECT_TRUE(append_is<Appended>(commit_to("thing/2")));
  open();
  EXPECT_EQ(events_of("thing/2"), 1u);
  EXPECT_EQ(events_of("thing/3"), 0u);
  EXPECT_EQ(events_of("thing/4"), 1u);
  EXPECT_EQ(log->verify().faults, std::vector<std::string>{});
}

// A store whose write-ahead log holds all of its commits, as a crash leaves it.
class HotLog : public FailingDisk {
 protected:
  HotLog() {
    open();
    for (int i = 0; i < 3; ++i) append_is<Appended>(commit_to("thing/1"));
    for (const char* suffix : {"", "-wal", ".synced"})
      std::filesystem::copy_file(file.string() + suffix, hot.string() + suffix);
    log.reset();
  }

  void open_hot() {
    sqlite::Options options;
    options.clock = &clock;
    options.randomness = &randomness;
    log = sqlite::open(hot, options);
  }

  void expect_everything() {
    EXPECT_EQ(log->head(), Position{3});
    EXPECT_EQ(log->durable_position(), Position{3});
    EXPECT_EQ(log->verify().faults, std::vector<std::string>{});
    EXPECT_TRUE(append_is<Appended>(commit_to("thing/1")));
  }

  void SetUp() override {}

  const std::filesystem::path hot = folder / "hot.db";
};

TEST_F(HotLog, is_synced_before_anybody_is_told_that_it_is_durable) {
  EXPECT_EQ(disk.synced("hot.db-wal"), 0);
  open_hot();
  EXPECT_GT(disk.synced("hot.db-wal"), 0);
  expect_everything();
}

TEST_F(HotLog, that_cannot_be_synced_is_refused_and_stays) {
  int syncs = 0, removals = 0;
  disk.on_call([&](const DiskCall& call) {
    if (!call.file.ends_with("hot.db-wal")) return SQLITE_OK;
    removals += call.operation == DiskOperation::remove ? 1 : 0;
    syncs += call.operation == DiskOperation::sync ? 1 : 0;
    return call.operation == DiskOperation::sync ? SQLITE_IOERR_FSYNC : SQLITE_OK;
  });
  EXPECT_THROW(open_hot(), Error);
  EXPECT_EQ(syncs, 1) << "it is not tried again";
  EXPECT_EQ(removals, 0);
  disk.on_call({});
  open_hot();
  expect_everything();
}

TEST_F(HotLog, on_a_full_disk_is_synced_as_it_is) {
  disk.fail_always(DiskOperation::write, "hot.db-wal", SQLITE_FULL);
  open_hot();
  EXPECT_GT(disk.failed(), 0);
  EXPECT_GT(disk.synced("hot.db-wal"), 0);
  disk.heal();
  expect_everything();
}

TEST_F(FailingDisk, full_under_a_checkpoint_leaves_the_commits_where_they_are) {
  disk.fail_always(DiskOperation::write, "store.db", SQLITE_FULL);
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(append_is<Appended>(commit_to("thing/1", 500'000)));
  EXPECT_GT(disk.failed(), 0);
  EXPECT_EQ(log->failure(), "");
  disk.heal();
  EXPECT_TRUE(append_is<Appended>(commit_to("thing/1")));
  open();
  EXPECT_EQ(events_of("thing/1"), 13u);
  EXPECT_EQ(log->verify().faults, std::vector<std::string>{});
}

TEST_F(FailingDisk, a_checkpoint_that_fails_half_way_leaves_a_store_that_opens) {
  for (int i = 0; i < 20; ++i) append_is<Appended>(commit_to("thing/" + std::to_string(i), 3000));
  disk.fail_always(DiskOperation::write, "store.db", SQLITE_IOERR_WRITE);
  log.reset();
  EXPECT_GT(disk.failed(), 0);
  disk.heal();
  open();
  EXPECT_EQ(log->head(), Position{20});
  EXPECT_EQ(log->verify().faults, std::vector<std::string>{});
}

TEST_F(FailingDisk, a_store_that_could_not_be_made_is_made_the_next_time) {
  log.reset();
  std::filesystem::remove(file);
  disk.fail_once(DiskOperation::write, ".creating-journal", SQLITE_IOERR_WRITE);
  EXPECT_THROW(open(), Error);
  EXPECT_EQ(disk.failed(), 1);
  open();
  EXPECT_TRUE(append_is<Appended>(commit_to("thing/1")));
}

TEST_F(FailingDisk, a_failed_sync_leaves_the_outcome_unknown_however_often_it_is_asked_for) {
  disk.fail_once(DiskOperation::sync, "-wal", SQLITE_IOERR_FSYNC);
  EXPECT_TRUE(append_is<Unknown>(keyed(commit_to("thing/1"), "first")));
  EXPECT_TRUE(append_is<Unknown>(keyed(commit_to("thing/1"), "first")));
  EXPECT_TRUE(is_refused<Closed>(keyed(commit_to("thing/1"), "second")));
  EXPECT_TRUE(is_refused<Closed>(commit_to("thing/1")));
  EXPECT_NE(log->failure(), "");
  open();
  EXPECT_EQ(log->failure(), "");
  EXPECT_TRUE(append_is<Appended>(keyed(commit_to("thing/1"), "first")));
  EXPECT_EQ(events_of("thing/1"), 1u);
  EXPECT_FALSE(log->find_commit("second"));
}

TEST_F(FailingDisk, what_cannot_begin_is_refused_as_a_whole) {
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  std::vector<std::future<AppendOutcome>> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(log->append_async(commit_to("thing/1")));
  for (auto& answer : answers) EXPECT_TRUE(std::holds_alternative<Rejected>(answer.get()));
  ASSERT_EQ(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(other);
  EXPECT_EQ(log->failure(), "");
  EXPECT_TRUE(append_is<Appended>(commit_to("thing/1")));
}

TEST_F(FailingDisk, that_can_be_read_again_is_read_again) {
  ASSERT_TRUE(append_is<Appended>(commit_to("thing/1", 500'000)));
  open();
  // What a reader has in memory it forgets when somebody has written.
  ASSERT_TRUE(append_is<Appended>(commit_to("thing/2")));
  disk.fail_always(DiskOperation::read, "store.db", SQLITE_IOERR_READ);
  EXPECT_THROW(events_of("thing/1"), StorageError);
  EXPECT_GT(disk.failed(), 0);
  disk.heal();
  EXPECT_EQ(events_of("thing/1"), 1u);
}

TEST_F(FailingDisk, a_failed_sync_of_types_stops_the_log_too) {
  disk.fail_once(DiskOperation::sync, "-wal", SQLITE_IOERR_FSYNC);
  const std::vector<TypeDescription> types{{"thing.happened", 1, {}}};
  EXPECT_THROW(log->declare_types(types), StorageError);
  EXPECT_NE(log->failure(), "");
  EXPECT_TRUE(is_refused<Closed>(commit_to("thing/1")));
  EXPECT_THROW(log->declare_types(types), StorageError);
}

TEST_F(FailingDisk, that_cannot_be_read_when_the_store_is_opened_says_which_file) {
  ASSERT_TRUE(append_is<Appended>(commit_to("thing/1")));
  log.reset();
  disk.fail_always(DiskOperation::read, "store.db", SQLITE_IOERR_READ);
  try {
    open();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(file.string()), std::string::npos) << error.what();
  }
}

// Not of failing disks, but of what is done to them.
class IdleStore : public FailingDisk {
 protected:
  // Waits until a file has been synced more often than before; a minute if it never is.
  template <class Action>
  bool syncs(const std::string& name, Action action) {
    const int before = disk.synced(name);
    action();
    for (int i = 0; i < 6000 && disk.synced(name) == before; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return disk.synced(name) > before;
  }
  std::uintmax_t log_bytes() const { return std::filesystem::file_size(file.string() + "-wal"); }
};

TEST_F(IdleStore, keeps_a_short_write_ahead_log_and_begins_it_anew) {
  const std::size_t megabyte = 1'000'000;
  ASSERT_TRUE(syncs("store.db", [&] {
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(append_is<Appended>(commit_to("thing/1", megabyte)));
  }));
  const auto kept = log_bytes();
  EXPECT_GT(kept, 2 * megabyte);
  ASSERT_TRUE(append_is<Appended>(commit_to("thing/1", megabyte)));
  EXPECT_EQ(log_bytes(), kept) << "it is written over";
  log.reset();
  EXPECT_FALSE(std::filesystem::exists(file.string() + "-wal"));
  open();
  EXPECT_EQ(log->verify().faults, std::vector<std::string>{});
}

TEST_F(IdleStore, cuts_a_long_write_ahead_log) {
  sqlite::Options options;
  options.wal.kept = 1 << 20;
  log.reset();
  log = sqlite::open(file, options);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(append_is<Appended>(commit_to("thing/1", 1'000'000)));
  for (int i = 0; i < 6000 && log_bytes() > 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(log_bytes(), 0u);
}

class ProcessDurability : public FailingDisk {
 protected:
  static Commit soon(Commit commit) {
    commit.durability = Durability::process;
    return commit;
  }

  Appended append(Commit commit) const {
    return std::get<Appended>(log->append(std::move(commit)));
  }

  // Waits until the position survives power loss; a minute if it never does.
  bool becomes_durable(Position position) const {
    for (int i = 0; i < 6000 && log->durable_position() < position; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return log->durable_position() >= position;
  }
};

TEST_F(ProcessDurability, is_answered_without_a_sync_that_follows_by_itself) {
  append(commit_to("thing/1"));
  const int before = disk.synced("-wal");
  const Appended appended = append(soon(commit_to("thing/1")));
  EXPECT_EQ(appended.durability, Durability::process);
  EXPECT_EQ(events_of("thing/1"), 2u) << "it can be read at once";
  EXPECT_TRUE(becomes_durable(appended.last));
  EXPECT_GT(disk.synced("-wal"), before);
  EXPECT_EQ(log->statistics().durable, appended.last);
}

TEST_F(ProcessDurability, follows_also_while_a_reader_keeps_the_log_from_being_copied) {
  append(commit_to("thing/1"));
  sqlite3* reader = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &reader), SQLITE_OK);
  const char* const read_and_stay = "BEGIN; SELECT max(position) FROM events";
  ASSERT_EQ(sqlite3_exec(reader, read_and_stay, nullptr, nullptr, nullptr), SQLITE_OK);
  const Appended appended = append(soon(commit_to("thing/1")));
  EXPECT_TRUE(becomes_durable(appended.last)) << "by a sync, for there is no whole checkpoint";
  sqlite3_close(reader);
}

TEST_F(ProcessDurability, is_made_up_for_by_a_later_commit_that_waits_for_the_disk) {
  append(soon(commit_to("thing/1")));
  const Appended appended = append(commit_to("thing/1"));
  EXPECT_EQ(appended.durability, Durability::power);
  EXPECT_EQ(log->durable_position(), appended.last);
}

TEST_F(ProcessDurability, of_a_repeated_request_is_what_it_has_become) {
  append(soon(keyed(commit_to("thing/1"), "key")));
  Commit again = keyed(commit_to("thing/1"), "key");
  const Appended replayed = append(again);
  EXPECT_TRUE(replayed.replayed);
  EXPECT_EQ(replayed.durability, Durability::power);
  EXPECT_EQ(log->durable_position(), Position{1}) << "the answer waited for the disk";
}

TEST_F(ProcessDurability, that_cannot_be_made_up_for_stops_the_store) {
  append(soon(commit_to("thing/1")));
  disk.fail_always(DiskOperation::sync, "-wal", SQLITE_IOERR_FSYNC);
  for (int i = 0; i < 6000 && log->failure().empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_NE(log->failure(), "");
  EXPECT_EQ(log->durable_position(), Position{0});
  EXPECT_TRUE(is_refused<Closed>(commit_to("thing/1")));
}

}  // namespace
}  // namespace annal::test
