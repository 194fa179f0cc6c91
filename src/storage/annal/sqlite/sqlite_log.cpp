#include "annal/sqlite/sqlite_log.hpp"

#include "annal/error.hpp"
#include "annal/log/group_writer.hpp"
#include "annal/owned_here.hpp"
#include "annal/sqlite/database.hpp"
#include "annal/sqlite/dictionary_trainer.hpp"
#include "annal/sqlite/page_scan.hpp"
#include "annal/sqlite/payload_writer.hpp"
#include "annal/sqlite/reader.hpp"
#include "annal/sqlite/readers.hpp"
#include "annal/sqlite/scrubber.hpp"
#include "annal/sqlite/store_lock.hpp"
#include "annal/sqlite/use_lock.hpp"
#include "annal/sqlite/wal_guard.hpp"
#include "annal/sqlite/writer.hpp"
#include "annal/time/clock_watch.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

namespace annal::sqlite {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds idle_after{25};
constexpr std::size_t checked_at_open = 1000;
constexpr std::size_t cached_record_bytes = 16 * 1024 * 1024;
constexpr std::chrono::milliseconds poll_interval{100};  // for commits of another process

std::string name_of(const fs::path& path) { return "the store " + path.string(); }

// What the two kinds of open store share: everything that reads.
class SqliteLog : public EventLog {
 public:
  SqliteLog(const fs::path& path, const Options& options, const IndexTail* tail,
            FollowedTail* followed)
      : path_(path),
        clock_(options.clock ? *options.clock : system_clock()),
        readers_(name_of(path),
                 std::make_unique<Readers>(
                     options.readers, [this, path, spaces = options.spaces, tail, followed] {
                       return std::make_unique<Reader>(path, spaces, run_maps_, dictionaries_,
                                                       checked_, tail, followed);
                     })) {}

  Page read(const ReadRequest& request) const override {
    check(request);
    return reading([&](Reader& reader) { return reader.read(request); });
  }
  std::optional<Envelope> event_at(Position position) const override {
    return reading([&](Reader& reader) { return reader.event_at(position); });
  }
  Version stream_version(std::string_view stream) const override {
    return reading([&](Reader& reader) { return reader.stream_version(std::string(stream)); });
  }
  Position head() const override {
    return reading([&](Reader& reader) { return reader.head(); });
  }
  Position position_at(Timestamp time) const override {
    return reading([&](Reader& reader) { return reader.position_at(time); });
  }
  CommitInfo commit_at(Position position) const override {
    return reading([&](Reader& reader) { return reader.commit_at(position); });
  }
  std::optional<KeyedCommit> find_commit(std::string_view key) const override {
    return reading([&](Reader& reader) { return reader.find_commit(std::string(key)); });
  }
  std::optional<Record> record(std::string_view space, std::string_view key) const override {
    return reading([&](Reader& reader) { return reader.record(space, key); });
  }
  RecordPage records(const RecordRequest& request) const override {
    return reading([&](Reader& reader) { return reader.records(request); });
  }
  std::vector<TypeDescription> type_descriptions() const override {
    return reading([&](Reader& reader) { return reader.type_descriptions(); });
  }
  Verification verify(const std::function<void(Position)>& progress) const override {
    return reading([&](Reader& reader) { return reader.verify(progress); });
  }
  LogStatistics statistics() const override {
    LogStatistics statistics;
    reading([&](Reader& reader) {
      reader.count(statistics);
      return 0;
    });
    statistics.ahead_of_clock =
        std::max(std::chrono::microseconds(0), statistics.recorded_at - clock_.now());
    return statistics;
  }
  Durability durability() const override { return Durability::power; }

 protected:
  // The newest events are looked at before anything is built on them. Who only reads checks what
  // it reads: the sound part of a damaged log stays readable.
  void check_newest() const {
    ReadRequest request;
    request.direction = Direction::backwards;
    std::size_t left = checked_at_open;
    for (bool more = head().value > 0; more && left > 0;) {
      request.limit = left;
      const Page page = read(request);  // may be cut short by its bytes
      left -= std::min(left, page.events.size());
      more = page.more;
      if (more) request.to = Position{page.events.back().position.value - 1};
    }
  }

