#include "annal/sqlite/backup.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/database.hpp"
#include "annal/sqlite/new_store.hpp"
#include "annal/sqlite/page_copy.hpp"
#include "annal/sqlite/page_scan.hpp"
#include "annal/sqlite/sqlite_log.hpp"

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

}  // namespace annal::sqlite
