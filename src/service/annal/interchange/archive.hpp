// A part of a log put away: its events, compressed, in a file that can be checked, read and imported
// without the store they came from, and by zstd and any reader of JSON without annal.
//
//   std::ofstream file("2025.annal.zst", std::ios::binary);
//   annal::interchange::write_archive(store->log(), file, {.to = position});
//
// Source: docs/reference/archive-format.md
#pragma once

#include "annal/interchange/cloud_events.hpp"
#include "annal/log/event_log.hpp"

#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <vector>

namespace annal::interchange {

// What an archive says of itself before anything else. Archives of one log follow one another where
// `previous` of the one is `last` of the other.
struct ArchiveHeader {
  Position from, to;    // the first event and the last one, both in it
  Hash previous, last;  // of the commit before it, zeros if there is none; of its last commit
  Timestamp since{}, until{};  // recorded_at of its first commit and its last

  std::uint64_t events() const { return to.value - from.value + 1; }
  friend bool operator==(const ArchiveHeader&, const ArchiveHeader&) = default;
};

// Writes the events of the range, moved outwards to the bounds of their commits.
//   throws    InvalidInput for a range without events; and as export_jsonl
//   cost      as export_jsonl, and compressing
ArchiveHeader write_archive(const EventLog& log, std::ostream& out,
                            const ExportOptions& options = {});

//   threads   one
class ArchiveReader {
 public:
  // `in` must outlive it. Throws InvalidInput for what is no archive, or one of a newer format.
  explicit ArchiveReader(std::istream& in);
  ~ArchiveReader();

  const ArchiveHeader& header() const;
  // The events of the next commit, held to their hashes; nothing behind the last one.
  //   throws    InvalidInput for anything that was damaged, changed, left out or cut off
  std::optional<std::vector<Envelope>> next();
  // The types described by what was read so far.
  const std::vector<TypeDescription>& types() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Appends an archive's events as import_jsonl does those of an exported log. Archives of a whole log,
// imported one after the other into an empty store, make an identical log.
//   throws    as import_jsonl
ImportReport import_archive(Store& store, std::istream& in, const JsonlImportOptions& options = {});

}  // namespace annal::interchange