  template <class Use>
  std::invoke_result_t<Use, Reader&> reading(Use use) const {
    try {
      return readers_->with(use);
    } catch (const SQLite::Exception& error) {
      raise(error, path_, "reading");
    }
  }

  const fs::path path_;
  const Clock& clock_;
  RunMaps run_maps_;
  Dictionaries dictionaries_;
  CheckedEvents checked_;
  const OwnedHere<Readers> readers_;
};

// A store another process may be writing. It looks for new commits now and then.
class ReadOnlyLog final : private FollowedTail, public SqliteLog {
 public:
  ReadOnlyLog(const fs::path& path, const Options& options)
      : SqliteLog(path, options, nullptr, static_cast<FollowedTail*>(this)),
        // A file that is no store is refused here, not by the first to read.
        use_(name_of(path), (reading([](Reader&) { return 0; }), std::make_unique<UseLock>(path))) {
  }
  ~ReadOnlyLog() override {
    if (use_.is_here()) use_->release();
  }

  Position durable_position() const override { return head(); }

  void submit(Commit, Completion completion) override { completion(refusal()); }
  AppendOutcome append(Commit) override { return refusal(); }

  Position wait_for(Position position, std::chrono::milliseconds timeout,
                    std::stop_token stop) const override {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    for (;;) {
      const Position head = this->head();
      const auto now = std::chrono::steady_clock::now();
      if (head >= position || now >= deadline || stop.stop_requested()) return head;
      std::this_thread::sleep_until(std::min(deadline, now + poll_interval));
    }
  }

  void declare_types(const std::vector<TypeDescription>&) override {
    throw PermissionDenied(path_.string() +
                           " is open for reading only: its types cannot be described");
  }

  LogStatistics statistics() const override {
    LogStatistics statistics = SqliteLog::statistics();
    statistics.read_only = true;
    statistics.durable = statistics.head;
    std::error_code none;
    const auto size = fs::file_size(path_.string() + "-wal", none);
    statistics.wal_bytes = none ? 0 : size;
    return statistics;
  }

 private:
  AppendOutcome refusal() const {
    return Rejected{Closed{path_.string() + " is open for reading only"}};
  }

  const OwnedHere<UseLock> use_;
};

// What writes, and holds the locks that nobody else does.
struct Writing {
  Writing(const fs::path& path, const Options& options, const Clock& clock, IndexTail& tail_of_log,
          RunMaps& maps, RecordCache& records, Readers& readers_of_log, Dictionaries& dictionaries,
          std::unique_ptr<StoreLock> held)
      : tail(tail_of_log),
        readers(readers_of_log),
        lock(std::move(held)),
        writer(path, options.spaces, clock, tail, maps, records,
               std::max<std::uint64_t>(options.tail_events, 1), readers, dictionaries, options.wal),
        use(path),
        clock_watch(clock, options.passing ? *options.passing : sleepless_clock()),
        group_writer(
            {.queue_requests = options.queue_requests, .idle_after = idle_after},
            [this](GroupWriter::Group& group) { write(group); }, [this] { return writer.idle(); }) {
  }

  ~Writing() {
    scrubber.reset();
    if (trainer) trainer->stop();  // completions may still ask it
    group_writer.close();
    readers.close();  // the last connection to go is the one that may remove the write-ahead log
    writer.close();
    use.release();
  }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;

  void write(GroupWriter::Group& group) {
    if (const auto beyond = clock_watch.look()) {
      std::lock_guard guard(jump_mutex);
      ++jumps;
      newest_jump = {*beyond, tail.head()};
      untold = true;
    }
    writer.write(group);
    { std::lock_guard guard(grown_mutex); }  // nobody is between looking at the head and waiting
    grown.notify_all();
  }

  struct Jump {
    std::chrono::microseconds beyond{};  // the time that passed
    Position after;
  };

