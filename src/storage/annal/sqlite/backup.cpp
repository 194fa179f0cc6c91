#include "annal/sqlite/backup.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/database.hpp"
#include "annal/sqlite/file_system.hpp"
#include "annal/sqlite/new_store.hpp"
#include "annal/sqlite/page_copy.hpp"
#include "annal/sqlite/page_scan.hpp"
#include "annal/sqlite/sqlite_log.hpp"

#include <sqlite3.h>

namespace annal::sqlite {

namespace {

namespace fs = std::filesystem;

using Progress = std::function<void(const BackupProgress&)>;

// What the check of a copy throws to end it.
struct Stopped {};

std::unique_ptr<EventLog> open_to_read(const fs::path& store) {
  Options options;
  options.mode = Mode::read_only;
  return open(store, std::move(options));
}

[[noreturn]] void raise_damaged(const fs::path& store, const std::string& what,
                                const std::vector<Position>& damaged = {}) {
  std::vector<std::uint64_t> positions;
  for (const Position position : damaged) positions.push_back(position.value);
  throw CorruptionError("the copy of " + store.string() + " was not kept, for it is damaged: " +
                            what + ": run `annal verify` on the store",
                        std::move(positions));
}

// What leads from page to page, and the checksum of each, those included that nothing reads now.
void check_pages(const fs::path& store, const fs::path& copy) {
  translating(copy, "checking", [&] {
    SQLite::Database database = open_reader(copy);
    const std::string answer = database.execAndGet("PRAGMA quick_check(1)").getString();
    if (answer != "ok") raise_damaged(store, answer);
    const PageScan scan(copy, database.getHandle());
    const SQLite::Transaction reading(database);
    const auto damaged = scan.damaged(1, scan.pages());
    if (!damaged.empty()) raise_damaged(store, description_of(damaged.front()));
    return 0;
  });
}

void check_newest_events(const EventLog& log) {
  ReadRequest newest;
  newest.direction = Direction::backwards;
  newest.limit = 1000;
  log.read(newest);
}

void check_everything(const fs::path& store, const EventLog& log, const BackupOptions& options) {
  const std::uint64_t head = log.head().value;
  const Verification found = log.verify([&](Position position) {
    if (options.progress) options.progress({BackupProgress::Step::checking, position.value, head});
    if (options.stop.stop_requested()) throw Stopped{};
  });
  if (!found.faults.empty()) raise_damaged(store, found.faults.front(), found.damaged);
}

void check_copy(const fs::path& store, const fs::path& copy, const Receipt& head,
                const BackupOptions& options) {
  if (options.quick) check_pages(store, copy);
  const auto log = open_to_read(copy);
  if (options.quick)
    check_newest_events(*log);
  else
    check_everything(store, *log, options);
  if (head_receipt(*log) != head)
    raise_damaged(store, "it ends with " + head_receipt(*log).to_string() + " and not with " +
                             head.to_string());
}

// Takes a write-ahead log that a crash has left into the file.
void close_in_order(const fs::path& store) {
  Options options;
  options.mode = Mode::read_write;
  open(store, std::move(options));
}

// What SQLite asks of now and then: whether it is to stop.
int is_stopped(void* token) {
  return static_cast<const std::stop_token*>(token)->stop_requested() ? 1 : 0;
}

void write_compactly(const fs::path& store, const fs::path& part, const std::stop_token& stop) {
  constexpr int between_questions = 10'000;  // instructions of SQLite's
  std::stop_token asked = stop;
  translating(store, "compacting", [&] {
    open_copy(part, store);                      // with the rights of the store from the first byte
    SQLite::Database from = open_writer(store);  // which a reader may not ask for
    sqlite3_progress_handler(from.getHandle(), between_questions, &is_stopped, &asked);
    SQLite::Statement write(from, "VACUUM INTO ?1");
    write.bind(1, part.string());
    const int result = write.tryExecuteStep();
    if (result == SQLITE_INTERRUPT) throw Stopped{};
    if (result != SQLITE_DONE) throw SQLite::Exception(from.getHandle(), result);
    return 0;
  });
  use_write_ahead_log(part);
}

}  // namespace

std::optional<BackupReport> back_up(const fs::path& store, const fs::path& target,
                                    const BackupOptions& options) {
  open_to_read(store);  // refuses what is no store, or has lost commits
  NewStore made(target, store,
                options.replace ? NewStore::Existing::replaced : NewStore::Existing::refused);
  const auto head = copy_pages(
      store, made.part(), options.bytes_per_second,
      [&](std::uint64_t done, std::uint64_t total) {
        if (options.progress) options.progress({BackupProgress::Step::copying, done, total});
      },
      options.stop);
  if (!head) return std::nullopt;
  try {
    check_copy(store, made.part(), *head, options);
    if (options.stop.stop_requested()) return std::nullopt;
  } catch (const Stopped&) {
    return std::nullopt;
  }
  const BackupReport report{*head, fs::file_size(made.part())};
  made.put_in_place();
  return report;
}

std::optional<CompactReport> compact(const fs::path& store, const CompactOptions& options) {
  const fs::path file = resolved(store);
  close_in_order(file);
  NewStore made(file, file, NewStore::Existing::replaced);  // from here on nobody writes
  const Receipt head = head_receipt(*open_to_read(file));
  CompactReport report{head, fs::file_size(file), 0};
  try {
    write_compactly(file, made.part(), options.stop);
    BackupOptions check;
    check.quick = options.quick;
    check.progress = options.progress;
    check.stop = options.stop;
    check_copy(file, made.part(), head, check);
    if (options.stop.stop_requested()) return std::nullopt;
  } catch (const Stopped&) {
    return std::nullopt;
  }
  report.bytes = fs::file_size(made.part());
  made.put_in_place();
  return report;
}

}  // namespace annal::sqlite
