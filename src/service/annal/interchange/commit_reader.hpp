// The commits of an exported log, read from its lines: each complete, and held to its hashes.
// Source: docs/reference/cloudevents.md
#pragma once

#include "annal/interchange/cloud_event.hpp"
#include "annal/interchange/stream_lines.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace annal::interchange {

// A commit as it was in the log that was exported.
struct ExportedCommit {
  std::vector<Envelope> events;  // not empty
  CommitSeal seal;

  Position first() const { return events.front().position; }
  Position last() const { return events.back().position; }
  Timestamp recorded_at() const { return events.front().recorded_at; }
};

// What the lines must begin and end with.
struct ExportBounds {
  Position from, to;       // of the first event and the last
  Hash previous, last;     // of the commit before them and of the last
  Timestamp since, until;  // when the first commit was recorded and the last
};

inline constexpr std::size_t event_line_limit =
    16 * 1024 * 1024;  // an event's MiB, every byte of it escaped

//   threads   one
class CommitReader {
 public:
  //   known     the types whose payloads can be read before a line describes them
  CommitReader(StreamLines lines, TypeBook known, std::optional<ExportBounds> bounds = {});

  // The next commit; nothing at the end of the lines.
  //   throws    InvalidInput naming line and byte for anything malformed, missing, out of order or
  //             changed, and for a type described otherwise than it is known
  std::optional<ExportedCommit> next();
  // The types described since this was asked before, but for those that were known.
  std::vector<TypeDescription> take_new_types();
  const TypeBook& types() const { return types_; }

  std::uint64_t bytes_read() const { return lines_.bytes_read(); }
  // Of the line read last, from 1.
  std::uint64_t line() const { return line_; }
  // Throws InvalidInput naming that line.
  [[noreturn]] void fail(const std::string& what, std::size_t byte = 0) const;

 private:
  std::optional<ExportedCommit> take(std::string_view line);
  void take(TypeDescription type);
  std::optional<ExportedCommit> take(CloudEvent line);
  ExportedCommit sealed(CommitSeal seal);
  void check_end() const;

  StreamLines lines_;
  const std::optional<ExportBounds> bounds_;
  std::uint64_t line_ = 1;
  TypeBook types_;
  std::vector<TypeDescription> new_types_;

  std::vector<Envelope> events_;  // of the commit under way
  std::size_t bytes_ = 0;         // of the same
  Position commit_;               // its last position
  std::optional<Position> last_;  // of the line before
  std::optional<Hash> before_;    // the hash of the commit before, if the lines hold it
  Timestamp recorded_at_;         // of the same
};

}  // namespace annal::interchange
