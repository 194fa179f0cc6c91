// The default event log: one SQLite file, one writer, group commit, fsync before every answer.
#pragma once

#include "annal/log/event_log.hpp"
#include "annal/sqlite/file_system.hpp"
#include "annal/sqlite/wal_limits.hpp"

#include <filesystem>
#include <memory>

namespace annal::sqlite {

enum class Mode {
  read_write,  // creates the store where there is none
  create_new,  // refuses where there is one
  read_only,   // works while another process writes; appends are Rejected{Closed}
};

struct Options {
  Mode mode = Mode::read_write;
  std::vector<SpaceDeclaration> spaces;
  std::size_t queue_requests = 1024;  // waiting appends beyond these are Busy
  std::size_t readers = 4;            // read connections kept; further readers wait
  std::uint64_t tail_events = 4096;   // whose index is kept in memory until it is merged
  WalLimits wal = {};
  const Clock* clock = nullptr;      // the machine's when null; must outlive the log
  Randomness* randomness = nullptr;  // the system's when null; must outlive the log
  FileSystemOf file_system_of = {};  // the machine's when empty
};

// Opens the file and the lock beside it (`<path>.lock`), checks its newest 1000 events, and takes
// the index up to the head. A process that is forked off later cannot use the log: what it calls
// throws StorageError or is Rejected, and destroying it does nothing.
//   throws    StoreBusy naming the process that writes; UnknownFormat for a file that is no annal
//             store or of a newer format; PermissionDenied; CannotOpen, also for a network file
//             system; CorruptionError
std::unique_ptr<EventLog> open(const std::filesystem::path& path, Options options = {});

}  // namespace annal::sqlite