  IndexTail& tail;
  Readers& readers;
  const std::unique_ptr<StoreLock> lock;
  std::mutex grown_mutex;
  std::condition_variable_any grown;
  Writer writer;
  UseLock use;
  ClockWatch clock_watch;
  mutable std::mutex jump_mutex;
  std::uint64_t jumps = 0;
  Jump newest_jump;
  std::atomic<bool> untold{false};             // whoever appends is told of it
  GroupWriter group_writer;                    // its threads use all of the above
  std::unique_ptr<PayloadWriter> payloads;     // where they are compressed
  std::unique_ptr<DictionaryTrainer> trainer;  // likewise; its thread uses the log
  std::unique_ptr<Scrubber> scrubber;          // its thread uses the log
};

// A store this process writes.
class WritableLog final : public SqliteLog {
 public:
  WritableLog(const fs::path& path, const Options& options, const Clock& clock,
              Randomness& randomness, std::unique_ptr<StoreLock> lock)
      : SqliteLog(path, options, &tail_, nullptr),
        warn_(options.warn),
        randomness_(randomness),
        ids_(clock, randomness),
        writing_(name_of(path),
                 std::make_unique<Writing>(path, options, clock, tail_, run_maps_, records_,
                                           *readers_, dictionaries_, std::move(lock))) {
    reading([&](Reader& reader) {
      reader.fill(tail_);
      return 0;
    });
    check_newest();
    if (options.scrubbing.bytes_per_second > 0)
      writing_->scrubber = std::make_unique<Scrubber>(
          options.scrubbing, *this, clock,
          [this](std::uint32_t first, std::uint32_t count) { return look(first, count); });
    if (options.compression.on) begin_compressing(options.compression);
    warn_of_a_future();
  }

  void submit(Commit commit, Completion completion) override {
    if (auto refusal = refused(commit)) return completion(std::move(*refusal));
    auto frames = packed(commit);
    writing_->group_writer.submit(std::move(commit), std::move(completion), std::move(frames));
    warn_of_a_jump();
  }

  AppendOutcome append(Commit commit) override {
    if (auto refusal = refused(commit)) return std::move(*refusal);
    auto frames = packed(commit);
    AppendOutcome outcome = writing_->group_writer.append(std::move(commit), std::move(frames));
    warn_of_a_jump();
    return outcome;
  }

  Position head() const override {
    (void)*writing_;  // refuses a child, where nobody may ever unlock the tail
    return tail_.head();
  }
  Position durable_position() const override { return writing_->writer.durable_position(); }

  Position wait_for(Position position, std::chrono::milliseconds timeout,
                    std::stop_token stop) const override {
    std::unique_lock lock(writing_->grown_mutex);
    writing_->grown.wait_for(lock, std::move(stop), timeout,
                             [&] { return tail_.head() >= position; });
    return tail_.head();
  }

  std::optional<Record> record(std::string_view space, std::string_view key) const override {
    (void)*writing_;
    auto record = records_.get(space, key, [&] { return SqliteLog::record(space, key); });
    if (record) wait_until_told(record->derived_at);
    return record;
  }

  RecordPage records(const RecordRequest& request) const override {
    RecordPage page = SqliteLog::records(request);
    wait_until_told(page.head);
    return page;
  }

  // Most keys are new, which the index's filters tell without a transaction.
  std::optional<KeyedCommit> find_commit(std::string_view key) const override {
    (void)*writing_;
    const IndexKey hashed = key_of_idempotency_key(key);
    if (const auto base = tail_.base_without(hashed); base && run_maps_.exclude(hashed, *base))
      return std::nullopt;
    auto found = SqliteLog::find_commit(key);
    if (found && found->outcome.last > durable_position())
      found->outcome.durability = Durability::process;
    return found;
  }

  void declare_types(const std::vector<TypeDescription>& types) override {
    writing_->writer.declare_types(types);
  }

  std::string failure() const override {
    return writing_.is_here() ? writing_->writer.failure() : writing_.refusal();
  }

