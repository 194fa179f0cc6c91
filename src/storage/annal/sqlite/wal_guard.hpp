// Keeps SQLite from forgetting acknowledged commits: it takes the first frame of the write-ahead log
// that does not fit its checksum for the log's end, whatever lies behind it.
#pragma once

#include "annal/event/position.hpp"

#include <cstdint>
#include <filesystem>

namespace annal::sqlite {

// How much of the write-ahead log has been synced, kept in `<store>.synced` beside it: damage before
// that point is damage, damage behind it is what power loss leaves of a commit nobody was told of.
//   threads   one at a time
// Source: docs/reference/file-format.md
class WalGuard {
 public:
  // Before SQLite opens the store.
  //   returns   the position that the store must hold when it is open: 0, but where the log that was
  //             synced is gone, as after a program that is not annal took it into the database
  //   throws    CorruptionError if frames that were synced are damaged
  //   cost      one pass over the write-ahead log
  static Position check(const std::filesystem::path& store);
  // What that position's being missing means.
  [[noreturn]] static void raise_lost(const std::filesystem::path& store, Position missing);

  explicit WalGuard(const std::filesystem::path& store);
  ~WalGuard();
  WalGuard(const WalGuard&) = delete;
  WalGuard& operator=(const WalGuard&) = delete;

  // So many frames of the log have been synced, the newest event in them or before them has that
  // position. A failure to note it makes the next check weaker, and nothing else.
  void synced(std::uint64_t frames, Position head) noexcept;
  // All of the log is in the database: it may be emptied. Durable when it returns true.
  bool emptied() noexcept;
  // The log is gone, in order: there is nothing to guard.
  void finish() noexcept;

 private:
  struct Note;
  bool note(const Note& note) noexcept;
  std::uint64_t salts() noexcept;

  std::filesystem::path file_, log_;
  int descriptor_ = -1, log_descriptor_ = -1;
};

}  // namespace annal::sqlite
