#include "annal/sqlite/page_copy.hpp"

#include "annal/error.hpp"
#include "annal/sqlite/database.hpp"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace annal::sqlite {

namespace {

constexpr int step_pages = 256;

// Holds a copy back to the rate it may have.
class Pace {
 public:
  Pace(std::uint64_t bytes_per_second, const std::stop_token& stop)
      : bytes_per_second_(bytes_per_second), stop_(stop) {}

  // Waits until so many bytes may have been copied, or it is stopped.
  void wait(std::uint64_t bytes) {
    if (bytes_per_second_ == 0) return;
    const std::chrono::duration<double> due(static_cast<double>(bytes) /
                                            static_cast<double>(bytes_per_second_));
    std::unique_lock lock(mutex_);
    stopped_.wait_until(lock, stop_, begun_ + std::chrono::duration_cast<Steady::duration>(due),
                        [] { return false; });
  }

 private:
  using Steady = std::chrono::steady_clock;
  const std::uint64_t bytes_per_second_;
  const std::stop_token stop_;
  const Steady::time_point begun_ = Steady::now();
  std::mutex mutex_;
  std::condition_variable_any stopped_;
};

// Begins to read: what is committed later is not seen.
Receipt begin(SQLite::Database& store) {
  store.exec("BEGIN");
  SQLite::Statement newest(
      store, "SELECT position,commit_hash FROM events ORDER BY position DESC LIMIT 1");
  if (!newest.executeStep()) return {};
  return {position_of(newest.getColumn(0)), hash_of(newest.getColumn(1))};
}

// SQLite begins a copy anew when its source has changed between two steps; inside of a read
// transaction the source does not change.
std::optional<Receipt> copy(SQLite::Database& from, SQLite::Database& into, Pace& pace,
                            const std::function<void(std::uint64_t, std::uint64_t)>& progress,
                            const std::stop_token& stop) {
  const Receipt head = begin(from);
  const auto page_bytes =
      static_cast<std::uint64_t>(from.execAndGet("PRAGMA page_size").getInt64());
  SQLite::Backup pages(into, from);
  for (int result = SQLITE_OK; result != SQLITE_DONE;) {
    if (stop.stop_requested()) return std::nullopt;
    result = pages.executeStep(step_pages);
    if (result == SQLITE_BUSY || result == SQLITE_LOCKED)
      throw SQLite::Exception("another program holds the copy", result);
    const auto total = static_cast<std::uint64_t>(pages.getTotalPageCount()) * page_bytes;
    const auto left = static_cast<std::uint64_t>(pages.getRemainingPageCount()) * page_bytes;
    progress(total - left, total);
    if (left > 0) pace.wait(total - left);
  }
  return head;
}

}  // namespace

std::optional<Receipt> copy_pages(const std::filesystem::path& store,
                                  const std::filesystem::path& into, std::uint64_t bytes_per_second,
                                  const std::function<void(std::uint64_t, std::uint64_t)>& progress,
                                  const std::stop_token& stop) {
  SQLite::Database source = open_reader(store);
  SQLite::Database target = open_copy(into, store);
  Pace pace(bytes_per_second, stop);
  try {
    return copy(source, target, pace, progress, stop);
  } catch (const SQLite::Exception& error) {
    raise(error, store, "copying it to " + into.string());
  }
}

}  // namespace annal::sqlite
