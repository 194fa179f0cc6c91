// A copy of a store, made while others write to it.
//
//   annal::sqlite::BackupOptions options;
//   options.progress = [](const annal::sqlite::BackupProgress& progress) { … };
//   auto report = annal::sqlite::back_up("orders.db", "/backups/orders.db", options);
//
// Guide: docs/guides/backup.md
#pragma once

#include "annal/log/receipt.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>

namespace annal::sqlite {

struct BackupProgress {
  enum class Step { copying, checking };
  Step step = Step::copying;
  std::uint64_t done = 0, total = 0;  // bytes while copying, positions while checking
};

struct BackupOptions {
  // A store that is at the target already is replaced once the new one is whole.
  bool replace = false;
  // Checks every page and the newest 1000 events (or 8 MiB of them), not every event.
  bool quick = false;
  std::uint64_t bytes_per_second = 0;                        // to copy at most; 0: no bound
  std::function<void(const BackupProgress&)> progress = {};  // now and then, on the caller's thread
  std::stop_token stop = {};
};

struct BackupReport {
  Receipt head;  // of the copy
  std::uint64_t bytes = 0;
};

// Copies the store as it is at one moment, between two commits, to a file that is a store itself.
// It appears at the target when it is whole, checked and on the disk; until then it is
// `<target>.part`. Others go on reading and writing. What they write meanwhile stays in the
// write-ahead log until the copy is made, so a slow copy of a busy store lets that grow.
//   returns   nothing if it was stopped; nothing is left behind then
//   throws    CannotOpen and its children for a store that cannot be read, and a target where
//             something is; CorruptionError if what was copied is damaged; StorageError
//   cost      reads and writes every page once, and reads the copy once; memory for a few pages
//   threads   any number of callers, for different targets
// Source: docs/decisions/0014-backups.md
std::optional<BackupReport> back_up(const std::filesystem::path& store,
                                    const std::filesystem::path& target,
                                    const BackupOptions& options = {});

struct CompactOptions {
  bool quick = false;                                        // as in BackupOptions
  std::function<void(const BackupProgress&)> progress = {};  // of the check
  std::stop_token stop = {};
};

struct CompactReport {
  Receipt head;
  std::uint64_t bytes_before = 0, bytes = 0;  // of the file
};

// Makes the store's file as small as what it holds, and leaves no byte in it of what was purged,
// erased or overwritten. The new file is made at `<store>.part` and takes the old one's place when
// it is whole, checked and on the disk; a crash leaves one or the other.
//   returns   nothing if it was stopped; the store is as it was then
//   throws    StoreBusy if somebody has it open for writing; as back_up
//   cost      disk for a second file; reads everything, writes what is left, and checks that
//   threads   one. Whoever reads the store meanwhile goes on with the old file until it is reopened
// Source: docs/decisions/0016-purging.md
std::optional<CompactReport> compact(const std::filesystem::path& store,
                                     const CompactOptions& options = {});

}  // namespace annal::sqlite
