#include "annal/sqlite/sqlite_log.hpp"

#include "annal/error.hpp"
#include "contracts/event_log_contract.hpp"
#include "tampered.hpp"

#include <fstream>
#include <thread>

namespace annal::test {

LogAdapter sqlite_adapter(std::string name, sqlite::Compression compression) {
  const auto open = [compression](const LogSetup& setup) {
    sqlite::Options options;
    options.spaces = setup.spaces;
    options.queue_requests = setup.queue_requests;
    options.clock = setup.clock;
    options.randomness = setup.randomness;
    options.tail_events = 4;
    options.compression = compression;
    return sqlite::open(setup.folder / "log.db", options);
  };
  return {std::move(name), open, true};
}

INSTANTIATE_TEST_SUITE_P(Sqlite, EventLogContract,
                         testing::Values(sqlite_adapter("sqlite", {}),
                                         sqlite_adapter("compressed",
                                                        {.on = true, .samples = 16, .streams = 2})),
                         [](const auto& adapter) { return adapter.param.name; });

namespace {

class SqliteLog : public testing::Test {
 protected:
  std::unique_ptr<EventLog> open(sqlite::Mode mode = sqlite::Mode::read_write) {
    sqlite::Options options;
    options.wal = wal;
    options.passing = &passing;
    options.warn = [this](std::string_view line) { warnings.emplace_back(line); };
    options.mode = mode;
    options.spaces = {{"notes", {}}};
    options.clock = &clock;
    options.randomness = &randomness;
    options.tail_events = tail_events;
    return sqlite::open(file, options);
  }

  void append(EventLog& log, const std::string& stream, int commits = 1, int events = 1) {
    for (int i = 0; i < commits; ++i) {
      Commit commit;
      for (int j = 0; j < events; ++j)
        commit.events.push_back(event_of(stream, "thing.happened", "payload"));
      const auto outcome = log.append(std::move(commit));
      const auto* refused = std::get_if<Rejected>(&outcome);
      ASSERT_TRUE(std::holds_alternative<Appended>(outcome))
          << (refused ? refused->message() : std::get<Unknown>(outcome).what);
    }
  }

  std::string sql(const std::string& statement) { return run_sql(file, statement); }

  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      names.insert(entry.path().filename().string());
    return names;
  }

  TemporaryFolder folder;
  std::filesystem::path file = folder / "store.db", copy = folder / "copy.db",
                        link = folder / "link.db";
  std::uintmax_t log_bytes() const { return std::filesystem::file_size(file.string() + "-wal"); }

  ManualClock clock;
  SeededRandomness randomness;
  std::uint64_t tail_events = 4096;
  sqlite::WalLimits wal;
  ManualMonotonicClock passing;
  std::vector<std::string> warnings;
};

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_F(SqliteLog, everything_is_there_after_reopening) {
  Hash hash;
  {
    auto log = open();
    append(*log, "thing/1", 3, 2);
    hash = log->verify().head_hash;
  }
  auto log = open();
  EXPECT_EQ(log->head(), Position{6});
  EXPECT_EQ(log->stream_version("thing/1"), Version{6});
  EXPECT_EQ(log->verify().head_hash, hash);
  append(*log, "thing/1");
  EXPECT_EQ(log->head(), Position{7});
  EXPECT_TRUE(log->verify().faults.empty());
}

TEST_F(SqliteLog, time_goes_on_after_reopening_with_a_clock_gone_back) {
  { append(*open(), "thing/1"); }
  const Timestamp recorded = open()->event_at(Position{1})->recorded_at;
  clock.advance(-std::chrono::hours(10));
  auto log = open();
  append(*log, "thing/1");
  EXPECT_EQ(log->event_at(Position{2})->recorded_at, recorded + std::chrono::microseconds(1));
}

TEST_F(SqliteLog, a_clock_that_jumps_ahead_is_told_of) {
  using std::chrono::hours;
  const auto pass = [this](hours time, hours clock_goes) {
    passing.advance(time);
    clock.advance(clock_goes);
  };
  auto log = open();
  append(*log, "thing/1", 2);
  pass(hours(0), hours(23));
  append(*log, "thing/1");
  pass(hours(1000), hours(1000));
  append(*log, "thing/1");
  pass(hours(0), hours(-1));
  append(*log, "thing/1");
  EXPECT_EQ(log->statistics().clock_jumps, 0u);
  EXPECT_EQ(log->statistics().ahead_of_clock, hours(1) + std::chrono::microseconds(1));
  EXPECT_EQ(warnings, std::vector<std::string>{});

  pass(hours(1), hours(26));
  append(*log, "thing/1", 3);
  EXPECT_EQ(log->statistics().clock_jumps, 1u);
  EXPECT_EQ(log->statistics().clock_jumped_after, Position{5});
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("store.db: the clock went 25 hours beyond"), std::string::npos)
      << warnings[0];
  EXPECT_NE(warnings[0].find("after position 5"), std::string::npos) << warnings[0];
}

