// The default event log: one SQLite file, one writer, group commit, fsync before every answer.
#pragma once

#include "annal/log/event_log.hpp"

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
  const Clock* clock = nullptr;       // the machine's when null; must outlive the log
  Randomness* randomness = nullptr;   // the system's when null; must outlive the log
};

// Opens the file and the lock beside it (`<path>.lock`), checks its newest 1000 events, and takes
// the index up to the head.
//   throws    StoreBusy naming the process that writes; UnknownFormat for a file that is no annal
//             store or of a newer format; PermissionDenied; CannotOpen; CorruptionError
std::unique_ptr<EventLog> open(const std::filesystem::path& path, Options options = {});

}  // namespace annal::sqlite
