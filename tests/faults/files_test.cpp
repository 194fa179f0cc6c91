// The files of an open store are deleted, moved, replaced, opened by others, inherited by a child:
// what was acknowledged is there, or nothing more is acknowledged.
#include "annal/error.hpp"
#include "annal/log/subscription.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "fakes.hpp"
#include "faults/workload.hpp"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

extern char** environ;

namespace annal::test {
namespace {

namespace fs = std::filesystem;

// A program that knows SQLite and not annal.
int run_sql_elsewhere(const fs::path& store, std::string statements) {
  std::string program = ANNAL_WORKLOAD_CHILD, option = "--sql", file = store.string();
  char* arguments[] = {program.data(), option.data(), file.data(), statements.data(), nullptr};
  pid_t pid = -1;
  if (::posix_spawn(&pid, program.c_str(), nullptr, nullptr, arguments, environ) != 0) return -1;
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class OpenStore : public testing::Test {
 protected:
  std::unique_ptr<EventLog> open() const { return open_workload(store); }

  void append_one() { ASSERT_TRUE(std::holds_alternative<Appended>(append())); }
  AppendOutcome append() { return log->append(workload_commit(0, ++begun)); }

  // The next commit is not acknowledged, and the log says why.
  void expect_to_stop(const std::string& naming) {
    const auto outcome = append();
    ASSERT_TRUE(std::holds_alternative<Unknown>(outcome));
    EXPECT_NE(std::get<Unknown>(outcome).what.find(naming), std::string::npos)
        << std::get<Unknown>(outcome).what;
    EXPECT_NE(log->failure().find(naming), std::string::npos);
    EXPECT_TRUE(std::holds_alternative<Rejected>(log->append(workload_commit(0, begun + 1))));
  }

  // The store as the next process finds it.
  void expect_acknowledged(std::uint64_t commits) {
    log.reset();
    log = open();
    EXPECT_EQ(broken_promises(*log, {{0, commits}}, {{0, begun}}), "");
  }

  fs::path beside(const std::string& suffix) const { return store.string() + suffix; }

  const TemporaryFolder folder{place_in_memory()};
  const fs::path place = folder / "place", store = place / "store.db";
  const bool made = fs::create_directory(place);
  std::unique_ptr<EventLog> log = open();
  std::uint64_t begun = 0;
};

TEST_F(OpenStore, loses_nothing_when_its_write_ahead_log_is_deleted) {
  append_one();
  fs::remove(beside("-wal"));
  expect_to_stop("store.db-wal was deleted");
  expect_acknowledged(1);
}

TEST_F(OpenStore, loses_nothing_when_all_that_lies_beside_it_is_deleted) {
  append_one();
  for (const char* suffix : {"-wal", "-shm", ".synced", ".lock"}) fs::remove(beside(suffix));
  expect_to_stop("store.db-wal was deleted");
  expect_acknowledged(1);
}

TEST_F(OpenStore, loses_nothing_when_it_is_closed_after_its_log_was_deleted) {
  append_one();
  fs::remove(beside("-wal"));
  expect_acknowledged(1);
}

TEST_F(OpenStore, stops_when_another_file_takes_the_place_of_its_log) {
  append_one();
  fs::copy_file(beside("-wal"), folder / "copy");
  fs::rename(folder / "copy", beside("-wal"));
  expect_to_stop("store.db-wal was replaced");
  expect_acknowledged(1);
}

TEST_F(OpenStore, stops_when_the_index_of_its_log_is_deleted) {
  append_one();
  fs::remove(beside("-shm"));
  expect_to_stop("store.db-shm was deleted");
  expect_acknowledged(1);
}

TEST_F(OpenStore, stops_when_its_lock_is_deleted) {
  append_one();
  fs::remove(beside(".lock"));
  expect_to_stop("store.db.lock was deleted");
  expect_acknowledged(1);
}

TEST_F(OpenStore, is_whole_where_it_was_moved_to) {
  append_one();
  fs::rename(store, folder / "moved");
  expect_to_stop("store.db was deleted or moved");
  log.reset();
  fs::rename(folder / "moved", store);
  expect_acknowledged(1);
}

TEST_F(OpenStore, stops_when_its_folder_is_moved) {
  append_one();
  fs::rename(place, folder / "elsewhere");
  expect_to_stop("store.db was deleted or moved");
  log.reset();
  fs::rename(folder / "elsewhere", place);
  expect_acknowledged(1);
}

TEST_F(OpenStore, that_is_deleted_acknowledges_nothing_more) {
  append_one();
  fs::remove(store);
  expect_to_stop("store.db was deleted");
  EXPECT_EQ(log->read({}).events.size(), workload_commit(0, 1).events.size())
      << "what it held can still be read";
}

TEST_F(OpenStore, leaves_no_log_to_what_takes_its_place) {
  append_one();
  log.reset();
  fs::copy_file(store, folder / "backup");
  log = open();
  append_one();
  append_one();
  fs::rename(folder / "backup", store);
  expect_to_stop("store.db was replaced");
  expect_acknowledged(1);
  EXPECT_EQ(newest_commits(*log, 1).at(0), 1u) << "the backup, and nothing of what it replaced";
}

TEST_F(OpenStore, that_is_only_touched_goes_on) {
  append_one();
  fs::permissions(store, fs::perms::owner_read | fs::perms::owner_write);
  fs::rename(beside("-wal"), folder / "away");
  fs::rename(folder / "away", beside("-wal"));
  append_one();
  EXPECT_EQ(log->failure(), "");
}

TEST_F(OpenStore, keeps_its_log_when_the_file_is_closed_by_path_and_others_come_and_go) {
  append_one();
  EXPECT_FALSE(content_of(store).empty());  // which drops SQLite's locks
  EXPECT_EQ(run_sql_elsewhere(store, "SELECT count(*) FROM events"), 0);
  EXPECT_TRUE(fs::exists(beside("-wal"))) << "who closed last took it away";
  append_one();
  expect_acknowledged(2);
}

TEST_F(OpenStore, keeps_the_log_of_a_reader_when_the_writer_beside_it_closes) {
  append_one();
  sqlite::Options options;
  options.mode = sqlite::Mode::read_only;
  const auto reader = sqlite::open(store, options);
  log.reset();
  EXPECT_EQ(run_sql_elsewhere(store, "SELECT count(*) FROM events"), 0);
  EXPECT_TRUE(fs::exists(beside("-wal"))) << "a reader follows it still";
  log = open();
  append_one();
  EXPECT_EQ(reader->head(), log->head());
}

TEST_F(OpenStore, stops_when_another_program_writes_to_its_log) {
  append_one();
  const Position head = log->head();
  ASSERT_EQ(run_sql_elsewhere(
                store,
                "CREATE TEMP TABLE copy AS SELECT * FROM events ORDER BY position DESC LIMIT 1;"
                "UPDATE copy SET position=position+1;"
                "INSERT INTO events SELECT * FROM copy"),
            0);
  const auto outcome = append();
  ASSERT_TRUE(std::holds_alternative<Rejected>(outcome));
  EXPECT_NE(log->failure().find("another program has written"), std::string::npos);
  EXPECT_EQ(log->read({.from = next(head)}).events.size(), 0u) << "nothing was added to it";
}

TEST_F(OpenStore, bears_another_program_that_leaves_its_log_alone) {
  append_one();
  ASSERT_EQ(run_sql_elsewhere(store, "CREATE TABLE theirs(x); INSERT INTO theirs VALUES(1)"), 0);
  append_one();
  expect_acknowledged(2);
}

TEST_F(OpenStore, takes_no_log_for_its_own_that_another_store_left_behind) {
  append_one();
  fs::copy_file(beside("-wal"), folder / "log");
  log.reset();
  fs::remove(store);
  fs::rename(folder / "log", beside("-wal"));
  try {
    open();
    ADD_FAILURE() << "the new store began with what the old one held";
  } catch (const CannotOpen& error) {
    EXPECT_NE(std::string(error.what()).find("store.db-wal holds commits"), std::string::npos);
  }
}

// What a child of a process that has the store open finds wrong with its share of it.
int as_a_child(std::unique_ptr<EventLog>& inherited, std::unique_ptr<Subscription>& subscription,
               const fs::path& store) {
  ::alarm(60);  // it may hang
  const auto refused = [](auto&& use) {
    try {
      use();
      return false;
    } catch (const StorageError&) {
      return true;
    }
  };
  if (!std::holds_alternative<Rejected>(inherited->append(workload_commit(0, 9)))) return 1;
  if (!refused([&] { inherited->read({}); })) return 2;
  if (!refused([&] { inherited->head(); })) return 3;
  if (inherited->failure().empty()) return 4;
  if (!refused([&] { subscription->status(); })) return 7;
  subscription->close();
  subscription.reset();
  inherited.reset();  // stops no thread that is not there, and takes nothing away
  if (!refused([&] { open_workload(store); })) return 5;
  sqlite::Options options;
  options.mode = sqlite::Mode::read_only;
  if (!refused([&] { sqlite::open(store, options); })) return 6;
  return 0;
}

TEST_F(OpenStore, is_refused_to_a_forked_child_and_not_disturbed_by_it) {
  append_one();
  auto subscription = std::make_unique<Subscription>(*log, SubscriptionOptions{.name = "some"},
                                                     [](const Envelope&) {});
  const pid_t child = ::fork();
  if (child == 0) ::_exit(as_a_child(log, subscription, store));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  append_one();
  EXPECT_TRUE(subscription->wait_until(log->head(), std::chrono::seconds(60)));
  subscription.reset();
  EXPECT_THROW(open(), StoreBusy) << "the child has not let go of the lock";
  expect_acknowledged(2);
}

TEST_F(OpenStore, can_be_opened_again_while_a_child_lives_on) {
  append_one();
  int hold[2];
  ASSERT_EQ(::pipe(hold), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(hold[1]);
    char byte = 0;
    (void)!::read(hold[0], &byte, 1);  // until the parent is done
    ::_exit(0);
  }
  ::close(hold[0]);
  expect_acknowledged(1);
  append_one();
  ::close(hold[1]);
  ::waitpid(child, nullptr, 0);
}

// For as long as it lives this process has the rights of nobody, where it had root's.
class AsNobody {
 public:
  AsNobody() { had_rights_ = ::geteuid() == 0 && ::setresuid(nobody, nobody, 0) == 0; }
  ~AsNobody() {
    if (had_rights_) (void)!::setresuid(0, 0, 0);
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  static constexpr uid_t nobody = 65534;
  bool had_rights_ = false;
};

// A store that was copied, with its write-ahead log, to where nobody may write.
class ReadOnlyPlace : public OpenStore {
 protected:
  void copy(const std::vector<std::string>& suffixes) {
    fs::create_directory(closed);
    for (const std::string& suffix : suffixes) {
      fs::copy_file(beside(suffix), copied.string() + suffix);
      fs::permissions(copied.string() + suffix, static_cast<fs::perms>(0444));
    }
    fs::permissions(folder.path(), static_cast<fs::perms>(0755));
    fs::permissions(closed, static_cast<fs::perms>(0555));
  }
  ~ReadOnlyPlace() override { fs::permissions(closed, fs::perms::owner_all); }

  std::string refusal(sqlite::Mode mode) const {
    const AsNobody rights;
    sqlite::Options options;
    options.mode = mode;
    try {
      sqlite::open(copied, options);
    } catch (const PermissionDenied& error) {
      return error.what();
    }
    return "";
  }

  const fs::path closed = folder / "closed", copied = closed / "store.db";
};

TEST_F(ReadOnlyPlace, is_read_and_refused_to_writers) {
  append_one();
  const Position head = log->head();
  log.reset();
  copy({""});
  EXPECT_NE(refusal(sqlite::Mode::read_write).find("open it for reading only"), std::string::npos)
      << refusal(sqlite::Mode::read_write);
  const AsNobody rights;
  sqlite::Options options;
  options.mode = sqlite::Mode::read_only;
  EXPECT_EQ(sqlite::open(copied, options)->head(), head);
}

TEST_F(ReadOnlyPlace, where_a_new_store_would_be_is_refused) {
  copy({});
  EXPECT_NE(refusal(sqlite::Mode::read_write).find("Permission denied"), std::string::npos);
}

TEST_F(ReadOnlyPlace, never_hides_what_is_in_the_write_ahead_log) {
  append_one();
  const Position head = log->head();
  copy({"", "-wal", ".synced"});
  EXPECT_NE(refusal(sqlite::Mode::read_only).find("-wal holds commits"), std::string::npos);
  fs::permissions(closed, static_cast<fs::perms>(0755));
  fs::copy_file(beside("-shm"), copied.string() + "-shm");
  fs::permissions(copied.string() + "-shm", static_cast<fs::perms>(0444));
  fs::permissions(closed, static_cast<fs::perms>(0555));
  const AsNobody rights;
  sqlite::Options options;
  options.mode = sqlite::Mode::read_only;
  EXPECT_EQ(sqlite::open(copied, options)->head(), head) << "with its index the log can be read";
}

TEST(FileSystem, of_a_network_is_refused) {
  const TemporaryFolder folder;
  for (const auto& [kind, name] : std::map<std::int64_t, std::string>{
           {0x6969, "NFS"}, {0xff534d42, "CIFS"}, {0x01021997, "9P"}}) {
    for (const auto mode : {sqlite::Mode::read_write, sqlite::Mode::read_only}) {
      sqlite::Options options;
      options.mode = mode;
      options.file_system_of = [kind = kind](const fs::path&) { return kind; };
      try {
        sqlite::open(folder / "store.db", options);
        ADD_FAILURE() << name << " was not refused";
      } catch (const CannotOpen& error) {
        EXPECT_NE(std::string(error.what()).find('(' + name + ')'), std::string::npos)
            << error.what();
      }
    }
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
  sqlite::Options options;
  options.file_system_of = [](const fs::path&) { return 0xef53; };
  EXPECT_NO_THROW(sqlite::open(folder / "store.db", options));
}

}  // namespace
}  // namespace annal::test