  LogStatistics statistics() const override {
    LogStatistics statistics = SqliteLog::statistics();
    writing_->writer.count(statistics);
    statistics.oldest_reader = readers_->oldest();
    statistics.queued = writing_->group_writer.queued();
    statistics.record_reads = records_.asked();
    statistics.record_hits = records_.known();
    if (writing_->payloads) writing_->payloads->count(statistics);
    if (writing_->scrubber) statistics.scrubbed = writing_->scrubber->found();
    std::lock_guard lock(writing_->jump_mutex);
    statistics.clock_jumps = writing_->jumps;
    statistics.clock_jumped_after = writing_->newest_jump.after;
    return statistics;
  }

  Scrubbed scrubbed() const override {
    return writing_->scrubber ? writing_->scrubber->found() : Scrubbed{};
  }

 private:
  std::optional<Rejected> refused(Commit& commit) {
    if (!writing_.is_here()) return Rejected{Closed{writing_.refusal()}};
    for (const RecordChange& change : commit.records)
      if (change.space == dictionary_space().name)
        return Rejected{Malformed{"the records \"" + change.space + "\" are the store's own"}};
    return prepare(commit, ids_, randomness_);
  }

  void begin_compressing(const Compression& options) {
    Writing& writing = *writing_;
    writing.payloads = std::make_unique<PayloadWriter>(
        options, [&writing](const std::string& type, std::uint64_t seen) {
          writing.trainer->ask(type, seen);
        });
    writing.trainer = std::make_unique<DictionaryTrainer>(
        options, *this,
        [this](Commit commit) -> AppendOutcome {
          if (auto refusal = prepare(commit, ids_, randomness_)) return std::move(*refusal);
          return writing_->group_writer.append(std::move(commit));
        },
        [&writing](const std::string& type, CompressionDictionary dictionary) {
          writing.payloads->use(type, std::move(dictionary));
        },
        warn_);
  }

  // A commit is in the file a moment before its events are found: whoever was told of them by a record
  // finds them, too; unless the store stopped in that moment. Not for ever, in case the record is not
  // one of this log's.
  void wait_until_told(Position position) const {
    const auto told = [&] {
      return tail_.head() >= position || !writing_->writer.failure().empty();
    };
    if (told()) return;
    std::unique_lock lock(writing_->grown_mutex);
    writing_->grown.wait_for(lock, std::chrono::seconds(1), told);
  }

  std::vector<std::string> packed(const Commit& commit) {
    if (!writing_->payloads) return {};
    return writing_->payloads->pack(commit.events);
  }

  Scrubber::Pages look(std::uint32_t first, std::uint32_t count) const {
    return reading([&](Reader& reader) {
      const std::uint32_t pages = reader.pages();
      if (first > pages) return Scrubber::Pages{};
      return Scrubber::Pages{std::min(count, pages - first + 1),
                             reader.damaged_pages(first, count)};
    });
  }

  // What was recorded while the clock was ahead holds all times until the clock is there again.
  void warn_of_a_future() const {
    const auto newest = warn_ && head().value > 0 ? event_at(head()) : std::nullopt;
    if (!newest) return;
    const auto ahead = std::chrono::floor<std::chrono::hours>(newest->recorded_at - clock_.now());
    if (ahead >= clock_jump)
      warn_(
          name_of(path_) + ": its newest commit was recorded " + std::to_string(ahead.count()) +
          " hours ahead of this machine's clock; later ones follow it by a microsecond each until "
          "the clock is there: see that the clock is right");
  }

  // Never fails, for what it follows has happened: what there is no memory for is told later.
  void warn_of_a_jump() const noexcept {
    Writing& writing = *writing_;
    if (!warn_ || !writing.untold.load(std::memory_order_relaxed)) return;
    try {
      Writing::Jump jump;
      {
        std::lock_guard lock(writing.jump_mutex);
        jump = writing.newest_jump;
      }
      const std::string line =
          name_of(path_) + ": the clock went " +
          std::to_string(std::chrono::floor<std::chrono::hours>(jump.beyond).count()) +
          " hours beyond the time that passed; what is recorded after position " +
          std::to_string(jump.after.value) +
          " bears its time, and no later event an earlier one: see that the clock is right";
      if (writing.untold.exchange(false)) warn_(line);
    } catch (const std::bad_alloc&) {
      return;
    }
  }

