// Copies of stores, and stores made of copies.
//
//   annal::back_up("orders.db", "/backups/orders.db");
//   annal::RestoreOptions options;
//   options.at = annal::parse_point("yesterday", now);
//   annal::restore_store("/backups/orders.db", "orders-yesterday.db", options);
//
// Guide: docs/guides/backup.md
#pragma once

#include "annal/log/point.hpp"
#include "annal/log/receipt.hpp"
#include "annal/sqlite/backup.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace annal {

using sqlite::back_up;
using sqlite::BackupOptions;
using sqlite::BackupProgress;
using sqlite::BackupReport;
using sqlite::compact;
using sqlite::CompactOptions;
using sqlite::CompactReport;

struct RestoreOptions {
  // Up to which point of the backup's history, itself included; absent: all it holds.
  std::optional<Point> at = {};
  // Now and then, on the caller's thread. With a point, positions are counted while copying.
  std::function<void(const BackupProgress&)> progress = {};
  std::stop_token stop = {};
  const Clock* clock = nullptr;      // the machine's when null
  Randomness* randomness = nullptr;  // the system's when null
};

// A subscription that had read further than the restored log goes.
struct SubscriptionTakenBack {
  std::string name;
  Position was;  // its checkpoint in the backup
};

struct RestoreReport {
  Receipt head;  // of the new store
  std::uint64_t bytes = 0;
  // What a point that lies before the backup's end makes of what is kept beside the log:
  std::vector<SubscriptionTakenBack> subscriptions;  // they go on behind the new head
  std::vector<std::string> sources;  // tracked beyond the point: their tracking is forgotten
  std::vector<std::string> spaces;   // records of other programs: derived, and not carried over
};

// Makes a new store of a backup: the same log up to the point, hash for hash, with its own rows,
// under an id of its own. It appears at its place when it is whole, checked (every event, the
// index, every document's row) and on the disk. The backup may be any store, also one that is
// written meanwhile.
//   at        without it pages are copied, and all records with them; with it the log is recorded
//             anew, document rows are made of it, and what RestoreReport tells is left out
//   returns   nothing if it was stopped; nothing is left behind then
//   throws    UnknownPoint for a point outside the backup's history; InvalidInput for one inside of
//             a commit, or before the horizon of what was purged; CannotOpen and its children, also
//             where something is at the place;
//             CorruptionError if the backup is damaged; StorageError
//   cost      without a point as back_up; with one as an import of that log
// Source: docs/decisions/0014-backups.md
std::optional<RestoreReport> restore_store(const std::filesystem::path& backup,
                                           const std::filesystem::path& store,
                                           const RestoreOptions& options = {});

}  // namespace annal