TEST_F(SqliteLog, a_store_that_is_ahead_of_the_clock_is_told_of) {
  { append(*open(), "thing/1"); }
  clock.advance(-std::chrono::hours(23));
  open();
  EXPECT_EQ(warnings, std::vector<std::string>{});
  clock.advance(-std::chrono::hours(2));
  const auto log = open();
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("25 hours ahead of this machine's clock"), std::string::npos)
      << warnings[0];
  EXPECT_EQ(log->statistics().ahead_of_clock, std::chrono::hours(25));
}

TEST_F(SqliteLog, an_index_larger_than_its_tail_answers_the_same) {
  tail_events = 450;
  auto log = open();
  for (int i = 0; i < 15; ++i) append(*log, "thing/" + std::to_string(i % 7), 1, 97);
  Commit keyed = commit_of(event_of("thing/0"));
  keyed.idempotency_key = "early";
  ASSERT_TRUE(std::holds_alternative<Appended>(log->append(keyed)));
  for (int i = 0; i < 15; ++i) append(*log, "thing/" + std::to_string(i % 7), 1, 97);
  EXPECT_LE(log->statistics().unindexed, 450u + 97u);
  EXPECT_GT(log->statistics().unindexed, 0u);

  const auto check = [&](EventLog& opened) {
    EXPECT_EQ(opened.head(), Position{30 * 97 + 1});
    EXPECT_TRUE(opened.find_commit("early"));
    for (int i = 0; i < 7; ++i) {
      const std::string stream = "thing/" + std::to_string(i);
      const Version newest = opened.stream_version(stream);
      for (std::uint64_t version : {std::uint64_t{1}, newest.value / 2, newest.value}) {
        ReadRequest one;
        one.query = Query::of_stream(stream);
        one.from_version = one.to_version = Version{version};
        const Page page = opened.read(one);
        ASSERT_EQ(page.events.size(), 1u);
        EXPECT_EQ(page.events[0].version, Version{version});
      }
    }
    EXPECT_TRUE(opened.verify().faults.empty());
  };
  check(*log);
  check(*open(sqlite::Mode::read_only));
  log.reset();
  check(*open());
}

TEST_F(SqliteLog, every_key_is_found_wherever_its_index_lies) {
  tail_events = 16;
  auto log = open();
  const auto key = [](int i) { return "key-" + std::to_string(i); };
  for (int i = 0; i < 400; ++i) {
    EXPECT_FALSE(log->find_commit(key(i))) << i;
    Commit commit = commit_of(event_of("thing/" + std::to_string(i % 7)));
    commit.idempotency_key = key(i);
    ASSERT_TRUE(std::holds_alternative<Appended>(log->append(commit)));
    for (const int known : {i, i / 2, 0}) {
      const auto found = log->find_commit(key(known));
      ASSERT_TRUE(found) << known << " of " << i;
      EXPECT_EQ(found->outcome.last, Position{static_cast<std::uint64_t>(known) + 1});
    }
  }
}

TEST_F(SqliteLog, a_name_has_one_number_whatever_it_names) {
  const auto also_named = [](const std::string& stream, const std::string& name) {
    Envelope event = event_of(stream);
    event.content_type = name;
    return event;
  };
  auto log = open();
  Commit asked = commit_of(also_named("thing/1", "asked/1"));
  asked.conditions = {{"asked/1", ExpectedVersion::none()}, {"asked/2", ExpectedVersion::none()}};
  ASSERT_TRUE(std::holds_alternative<Appended>(log->append(asked)));
  for (const char* stream : {"asked/1", "asked/2"})
    ASSERT_TRUE(std::holds_alternative<Appended>(log->append(commit_of(event_of(stream)))));
  Commit both = commit_of(also_named("thing/1", "first/1"));
  both.events.push_back(event_of("first/1"));
  both.events.push_back(event_of("last/1"));
  both.events.push_back(also_named("thing/1", "last/1"));
  ASSERT_TRUE(std::holds_alternative<Appended>(log->append(both)));

  for (const char* stream : {"asked/1", "asked/2", "first/1", "last/1"}) {
    ReadRequest request;
    request.query = Query::of_stream(stream);
    EXPECT_EQ(log->read(request).events.size(), 1u) << stream;
    EXPECT_EQ(log->stream_version(stream), Version{1}) << stream;
  }
  log.reset();
  EXPECT_EQ(run_sql(file, "SELECT name FROM names GROUP BY name HAVING count(*)>1"), "");
}