  const std::function<void(std::string_view)> warn_;
  IndexTail tail_;
  mutable RecordCache records_{cached_record_bytes};
  Randomness& randomness_;
  UlidGenerator ids_;
  const OwnedHere<Writing> writing_;
};

[[noreturn]] void refuse_existing(const fs::path& path) {
  throw CannotOpen(path.string() + " exists already: open it, or name another path");
}

// Everything that was synced must be there before anything may be written.
void require_synced(const fs::path& path, Mode mode) {
  const auto must_hold = WalGuard::check(path);
  if (!must_hold) return;
  // A program that took the log into the database has left the pages without checksums.
  if (mode != Mode::read_only) seal_pages(path);
  SQLite::Database database = open_reader(path, 1);
  const SQLite::Column newest = database.execAndGet("SELECT coalesce(max(position),0) FROM events");
  if (position_of(newest) < must_hold->head || eventless_commits(database) < must_hold->eventless)
    WalGuard::raise_lost(path, *must_hold);
}

void require_possible(const Compression& compression) {
  if (compression.level < 1 || compression.level > 19)
    throw ConfigurationError("zstd's level " + std::to_string(compression.level) +
                             " is none from 1 to 19");
  if (compression.samples == 0 || compression.streams == 0)
    throw ConfigurationError(
        "a dictionary is made of at least one sample, of what at least one stream has");
}

// SQLite would take a log that a store of the same name has left behind for the new store's own.
void require_no_log_without_store(const fs::path& path) {
  const fs::path log = path.string() + "-wal";
  std::error_code error;
  if (const auto bytes = fs::file_size(log, error); !error && bytes > 0)
    throw CannotOpen(log.string() + " holds commits of a store that is not there: put " +
                     path.string() + " back, or remove it to begin a new store");
}

std::unique_ptr<EventLog> open_resolved(const fs::path& path, const Options& options) {
  UseLock::require_not_inherited(path);
  require_local(path, options.file_system_of);
  std::error_code error;
  const bool there = fs::exists(path, error);
  if (there && options.mode == Mode::create_new) refuse_existing(path);
  if (there || options.mode == Mode::read_only) require_store(path);
  if (options.mode == Mode::read_only) require_synced(path, options.mode);
  if (options.mode == Mode::read_only) return std::make_unique<ReadOnlyLog>(path, options);

  const Clock& clock = options.clock ? *options.clock : system_clock();
  Randomness& randomness = options.randomness ? *options.randomness : system_randomness();
  auto lock = std::make_unique<StoreLock>(path);
  if (!fs::exists(path, error)) {
    require_no_log_without_store(path);
    create_store(path, UlidGenerator(clock, randomness).next().to_string(),
                 clock.now().time_since_epoch().count());
  } else if (options.mode == Mode::create_new) {
    refuse_existing(path);  // somebody was faster
  }
  require_synced(path, options.mode);
  return std::make_unique<WritableLog>(path, options, clock, randomness, std::move(lock));
}

}  // namespace

std::unique_ptr<EventLog> open(const fs::path& path, Options options) {
  const fs::path file = resolved(path);
  try {
    require_possible(options.compression);
    options.spaces = with_own_spaces(std::move(options.spaces));
    options.spaces.push_back(dictionary_space());
    return open_resolved(file, options);
  } catch (const SQLite::Exception& error) {
    raise(error, file, "opening");
  }
}

std::uint32_t seal(const fs::path& path) {
  const fs::path file = resolved(path);
  try {
    require_store(file);
    const StoreLock lock(file);
    return seal_pages(file, true);
  } catch (const SQLite::Exception& error) {
    raise(error, file, "sealing the pages");
  }
}

}  // namespace annal::sqlite
