// Keeps SQLite from forgetting acknowledged commits: it takes the first frame of the write-ahead log
// that does not fit its checksum for the log's end, whatever lies behind it.
#pragma once

#include "annal/event/position.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace annal::sqlite {

// How much of the write-ahead log has been synced, kept in `<store>.synced` beside it: damage before
// that point is damage, damage behind it is what power loss leaves of a commit nobody was told of.
//   threads   one at a time
// Source: docs/reference/file-format.md
class WalGuard {
 public:
  struct Synced {
    std::uint64_t frames = 0;     // of the log; none: all of it is in the database
    Position head;                // the newest event in them or before them
    std::uint64_t eventless = 0;  // commits without events up to there
  };

  // Before SQLite opens the store.
  //   returns   what the store must hold when it is open: nothing, but where the log that was synced
  //             is gone, as after a program that is not annal took it into the database
  //   throws    CorruptionError if frames that were synced are damaged
  //   cost      one pass over the write-ahead log
  static std::optional<Synced> check(const std::filesystem::path& store);
  // What it means that this is missing.
  [[noreturn]] static void raise_lost(const std::filesystem::path& store, const Synced& missing);

  explicit WalGuard(const std::filesystem::path& store);
  ~WalGuard();
  WalGuard(const WalGuard&) = delete;
  WalGuard& operator=(const WalGuard&) = delete;

  // A failure to note it makes the next check weaker, and nothing else.
  void synced(const Synced& synced) noexcept;
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
