// The log as CloudEvents 1.0, one JSON object a line, and back.
//
//   std::ofstream file("events.jsonl");
//   annal::interchange::export_jsonl(store->log(), file);
//
// The attributes are described in docs/reference/cloudevents.md.
#pragma once

#include "annal/interchange/report.hpp"
#include "annal/log/event_log.hpp"
#include "annal/service/store.hpp"

#include <functional>
#include <istream>
#include <optional>
#include <ostream>

namespace annal::interchange {

struct ExportProgress {
  std::uint64_t events = 0;
  Position position, last;  // where it is, and where it will end
};

struct ExportOptions {
  // Lowest and highest position, moved outwards to the bounds of their commits;
  // absent: all there is.
  std::optional<Position> from, to;
  std::function<void(const ExportProgress&)> progress;  // now and then, on the caller's thread
};

// Writes the types the log knows, then its events in order.
//   throws    InvalidInput if `from` lies beyond the head or beyond `to`, StorageError if the
//             stream cannot be written, CorruptionError if an event is not what was recorded
//   cost      one page of events in memory
ExportReport export_jsonl(const EventLog& log, std::ostream& out,
                          const ExportOptions& options = {});

struct JsonlImportOptions {
  std::function<void(const ImportProgress&)> progress;  // now and then, on the caller's thread
};

// Appends the events of an exported log, commit by commit, with the document rows that follow from
// them. A store that is empty, or holds the beginning of that very log, gets an identical log:
// positions, times, idempotency keys, hashes. Another store gets them appended: recorded_at goes
// on, occurred_at tells the original time, and the key `jsonl:<commit hash>` keeps a commit from
// being appended twice.
//   throws    InvalidInput naming line and byte for anything malformed, missing or changed (every
//             event is held to its hash); ImportStopped. Commits before are there; nothing of the
//             bad one is
//   cost      memory for one commit and those on their way to the log
ImportReport import_jsonl(Store& store, std::istream& in, const JsonlImportOptions& options = {});

}  // namespace annal::interchange