TEST_F(SqliteLog, a_second_writer_is_refused_by_name_of_the_first) {
  auto log = open();
  EXPECT_THROW(open(), StoreBusy);
  EXPECT_NE(message_of([&] { open(); }).find("process " + std::to_string(getpid())),
            std::string::npos);
  log.reset();
  EXPECT_NO_THROW(open());
}

TEST_F(SqliteLog, a_reader_follows_the_writer_and_writes_nothing) {
  auto writer = open();
  append(*writer, "thing/1", 3);
  auto reader = open(sqlite::Mode::read_only);
  EXPECT_EQ(reader->head(), Position{3});
  append(*writer, "thing/2", 2);
  EXPECT_EQ(reader->wait_for(Position{5}, std::chrono::seconds(30)), Position{5});
  EXPECT_EQ(reader->stream_version("thing/2"), Version{2});
  EXPECT_TRUE(reader->statistics().read_only);

  const AppendOutcome outcome = reader->append(commit_of(event_of("thing/1")));
  EXPECT_TRUE(std::holds_alternative<Closed>(std::get<Rejected>(outcome).reason));
  EXPECT_THROW(reader->declare_types({}), PermissionDenied);
  std::optional<AppendOutcome> told;
  reader->submit(commit_of(event_of("thing/1")),
                 [&](AppendOutcome answer) { told = std::move(answer); });
  EXPECT_TRUE(std::holds_alternative<Rejected>(*told));
}

TEST_F(SqliteLog, readers_see_whole_commits_while_somebody_writes) {
  auto writer = open();
  auto other = open(sqlite::Mode::read_only);
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (EventLog* log : {writer.get(), writer.get(), other.get()})
    readers.emplace_back([&, log] {
      Position seen;
      while (!done) {
        ReadRequest newest;
        newest.query = Query::of_stream("thing/1");
        newest.direction = Direction::backwards;
        newest.limit = 10;
        const Page page = log->read(newest);
        EXPECT_EQ(page.head.value % 5, 0u);
        EXPECT_GE(page.head, seen);
        seen = page.head;
        if (page.events.empty()) continue;
        EXPECT_EQ(page.events.front().position, page.head);
        EXPECT_EQ(page.events.front().version.value, page.head.value);
      }
    });
  append(*writer, "thing/1", 400, 5);
  done = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(writer->head(), Position{2000});
}

// Every few commits the index's tail goes into the file, between what a reader takes of the one and of
// the other.
TEST_F(SqliteLog, readers_miss_nothing_while_the_index_is_merged) {
  sqlite::Options options;
  options.tail_events = 4;
  options.clock = &clock;
  options.randomness = &randomness;
  const auto log = sqlite::open(file, options);
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      ReadRequest newest;
      newest.query = Query::of_stream("thing/1");
      newest.direction = Direction::backwards;
      newest.limit = 12;
      while (!done && !HasFailure()) {
        const Page page = log->read(newest);
        ASSERT_EQ(page.events.size(), std::min<std::uint64_t>(page.head.value, 12));
        for (std::size_t at = 0; at < page.events.size(); ++at)
          ASSERT_EQ(page.events[at].position.value, page.head.value - at);
      }
    });
  append(*log, "thing/1", 600);
  done = true;
  for (auto& reader : readers) reader.join();
}

TEST_F(SqliteLog, statistics_tell_how_it_fares) {
  const auto log = open();
  EXPECT_EQ(log->statistics().group_p99, 0u);
  append(*log, "thing/1", 3);
  log->record("notes", "none");
  const LogStatistics statistics = log->statistics();
  EXPECT_EQ(statistics.commits, 3u);
  EXPECT_EQ(statistics.groups, 3u);
  EXPECT_EQ(statistics.group_p50, 1u);
  EXPECT_EQ(statistics.group_p99, 1u);
  EXPECT_GT(statistics.sync_p99.count(), 0);
  EXPECT_EQ(statistics.record_reads, 1u);
  EXPECT_EQ(statistics.record_hits, 0u);
}

