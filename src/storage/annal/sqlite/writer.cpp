#include "annal/sqlite/writer.hpp"

// g++ 12 cannot see through the move of a variant, and warns when it optimises.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "annal/error.hpp"
#include "annal/sqlite/database.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace annal::sqlite {

namespace {

constexpr std::uint64_t worth_a_run = 256;       // events, when the store is closed
constexpr std::uint64_t merged_at_once = 65536;  // postings, while nothing is written
constexpr std::uint64_t log_header_bytes = 32, frame_bytes = 24 + 4096;
constexpr std::chrono::milliseconds durable_within{
    60};  // of a commit whose answer did not wait for it
constexpr std::chrono::milliseconds checkpoint_after{400};  // of nothing being written
constexpr std::size_t names_cached_for_writing = 32768;     // of types, tags and sources

int note_frames(void* frames, sqlite3*, const char*, int count) {
  *static_cast<int*>(frames) = count;
  return SQLITE_OK;
}

// The text that is made, or a shorter one if there is no memory for it.
template <class Make>
std::string said(Make make) noexcept {
  try {
    return make();
  } catch (const std::bad_alloc&) {
    return "out of memory";  // lies in the string itself
  }
}

// Why the store takes nothing more.
std::string stopped(std::string_view what, std::string_view why) noexcept {
  return said([&] {
    std::string text(what);
    text.append(" (").append(why);
    return text + "): the store has stopped; reopen it to see what was recorded";
  });
}

AppendOutcome copy_of(const Rejected& why) noexcept {
  try {
    return why;
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
}

void run(SQLite::Statement& statement) {
  statement.reset();
  statement.exec();
  statement.reset();
}

// Others have changed the log that this process is the only one to write.
struct ForeignCommit : StorageError {
  using StorageError::StorageError;
};

SQLite::Database open_with_spaces(const std::filesystem::path& path,
                                  const std::vector<SpaceDeclaration>& spaces) {
  SQLite::Database database = open_writer(path);
  try {
    // Closing the connection rolls back. SQLiteCpp's own Transaction does so while it is destroyed,
    // and ends the program if there is no memory for that.
    database.exec("BEGIN IMMEDIATE");
    create_record_tables(database, spaces);
    database.exec("COMMIT");
  } catch (const SQLite::Exception& error) {
    raise(error, path, "preparing the store");
  }
  return database;
}

}  // namespace

Writer::Writer(const std::filesystem::path& path, std::vector<SpaceDeclaration> spaces,
               const Clock& clock, IndexTail& tail, RunMaps& maps, RecordCache& cached_records,
               std::uint64_t tail_events, Readers& readers, Dictionaries& dictionaries,
               const WalLimits& limits)
    : path_(path),
      spaces_(std::move(spaces)),
      clock_(clock),
      tail_(tail),
      tail_events_(tail_events),
      readers_(readers),
      limits_(limits),
      database_(open_with_spaces(path, spaces_)),
      guard_(path),
      files_(path),
      maps_(maps),
      index_(database_, maps),
      index_writer_(database_, maps),
      cached_records_(cached_records),
      names_(database_, names_cached_for_writing,
             [this](IndexKey key) {
               std::vector<std::int64_t> numbers;
               for (const Entry& entry : entries_of(key))
                 numbers.push_back(static_cast<std::int64_t>(entry.version.value));
               return numbers;
             }),
      streams_(names_, index_, tail),
      rows_(database_, names_, streams_, dictionaries),
      records_(database_, spaces_),
      matches_(database_, names_, index_, tail),
      begin_(database_, "BEGIN IMMEDIATE"),
      commit_(database_, "COMMIT"),
      rollback_(database_, "ROLLBACK"),
      keyed_(database_, std::string("SELECT ") + commit_columns + " FROM events WHERE position=?1"),
      recorded_at_(database_, "SELECT recorded_at FROM events WHERE position=?1"),
      data_version_(database_, "PRAGMA data_version"),
      count_eventless_(database_,
                       "INSERT INTO store VALUES('eventless_commits',?1) "
                       "ON CONFLICT(key) DO UPDATE SET value=excluded.value") {
  sqlite3_wal_hook(database_.getHandle(), &note_frames, &wal_frames_);
  head_ = newest();
  eventless_ = eventless_commits(database_);
  known_version_ = database_.execAndGet("PRAGMA data_version").getInt();
  wal_bytes_ = std::filesystem::file_size(path.string() + "-wal");
  make_durable_what_was_left();
}

LogHead Writer::newest() const {
  SQLite::Statement newest(
      database_,
      "SELECT position,recorded_at,commit_hash FROM events ORDER BY position DESC LIMIT 1");
  LogHead head;
  if (!newest.executeStep()) return head;
  head.position = position_of(newest.getColumn(0));
  head.recorded_at = Timestamp{std::chrono::microseconds{newest.getColumn(1).getInt64()}};
  head.hash = hash_of(newest.getColumn(2));
  return head;
}

// --- a group -------------------------------------------------------------------------------------

void Writer::write(GroupWriter::Group& group) noexcept {
  std::lock_guard lock(connection_mutex_);
  if (has_failed()) return refuse_failed(group);
  committed_ = false;
  staged_.clear();
  try {
    write_group(group);
  } catch (const ForeignCommit& error) {
    undo();
    fail(error.what());
    refuse_failed(group);
  } catch (const SQLite::Exception& error) {
    undo();
    refuse(group, verdict_on(error));
  } catch (const std::exception& error) {
    if (committed_) {
      leave_unknown(said([&] {
        return std::string("a commit is recorded, but could not be told: ") + error.what();
      }));
    } else {
      undo();
      refuse(group, Rejected{Closed{said([&] {
               return std::string("nothing was written: ") + error.what() + "; try again";
             })}});
    }
  }
}

// A damaged run of the index keeps nobody from writing: its merge can wait.
void Writer::write_group(GroupWriter::Group& group) {
  choose_durability(group);
  try {
    stage(group);
  } catch (const DamagedRun&) {
    undo();
    index_writer_.give_up();
    stage(group);
  }
  if (commit_transaction(group)) publish();
}

// Every verdict is reached before its commit writes anything, so a refusal has nothing to undo.
void Writer::stage(GroupWriter::Group& group) {
  staged_.clear();
  staged_.reserve(group.size());
  staged_keys_.clear();
  staged_postings_.clear();
  staged_head_ = head_;
  staged_eventless_ = eventless_;
  records_.forget();
  begin_transaction();
  for (Pending* pending : group) {
    staged_.push_back({pending, Unknown{}});
    Commit& commit = pending->commit;
    streams_.expect(commit.events);
    if (auto answer = judge(commit, staged_head_, *this)) {
      staged_.back().outcome = std::move(*answer);
      continue;
    }
    const Appended appended = seal(commit, *this, staged_head_, clock_.now(),
                                   syncs_ ? Durability::power : Durability::process);
    staged_.back().outcome = appended;
    apply(*pending);
    if (commit.events.empty()) ++staged_eventless_;
    if (commit.idempotency_key)
      staged_keys_[*commit.idempotency_key] = {appended, *commit.request_hash};
  }
  rows_.write();
  if (staged_eventless_ != eventless_) count_eventless(staged_eventless_);
  if (tail_.events() >= tail_events_) flush_tail();
  index_writer_.advance(staged_postings_.size());
}

// In the transaction at hand, which nobody else can write beside. What others wrote before it shows
// in the version; whether it was to the log, in its newest commit.
void Writer::require_nobody_else_wrote() {
  data_version_.reset();
  data_version_.executeStep();
  const int version = data_version_.getColumn(0).getInt();
  data_version_.reset();
  if (version == known_version_) return;
  const LogHead there = newest();
  if (there.position != head_.position || there.hash != head_.hash)
    throw ForeignCommit(
        "another program has written to the log: the store has stopped, and nothing was added to "
        "that; reopen it to see what there is");
  known_version_ = version;
}

// Commits that add no event change nothing else by which their loss could be noticed.
void Writer::count_eventless(std::uint64_t commits) {
  count_eventless_.reset();
  count_eventless_.bind(1, static_cast<std::int64_t>(commits));
  count_eventless_.exec();
  count_eventless_.reset();
}

void Writer::apply(const Pending& pending) {
  const Commit& commit = pending.commit;
  rows_.add(commit, pending.packed, staged_head_.hash, staged_postings_);
  rows_.purge(commit.purges);
  if (!commit.spaces.empty()) {
    cached_records_.change_everything();
    records_.change(commit.spaces);
  }
  for (const RecordChange& change : commit.records) {
    RecordTable& table = records_.at(change.space);
    const bool was_known = cached_records_.change(change.space, change.key);
    if (!change.value) {
      table.erase(change.key);
      continue;
    }
    const Position derived_at = change.derived_at.value_or(staged_head_.position);
    Timestamp derived_time =
        derived_at == staged_head_.position ? staged_head_.recorded_at : Timestamp{};
    if (derived_at != staged_head_.position && derived_at.value > 0) {
      if (derived_at > head_.position) rows_.write();
      recorded_at_.reset();
      recorded_at_.bind(1, signed_of(derived_at));
      if (recorded_at_.executeStep())
        derived_time = Timestamp{std::chrono::microseconds{recorded_at_.getColumn(0).getInt64()}};
      recorded_at_.reset();
    }
    if (was_known)
      cached_records_.become(change.space,
                             {change.key, *change.value, change.columns, derived_at, derived_time});
    table.put(change, derived_at, derived_time);
  }
}

// True if the group is in the log. From here on an error leaves the outcome unknown.
bool Writer::commit_transaction(GroupWriter::Group& group) {
  const auto begun = std::chrono::steady_clock::now();
  const int frames_before = wal_frames_;
  commit_.tryReset();
  const int result = commit_.tryExecuteStep();
  const int extended = sqlite3_extended_errcode(database_.getHandle());
  commit_.tryReset();
  if (result == SQLITE_DONE) {
    if (!files_.all_there()) stop_without_files();
    // Nothing was written and so nothing synced; but a repeated request may be told of a commit that
    // is not durable yet.
    if (syncs_ && unsynced_since_ && wal_frames_ == frames_before) flush();
    if (const std::string why = failure(); !why.empty()) {
      leave_unknown(why);
      return false;
    }
    figures_.add(std::chrono::steady_clock::now() - begun, group.size());
    return true;
  }
  if ((result & 0xff) == SQLITE_FULL) {
    // The commit frame is written last: without room for it there is no commit.
    undo();
    refuse(group, disk_full());
  } else {
    leave_unknown(stopped("committing failed", sqlite3_errstr(extended)));
  }
  return false;
}

// Tells readers and callers.
void Writer::publish() {
  committed_ = true;
  cached_records_.settle();
  head_ = staged_head_;
  eventless_ = staged_eventless_;
  if (merged_) tail_.drop_through(*merged_);
  tail_.add(staged_postings_, head_.position);
  names_.settle();
  streams_.settle();
  std::uint64_t written = 0;
  for (Staged& staged : staged_) {
    written += std::holds_alternative<Appended>(staged.outcome) ? 1 : 0;
    staged.pending->outcome = std::move(staged.outcome);
  }
  commits_ += written;
  ++groups_;
  written_at_ = Steady::now();
  if (syncs_)
    note_durable();
  else if (!unsynced_since_)
    unsynced_since_ = written_at_;
  tend_log();
}

Rejected Writer::disk_full() const noexcept {
  return Rejected{DiskFull{
      said([&] { return path_.string() + ": the disk is full: nothing was written; make room"; })}};
}

// What an error before COMMIT means: nothing was written, and the store goes on if it can.
Rejected Writer::verdict_on(const SQLite::Exception& error) noexcept {
  switch (error.getErrorCode()) {
    case SQLITE_FULL:
      return disk_full();
    case SQLITE_NOMEM:
      return Rejected{Closed{
          said([] { return std::string("out of memory: nothing was written; try again"); })}};
    case SQLITE_BUSY:
      return Rejected{Closed{said([&] {
        return path_.string() +
               ": nothing was written, for another program that is not annal has locked the file: "
               "let it finish and try again";
      })}};
    default:
      fail(stopped("writing failed", said([&] { return reason_of(error); })));
      return Rejected{Closed{failure()}};
  }
}

// Leaves no transaction open, no statement that still tells of the error, and no name that was given
// in the transaction. SQLite may have rolled back by itself, so that there is none.
void Writer::undo() noexcept {
  sqlite3* const handle = database_.getHandle();
  for (auto* each = sqlite3_next_stmt(handle, nullptr); each;
       each = sqlite3_next_stmt(handle, each))
    sqlite3_reset(each);
  rollback_.tryExecuteStep();
  rollback_.tryReset();
  cached_records_.undo();
  names_.forget();
  streams_.forget();
  rows_.forget();
  index_forgotten_ = true;
}

// The whole group, but for those that were refused for a reason of their own: before COMMIT
// everything can still be refused, answers of this group's idempotency keys included.
void Writer::refuse(GroupWriter::Group& group, const Rejected& why) noexcept {
  for (std::size_t i = 0; i < group.size(); ++i) {
    const bool refused = i < staged_.size() && std::holds_alternative<Rejected>(staged_[i].outcome);
    group[i]->outcome = refused ? std::move(staged_[i].outcome) : copy_of(why);
  }
}

// Stops the store. Whoever asks again under one of the group's keys is told the same: whether the
// key's commit is in the log only the next open can tell.
void Writer::leave_unknown(const std::string& why) noexcept {
  fail(why);
  for (Staged& staged : staged_) {
    Pending& pending = *staged.pending;
    if (std::holds_alternative<Rejected>(staged.outcome)) {
      pending.outcome = std::move(staged.outcome);
      continue;
    }
    if (const auto& key = pending.commit.idempotency_key) note_unknown(*key);
    pending.outcome = Unknown{failure()};
  }
}

void Writer::note_unknown(const std::string& key) noexcept {
  try {
    unknown_keys_.insert(key);
  } catch (const std::bad_alloc&) {
    any_key_unknown_ = true;
  }
}

void Writer::refuse_failed(GroupWriter::Group& group) const noexcept {
  for (Pending* pending : group) {
    const auto& key = pending->commit.idempotency_key;
    if (key && (any_key_unknown_ || unknown_keys_.contains(*key)))
      pending->outcome = Unknown{failure()};
    else
      pending->outcome = Rejected{Closed{failure()}};
  }
}

void Writer::fail(const std::string& why) noexcept {
  std::lock_guard lock(failure_mutex_);
  if (failure_.empty()) failure_ = said([&] { return path_.string() + ": " + why; });
  // What the write-ahead log holds must be there for the next open to judge.
  sqlite3_db_config(database_.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

std::string Writer::failure() const noexcept {
  std::lock_guard lock(failure_mutex_);
  return said([this] { return failure_; });
}

bool Writer::has_failed() const noexcept {
  std::lock_guard lock(failure_mutex_);
  return !failure_.empty();
}

// --- the index and the write-ahead log -----------------------------------------------------------

void Writer::begin_transaction() {
  merged_.reset();
  run(begin_);
  require_nobody_else_wrote();
  if (std::exchange(index_forgotten_, false)) index_writer_.reload();
  if (index_.state().generation == index_writer_.state().generation) return;
  index_.reread();
  maps_.see(index_.state().indexed_to, index_.runs());
}

// Writes the tail into the file as a run, in the transaction at hand. It leaves memory when that is
// committed.
void Writer::flush_tail() {
  Position through;
  const auto postings = tail_.postings(through);
  index_writer_.flush(postings, through);
  merged_ = through;
}

// True if there is more to merge.
bool Writer::merge_when_idle() {
  bool committing = false;
  try {
    begin_transaction();
    index_writer_.advance(merged_at_once);
    committing = true;
    run(commit_);
    if (syncs_) note_durable();
    tend_log();
    return index_writer_.merging();
  } catch (const SQLite::Exception& error) {
    undo();
    if (committing && error.getErrorCode() != SQLITE_FULL)
      fail(stopped("merging the index failed", error.what()));
    else
      verdict_on(error);
  } catch (const DamagedRun&) {
    undo();
    index_writer_.give_up();
  } catch (const std::exception& error) {
    undo();  // whoever writes next meets it, too, and is told
    if (committing) fail(stopped("merging the index failed", error.what()));
  }
  return false;
}

void Writer::tend_log() {
  const auto bytes = [](int frames) { return static_cast<std::uint64_t>(frames) * frame_bytes; };
  if (wal_frames_ < checkpointed_frames_) checkpointed_frames_ = 0;  // it began anew
  wal_bytes_ = std::max(wal_bytes_.load(), log_header_bytes + bytes(wal_frames_));
  if (bytes(wal_frames_ - checkpointed_frames_) < limits_.copied) return;
  if (bytes(wal_frames_) < limits_.begun_anew || !begin_anew())
    checkpoint(SQLITE_CHECKPOINT_PASSIVE);
}

// Whoever reads is in nobody's way: those of other processes are not waited for.
int Writer::copy_log(int mode, int& frames, int& copied) noexcept {
  sqlite3* const handle = database_.getHandle();
  sqlite3_busy_timeout(handle, 0);
  const int result = sqlite3_wal_checkpoint_v2(handle, nullptr, mode, &frames, &copied);
  sqlite3_busy_timeout(handle, writer_waits_ms);
  return result;
}

// Copies the write-ahead log into the database as far as readers let it, which syncs both.
//   mode      SQLite's: also that the next commit begins the log anew, if nobody reads
//   returns   true if all of that was done
bool Writer::checkpoint(int mode) {
  int frames = 0, copied = 0;
  const int result = copy_log(mode, frames, copied);
  // Busy: a reader still needs the frames. Full, out of memory: they wait where they are.
  if (result != SQLITE_OK && result != SQLITE_BUSY && result != SQLITE_FULL &&
      result != SQLITE_NOMEM) {
    fail(stopped("a checkpoint failed", sqlite3_errstr(result)));
    return false;
  }
  checkpointed_frames_ = wal_frames_;
  if (result != SQLITE_OK || copied < frames) return false;
  unsynced_since_.reset();
  durable_position_ = head_.position.value;
  guard_.synced({0, head_.position, eventless_});
  return true;
}

// Lets the next commit begin the log anew; false if somebody reads for too long.
bool Writer::begin_anew() {
  const Held held(readers_);
  if (held) checkpoint(SQLITE_CHECKPOINT_RESTART);
  return static_cast<bool>(held);
}

// Leaves no write-ahead log behind, if nobody reads it; true then.
bool Writer::truncate() {
  const Held held(readers_);
  if (!checkpoint(SQLITE_CHECKPOINT_PASSIVE) || !held || !guard_.emptied()) return false;
  int frames = 0, copied = 0;
  const int result = copy_log(SQLITE_CHECKPOINT_TRUNCATE, frames, copied);
  if (result == SQLITE_OK)
    wal_bytes_ = static_cast<std::uint64_t>(wal_frames_ = checkpointed_frames_ = 0);
  else if (result != SQLITE_BUSY && result != SQLITE_NOMEM)
    fail(stopped("emptying the write-ahead log failed", sqlite3_errstr(result)));
  return result == SQLITE_OK;
}

// A file of the store is gone. What was acknowledged is brought into the database, which this process
// still has, while nobody else can have begun another log; then nothing more is taken.
void Writer::stop_without_files() noexcept {
  bool saved = false;
  if (!files_.only_lock_is_gone() && files_.log_is_ours_or_gone()) {
    const Held held(readers_);
    int frames = 0, copied = 0;
    saved = copy_log(SQLITE_CHECKPOINT_PASSIVE, frames, copied) == SQLITE_OK && copied == frames;
    // Another database in this one's place must not find a log that is not its own.
    if (saved && held && guard_.emptied()) copy_log(SQLITE_CHECKPOINT_TRUNCATE, frames, copied);
  }
  fail(said([&] {
    return files_.what_happened() + ": the store has stopped" +
           (saved
                ? ", with all that was acknowledged in the database itself: see that it lies where "
                  "it did, and reopen it"
                : ": see that every file lies where it did, and reopen it");
  }));
}

// What a crash left in the write-ahead log may never have been synced: it is made durable before
// anybody is told that it is. A commit that writes a page as it is does so, and tells how long the log
// is; to take the log into the file can wait until nobody writes.
void Writer::make_durable_what_was_left() {
  bool committing = false;
  try {
    if (wal_bytes_ > 0) {
      run(begin_);
      database_.exec("PRAGMA user_version=" + std::to_string(format_version));
      committing = true;
      run(commit_);
      if (wal_frames_ == 0) throw StorageError(path_.string() + ": a commit wrote nothing");
      written_at_ = Steady::now();
      note_durable();
    }
  } catch (const SQLite::Exception& error) {
    const int code = error.getErrorCode();
    const bool nothing_written =
        code == SQLITE_FULL || (!committing && (code == SQLITE_BUSY || code == SQLITE_NOMEM));
    if (!nothing_written) {
      fail(stopped("syncing what was left failed", reason_of(error)));
      throw;
    }
    undo();
    sync_log();  // what is noted of the log stays true
  }
  if (const std::string why = failure(); !why.empty()) throw StorageError(why);
  durable_position_ = head_.position.value;
}

// A group is synced if any of its commits asks for that; so does one that comes too long after a
// commit that was not.
void Writer::choose_durability(const GroupWriter::Group& group) {
  const bool asked = std::any_of(group.begin(), group.end(), [](const Pending* pending) {
    return pending->commit.durability != Durability::process;
  });
  const bool due = unsynced_since_ && Steady::now() - *unsynced_since_ >= durable_within;
  sync_commits(asked || due);
}

void Writer::sync_commits(bool sync) {
  if (syncs_ == sync) return;
  database_.exec(sync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
  syncs_ = sync;
}

// Syncs the write-ahead log without a commit; false if the store has stopped over it.
bool Writer::sync_log() {
  sqlite3_file* log = nullptr;
  int result =
      sqlite3_file_control(database_.getHandle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (result == SQLITE_OK && log && log->pMethods)
    result = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
  if (result != SQLITE_OK)
    fail(stopped("syncing failed", sqlite3_errstr(result)));
  else if (!files_.all_there())
    stop_without_files();
  return !has_failed();
}

void Writer::flush() {
  if (sync_log()) note_durable();
}

void Writer::note_durable() {
  unsynced_since_.reset();
  durable_position_ = head_.position.value;
  guard_.synced({static_cast<std::uint64_t>(wal_frames_), head_.position, eventless_});
}

bool Writer::idle() noexcept {
  std::lock_guard lock(connection_mutex_);
  if (has_failed()) return false;
  if (unsynced_since_) flush();
  if (has_failed()) return false;
  if (index_writer_.merging() && merge_when_idle()) return true;
  if (wal_frames_ == 0) return false;
  if (Steady::now() - written_at_ < checkpoint_after) return true;
  // A log that is kept is written over, which costs each commit less than to make it longer again.
  if (wal_bytes_ > limits_.kept)
    truncate();
  else
    checkpoint(SQLITE_CHECKPOINT_PASSIVE);
  return false;
}

void Writer::close() noexcept {
  std::lock_guard lock(connection_mutex_);
  if (has_failed()) return;
  if (!files_.all_there()) return stop_without_files();
  try {
    if (tail_.events() >= worth_a_run) {
      begin_transaction();
      flush_tail();
      run(commit_);
    }
    if (unsynced_since_ || !syncs_) flush();
    if (!has_failed() && truncate()) guard_.finish();
  } catch (const std::exception& error) {
    // The tail is read from the log again at the next open; nothing is lost.
    fail(stopped("closing failed", error.what()));
  }
}

void Writer::declare_types(const std::vector<TypeDescription>& types) {
  std::lock_guard lock(connection_mutex_);
  if (const std::string why = failure(); !why.empty()) throw StorageError(why);
  for (const auto& type : types)
    if (const auto why = fault(type)) throw InvalidInput(*why);
  bool committing = false;
  try {
    SQLite::Statement known(
        database_, "SELECT description FROM type_descriptions WHERE name=? AND schema_version=?");
    std::vector<std::pair<const TypeDescription*, std::string>> fresh;
    for (const auto& type : types) {
      std::string description = encode_description(type.fields);
      known.reset();
      known.bindNoCopy(1, type.type);
      known.bind(2, type.schema_version);
      if (known.executeStep() && blob_of(known.getColumn(0)) == description) continue;
      fresh.emplace_back(&type, std::move(description));
    }
    known.reset();
    if (fresh.empty()) return;
    sync_commits(true);
    run(begin_);
    SQLite::Statement put(database_, "INSERT OR REPLACE INTO type_descriptions VALUES(?,?,?)");
    for (const auto& [type, description] : fresh) {
      put.reset();
      put.bindNoCopy(1, type->type);
      put.bind(2, type->schema_version);
      bind_blob(put, 3, description);
      put.exec();
    }
    count_eventless(eventless_ + 1);
    committing = true;
    run(commit_);
    ++eventless_;
    if (files_.all_there())
      note_durable();
    else
      stop_without_files();
    if (const std::string why = failure(); !why.empty()) throw StorageError(why);
  } catch (const SQLite::Exception& error) {
    if (committing && error.getErrorCode() != SQLITE_FULL)
      fail(stopped("committing failed", error.what()));
    else
      undo();
    raise(error, path_, "describing event types");
  } catch (const std::bad_alloc& error) {
    if (committing)
      fail(stopped("committing failed", error.what()));
    else
      undo();
    throw;
  }
}

void Writer::count(LogStatistics& statistics) const {
  statistics.commits = commits_;
  statistics.groups = groups_;
  statistics.wal_bytes = wal_bytes_;
  statistics.durable = durable_position();
  figures_.tell(statistics);
}

// --- what verdicts are based on ------------------------------------------------------------------

// Everything under the key, in log order.
std::vector<Entry> Writer::entries_of(IndexKey key) {
  std::vector<Entry> entries;
  index_.find(key, Position{1}, index_.state().indexed_to, Direction::forwards, SIZE_MAX, entries);
  const auto slice = tail_.look_up({&key, 1});
  for (const Entry& entry : slice.entries[0])
    if (entry.position > index_.state().indexed_to) entries.push_back(entry);
  return entries;
}

std::optional<KeyedCommit> Writer::keyed_commit(std::string_view idempotency_key) {
  if (const auto staged = staged_keys_.find(std::string(idempotency_key));
      staged != staged_keys_.end())
    return staged->second;
  for (const Entry& entry : entries_of(key_of_idempotency_key(idempotency_key)))
    if (auto found = stored_commit(idempotency_key, entry.position)) return found;
  return std::nullopt;
}

std::optional<KeyedCommit> Writer::stored_commit(std::string_view idempotency_key,
                                                 Position position) {
  keyed_.reset();
  keyed_.bind(1, signed_of(position));
  std::optional<KeyedCommit> found;
  if (keyed_.executeStep()) found = keyed_commit_in(keyed_, idempotency_key);
  keyed_.reset();
  if (found && !syncs_ && position > durable_position())
    found->outcome.durability = Durability::process;
  return found;
}

std::vector<Position> Writer::matching(const Query& query, Position after, std::size_t limit) {
  std::vector<Position> found = matches_.first(query, after, limit);
  // Earlier commits of the same group are in no index yet.
  for (const Staged& staged : staged_) {
    const auto* appended = std::get_if<Appended>(&staged.outcome);
    if (!appended || appended->replayed) continue;
    for (const Envelope& event : staged.pending->commit.events)
      if (found.size() < limit && event.position > after && query.matches(event))
        found.push_back(event.position);
  }
  return found;
}

Position Writer::record_position(std::string_view space, std::string_view key) {
  return records_.at(space).derived_at(key);
}

Position Writer::tracked(std::string_view source) {
  const auto found = records_.at(tracking_space().name).get(source);
  return found ? tracked_in(*found) : Position{};
}

const SpaceDeclaration* Writer::space(std::string_view name) {
  RecordTable* table = records_.find(name);
  return table ? &table->declaration() : nullptr;
}

bool Writer::is_permanent(std::string_view space) { return records_.permanent(space) != nullptr; }

bool Writer::is_in_the_way_of(const SpaceDeclaration& space) {
  return records_.is_in_the_way_of(space);
}

}  // namespace annal::sqlite
