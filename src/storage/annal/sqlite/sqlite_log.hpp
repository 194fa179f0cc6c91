// The default event log: one SQLite file, one writer, group commit, fsync before every answer.
#pragma once

#include "annal/log/event_log.hpp"
#include "annal/sqlite/file_system.hpp"
#include "annal/sqlite/wal_limits.hpp"
#include "annal/time/monotonic.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace annal::sqlite {

enum class Mode {
  read_write,  // creates the store where there is none
  create_new,  // refuses where there is one
  read_only,   // works while another process writes; appends are Rejected{Closed}
};

// How a store that is open for writing is looked over in the background: every page of its file, then
// every event, then again.
struct Scrubbing {
  std::uint64_t bytes_per_second = 4 * 1024 * 1024;  // at most; 0: it is not looked over
  std::chrono::seconds begins_after{60};             // of the store's being opened
  std::chrono::seconds rests = std::chrono::hours(24);
  // Told of each damage once, and of why a pass was given up, on the thread that looks; must not
  // throw. What was found is in LogStatistics::scrubbed, too.
  std::function<void(const std::string& what)> report = {};
};

// Whether the data of what is appended is compressed with zstd, where that makes it shorter. Every
// program reads it, whatever its own options are.
// Once enough events of a type are there, a dictionary of what they have in common is made for it,
// beside the writing; for up to 64 types.
struct Compression {
  bool on = false;
  int level = 3;               // of zstd's, 1–19
  std::size_t samples = 2000;  // events a dictionary is made of; there must be so many, or 2 MiB
  // Nothing is in a dictionary that fewer streams have in common, for it stays there when their data
  // is purged.
  std::size_t streams = 16;
};

struct Options {
  Mode mode = Mode::read_write;
  std::vector<SpaceDeclaration> spaces;
  std::size_t queue_requests = 1024;  // waiting appends beyond these are Busy
  std::size_t readers = 4;            // read connections kept; further readers wait
  std::uint64_t tail_events = 16384;  // whose index is kept in memory until it is merged
  WalLimits wal = {};
  const Clock* clock = nullptr;      // the machine's when null; must outlive the log
  Randomness* randomness = nullptr;  // the system's when null; must outlive the log
  // Of the time that passes, to judge the clock by; the machine's when null; must outlive the log.
  const MonotonicClock* passing = nullptr;
  FileSystemOf file_system_of = {};  // the machine's when empty
  Scrubbing scrubbing = {};
  Compression compression = {};
  // Told what is odd though the log goes on, by whoever opens the log or appends to it; must not
  // throw.
  std::function<void(std::string_view)> warn = {};
};

// Opens the file and the lock beside it (`<path>.lock`), checks its newest 1000 events, and takes
// the index up to the head. A process that is forked off later cannot use the log: what it calls
// throws StorageError or is Rejected, and destroying it does nothing.
//   throws    StoreBusy naming the process that writes; UnknownFormat for a file that is no annal
//             store or of a newer format; PermissionDenied; CannotOpen, also for a network file
//             system; CorruptionError; ConfigurationError for options no store is opened with
std::unique_ptr<EventLog> open(const std::filesystem::path& path, Options options = {});

// Takes the pages of a store that have no checksum as they are, and gives them one: pages that were
// written or copied by a program that knows nothing of checksums, the sqlite3 shell for instance. So
// it does with the first page if its checksum is wrong: SQLite counts in it that it made a copy.
// Check what the store holds afterwards.
//   returns   how many there were
//   throws    StoreBusy, CannotOpen and its children, StorageError
//   cost      one pass over the file
std::uint32_t seal(const std::filesystem::path& path);

}  // namespace annal::sqlite