TEST_F(SqliteLog, what_is_no_store_is_refused_and_left_alone) {
  std::ofstream(file)
      << "These are notes, and no database at all, of a length that SQLite looks at.";
  EXPECT_THROW(open(), UnknownFormat);
  EXPECT_THROW(open(sqlite::Mode::read_only), UnknownFormat);
  std::ifstream in(file);
  std::string first;
  std::getline(in, first);
  EXPECT_EQ(first.substr(0, 15), "These are notes");
  EXPECT_EQ(files(), std::set<std::string>{"store.db"});
}

TEST_F(SqliteLog, another_programs_database_is_refused) {
  run_sql(file, "CREATE TABLE customers(name)", nullptr);
  EXPECT_NE(message_of([&] { open(); }).find("is no annal store"), std::string::npos);
  EXPECT_EQ(run_sql(file, "SELECT count(*) FROM sqlite_schema", nullptr), "1");
  EXPECT_EQ(files(), std::set<std::string>{"store.db"});
}

TEST_F(SqliteLog, a_file_under_two_names_is_one_store) {
  auto first = open();
  std::filesystem::create_symlink(file, folder / "link.db");
  std::swap(file, link);
  EXPECT_THROW(open(), StoreBusy);
  first.reset();
  append(*open(), "thing/1");
  std::swap(file, link);
  EXPECT_EQ(open()->head(), Position{1});
}

TEST_F(SqliteLog, a_change_of_the_working_folder_does_not_matter_to_an_open_store) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  file = "store.db";
  auto log = open();
  std::filesystem::current_path(before);
  append(*log, "thing/1");
  EXPECT_EQ(log->stream_version("thing/1"), Version{1});
}

TEST_F(SqliteLog, an_empty_file_is_refused) {
  std::ofstream{file};
  EXPECT_THROW(open(), UnknownFormat);
  EXPECT_THROW(open(sqlite::Mode::read_only), UnknownFormat);
}

TEST_F(SqliteLog, a_store_of_a_newer_format_is_refused) {
  { append(*open(), "thing/1"); }
  sql("PRAGMA user_version=99");
  const std::string message = message_of([&] { open(); });
  EXPECT_NE(message.find("format 99"), std::string::npos) << message;
  EXPECT_THROW(open(sqlite::Mode::read_only), UnknownFormat);
}

TEST_F(SqliteLog, a_missing_store_is_created_only_by_writers) {
  EXPECT_THROW(open(sqlite::Mode::read_only), CannotOpen);
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_NO_THROW(open(sqlite::Mode::create_new));
  EXPECT_THROW(open(sqlite::Mode::create_new), CannotOpen);
}

TEST_F(SqliteLog, a_place_where_nothing_can_be_is_refused) {
  file = folder / "nowhere" / "store.db";
  EXPECT_THROW(open(), CannotOpen);
  file = folder.path();
  EXPECT_THROW(open(sqlite::Mode::read_only), CannotOpen);
}

TEST_F(SqliteLog, what_a_crash_while_creating_left_is_cleared_away) {
  std::ofstream(folder / "store.db.creating") << "half a store";
  auto log = open();
  append(*log, "thing/1");
  EXPECT_FALSE(std::filesystem::exists(folder / "store.db.creating"));
}

TEST_F(SqliteLog, the_file_is_made_as_the_format_says) {
  { append(*open(), "thing/1"); }
  EXPECT_EQ(sql("PRAGMA application_id"), std::to_string(0x616e6e6c));
  EXPECT_EQ(sql("PRAGMA user_version"), "2");
  EXPECT_EQ(sql("PRAGMA journal_mode"), "wal");
  std::ifstream in(file, std::ios::binary);
  std::string header(100, '\0');
  in.read(header.data(), 100);
  EXPECT_EQ(header[20], 12) << "bytes reserved in every page";
}

TEST_F(SqliteLog, closing_leaves_one_file_and_its_lock) {
  { append(*open(), "thing/1", 50); }
  EXPECT_EQ(files(), (std::set<std::string>{"store.db", "store.db.lock"}));
}

TEST_F(SqliteLog, a_changed_event_is_found_and_never_served) {
  { append(*open(), "thing/1", 5); }
  sql("UPDATE events SET data=CAST('changed' AS BLOB) WHERE position=3");
  try {
    open();
    FAIL() << "the newest events are checked when a store is opened";
  } catch (const CorruptionError& error) {
    EXPECT_EQ(error.positions, (std::vector<std::uint64_t>{3}));
  }
}

TEST_F(SqliteLog, the_newest_events_are_checked_however_large_they_are) {
  {
    const auto log = open();
    for (int i = 0; i < 12; ++i) {
      Commit commit;
      commit.events.push_back(event_of("thing/1", "thing.happened", std::string(900'000, 'x')));
      ASSERT_TRUE(std::holds_alternative<Appended>(log->append(std::move(commit))));
    }
  }
  sql("UPDATE events SET data=CAST('changed' AS BLOB) WHERE position=12");
  EXPECT_THROW(open(), CorruptionError);
}

TEST_F(SqliteLog, what_is_sound_in_a_damaged_log_stays_readable) {
  { append(*open(), "thing/1", 5); }
  sql("UPDATE events SET data=CAST('changed' AS BLOB) WHERE position=3");
  sqlite::Options options;
  options.mode = sqlite::Mode::read_only;
  const auto log = sqlite::open(file, options);
  EXPECT_EQ(log->event_at({2})->position, Position{2});
  EXPECT_THROW(log->event_at({3}), CorruptionError);
  EXPECT_EQ(log->verify().damaged, std::vector<Position>{Position{3}});
}

TEST_F(SqliteLog, verify_names_what_is_not_as_it_was_recorded) {
  tail_events = 500;
  { append(*open(), "thing/1", 1100); }
  const auto faults_after = [&](const std::string& damage) {
    std::filesystem::copy_file(file, folder / "copy.db");
    std::swap(file, copy);
    sql(damage);
    const Verification result = open()->verify();
    std::swap(file, copy);
    for (const char* suffix : {"", ".lock", "-wal", "-shm"})
      std::filesystem::remove(copy.string() + suffix);
    std::string all;
    for (const auto& fault : result.faults) all += fault + '\n';
    return all;
  };
  EXPECT_EQ(faults_after("SELECT 1"), "");
  EXPECT_NE(faults_after("UPDATE events SET data=x'00' WHERE position=7")
                .find("position 7: the event is not"),
            std::string::npos);
  EXPECT_NE(faults_after("UPDATE events SET commit_hash=zeroblob(32) WHERE position=7")
                .find("position 7: the chain"),
            std::string::npos);
  EXPECT_NE(faults_after("DELETE FROM events WHERE position=7").find("positions 7–7 are missing"),
            std::string::npos);
  EXPECT_NE(
      faults_after("UPDATE events SET version=9 WHERE position=7").find("from version 6 to 9"),
      std::string::npos);
  EXPECT_NE(faults_after("UPDATE events SET recorded_at=1 WHERE position=7")
                .find("recorded_at goes back"),
            std::string::npos);
  EXPECT_NE(faults_after("UPDATE index_parts SET filter=zeroblob(length(filter))")
                .find("position 7: the index does not lead"),
            std::string::npos);
  EXPECT_NE(faults_after("DELETE FROM index_blocks").find("a block of the index is missing"),
            std::string::npos);
  EXPECT_NE(faults_after("UPDATE index_blocks SET block="
                         "(SELECT block FROM index_blocks ORDER BY id LIMIT 1)")
                .find("the log needs"),
            std::string::npos);
  const std::string nameless = faults_after("UPDATE events SET stream=999 WHERE position=7");
  EXPECT_NE(nameless.find("position 7: the store has no name number 999"), std::string::npos);
  EXPECT_EQ(nameless.find("the chain"), std::string::npos) << nameless;
  EXPECT_NE(faults_after("DELETE FROM event_types").find("the index of types"), std::string::npos);
}

TEST_F(SqliteLog, spaces_keep_the_columns_they_were_made_with) {
  { open(); }
  sqlite::Options options;
  options.spaces = {{"notes", {"another"}}};
  EXPECT_THROW(sqlite::open(file, options), ConfigurationError);
  options.spaces = {{"no words; DROP TABLE events", {}}};
  EXPECT_THROW(sqlite::open(file, options), ConfigurationError);
  options.mode = sqlite::Mode::read_only;
  options.spaces = {{"notes", {"another"}}};
  EXPECT_THROW(sqlite::open(file, options), ConfigurationError);
  options.spaces = {{"drafts", {}}};
  EXPECT_NE(message_of([&] { sqlite::open(file, options); }).find("open it once for writing"),
            std::string::npos);
}

TEST_F(SqliteLog, a_damaged_page_of_the_index_keeps_nobody_from_writing) {
  tail_events = 1000;
  const auto append_many = [](EventLog& log, int commits, int streams, const std::string& names) {
    for (int i = 0; i < commits; ++i) {
      Commit commit;
      for (int j = 0; j < 1000; ++j)
        commit.events.push_back(event_of(names + std::to_string(j % streams)));
      ASSERT_TRUE(std::holds_alternative<Appended>(log.append(std::move(commit))));
    }
  };
  append_many(*open(), 4, 300, "old/");
  const auto page =
      std::stoull(sql("SELECT pageno FROM dbstat WHERE name='index_blocks' AND pagetype='leaf' "
                      "ORDER BY pageno LIMIT 1 OFFSET 4"));
  std::fstream(file, std::ios::binary | std::ios::in | std::ios::out)
          .seekp(static_cast<std::streamoff>((page - 1) * 4096 + 2000))
      << "!!!!";
  {
    const auto log = open();
    append_many(*log, 6, 1, "new/");  // looks nothing up on that page, but merges it
    EXPECT_EQ(log->failure(), "");
    EXPECT_EQ(log->head(), Position{10'000});
  }
  EXPECT_EQ(open(sqlite::Mode::read_only)->verify().damaged_pages,
            std::vector<std::uint32_t>{static_cast<std::uint32_t>(page)});
}

TEST_F(SqliteLog, the_index_tail_stays_bounded_when_groups_are_large) {
  tail_events = 1000;
  auto log = open();
  for (int wave = 0; wave < 3; ++wave) {
    std::vector<std::future<AppendOutcome>> answers;
    for (int i = 0; i < 5; ++i) {
      Commit commit;
      for (int j = 0; j < 1000; ++j) commit.events.push_back(event_of("thing/1"));
      answers.push_back(log->append_async(std::move(commit)));
    }
    for (auto& answer : answers) answer.get();
  }
  EXPECT_LE(log->statistics().unindexed, 6'000u);
  EXPECT_TRUE(log->verify().faults.empty());
}

TEST_F(SqliteLog, readers_without_end_do_not_let_the_write_ahead_log_grow) {
  wal = {.copied = 64 << 10, .begun_anew = 512 << 10, .kept = 256 << 10};
  auto log = open();
  append(*log, "thing/1", 10);
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 8; ++i)
    readers.emplace_back([&] {
      while (!done) log->read({.limit = 20});
    });
  std::uintmax_t longest = 0;
  for (int i = 0; i < 250; ++i) {  // 3 MiB of log
    Commit commit = commit_of(event_of("thing/1", "thing.happened", std::string(8000, 'x')));
    ASSERT_TRUE(std::holds_alternative<Appended>(log->append(std::move(commit))));
    longest = std::max(longest, log_bytes());
  }
  done = true;
  for (auto& reader : readers) reader.join();
  std::cout << "the write-ahead log became " << longest << " bytes long\n";
  EXPECT_LT(longest, 1u << 20);
  EXPECT_TRUE(log->verify().faults.empty());
}

TEST_F(SqliteLog, a_reader_that_stays_stops_nobody_and_is_told_of) {
  wal = {.copied = 64 << 10, .begun_anew = 128 << 10, .kept = 64 << 10};
  auto log = open();
  append(*log, "thing/1", 10);
  EXPECT_EQ(log->statistics().oldest_reader.count(), 0);
  bool read = false;
  log->verify([&](Position checked) {
    if (checked.value == 0 || std::exchange(read, true)) return;
    const auto before = log->statistics().oldest_reader;
    append(*log, "thing/1", 100, 2);
    EXPECT_GT(log->statistics().oldest_reader, before) << "it is the same read still";
    EXPECT_GT(log_bytes(), wal.begun_anew) << "which needs the log";
  });
  EXPECT_TRUE(read);
  EXPECT_EQ(log->statistics().oldest_reader.count(), 0);
  EXPECT_EQ(log->statistics().wal_bytes, log_bytes());
  append(*log, "thing/1", 40, 2);  // begins anew
  const auto longest = log_bytes();
  append(*log, "thing/1", 60, 2);
  EXPECT_EQ(log_bytes(), longest) << "the log is written over once nobody needs it";
}

TEST_F(SqliteLog, measures_its_syncs) {
  auto log = open();
  append(*log, "thing/1", 20);
  EXPECT_GT(log->statistics().sync_p50.count(), 0);
  EXPECT_GE(log->statistics().sync_p99, log->statistics().sync_p50);
  EXPECT_GT(log->statistics().wal_bytes, 0u);
}

}  // namespace annal::test
