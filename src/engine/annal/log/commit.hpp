// What is asked of the log in one append, and what the log answers.
#pragma once

#include "annal/event/envelope.hpp"
#include "annal/log/query.hpp"
#include "annal/log/space.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace annal {

// The largest things a log takes. Everything larger is refused before any I/O.
namespace limits {
inline constexpr std::size_t event_bytes = 1024 * 1024;       // data and metadata of one event
inline constexpr std::size_t commit_bytes = 8 * 1024 * 1024;  // events and records of one commit
inline constexpr std::size_t commit_events = 1000;
inline constexpr std::size_t commit_records = 4096;
inline constexpr std::size_t commit_purges = 4096;
inline constexpr std::size_t commit_spaces = 64;  // that come, go or are renamed in one commit
inline constexpr std::size_t stream_bytes = 1024;
inline constexpr std::size_t name_bytes = 256;  // source, tag, metadata key
inline constexpr std::size_t event_tags = 32;
inline constexpr std::size_t query_conditions = 32;        // of one commit
inline constexpr std::size_t query_items = 32;             // of one of them
inline constexpr std::size_t idempotency_key_bytes = 128;  // visible ASCII
inline constexpr std::size_t record_key_bytes = 1024;      // without its space
inline constexpr std::size_t record_bytes = 2 * 1024 * 1024;
inline constexpr std::size_t page_bytes = 8 * 1024 * 1024;  // of a page, and one thing more
}  // namespace limits

// What a stream must look like for the commit to happen.
class ExpectedVersion {
 public:
  static ExpectedVersion any() { return ExpectedVersion(Kind::any, {}); }
  static ExpectedVersion none() { return ExpectedVersion(Kind::none, {}); }      // no event yet
  static ExpectedVersion exists() { return ExpectedVersion(Kind::exists, {}); }  // at least one
  static ExpectedVersion exactly(Version version) { return ExpectedVersion(Kind::exact, version); }

  bool holds(Version actual) const;
  std::string to_string() const;  // "version 7", "no stream", "an existing stream", "any version"

 private:
  enum class Kind { any, none, exists, exact };
  ExpectedVersion(Kind kind, Version version) : kind_(kind), version_(version) {}
  Kind kind_;
  Version version_;
};

struct StreamCondition {
  std::string stream;
  ExpectedVersion expected;
};

// No event recorded after the position may match the query: what was decided on the events up to
// there still stands.
struct QueryCondition {
  Query query;
  Position after;
};

// A record: bytes under a key in a named space, derived from events and changed in their commit.
// Columns are those that the space declares.
struct Record {
  std::string key;
  std::string value;
  Columns columns;
  Position derived_at;       // the last event the value depends on
  Timestamp derived_time{};  // that event's recorded_at
};

// Puts a record, or erases it when value is absent.
struct RecordChange {
  std::string space;
  std::string key;                   // at most 1024 bytes
  std::optional<std::string> value;  // at most 2 MiB, texts in columns included
  Columns columns;                   // every column its space declares
  // The derived_at the record must still have; position 0: it must not exist.
  // Absent: whatever it is.
  std::optional<Position> expected;
  // Absent: derived from this commit's last event.
  std::optional<Position> derived_at;
};

enum class Durability : std::uint8_t {
  ephemeral = 0,  // in memory: gone with the process
  process = 1,    // with the operating system: survives the process, and 100 ms later the power
  power = 2,      // fsync returned: survives power loss
};
std::string_view to_string(Durability durability);

// How far a source, another log or a queue of messages, has been processed by what this commit
// records: kept in the same commit, so that nothing of the source is processed twice.
struct Tracking {
  std::string source;  // 1–256 bytes
  Position position;   // in the source; must be beyond what was tracked before
};

// An earlier event whose data and metadata go for ever.
struct Purging {
  Position position;
  std::uint8_t note = 0;  // stays with the stub
};

// One append request, all or nothing. Pure data; sizes are bounded by annal::limits.
struct Commit {
  std::vector<Envelope> events;  // of one stream or several; may be empty if anything else is not
  std::vector<StreamCondition> conditions;       // also on streams not written to
  std::vector<QueryCondition> query_conditions;  // at most 32
  std::vector<RecordChange> records;
  std::vector<SpaceChange> spaces;  // in this order; none that `records` are in
  std::optional<Tracking> tracking;
  // Each event once; stubs may be among them and stay what they are. Guide: docs/guides/retention.md
  std::vector<Purging> purges;                 // at most 4096
  std::optional<std::string> idempotency_key;  // 1–128 visible ASCII characters
  // What makes two requests with one key the same request;
  // by default hash_of_request.
  std::optional<Hash> request_hash;
  // What the answer waits for: power, or process, which loses at most the newest commits, and those
  // only with the power. A log in memory is ephemeral whatever is asked.
  Durability durability = Durability::power;
  // For imports: the time to record, clamped to between the last one + 1 µs and now.
  std::optional<Timestamp> recorded_at;
};

// The request_hash of a commit that comes without one: over what its events say and its conditions,
// not over what differs between two tries of one request (ids, salts, correlation, depth, records).
Hash hash_of_request(const Commit& commit);

// What counts towards the limits: the events' bytes, the records' values and texts.
std::size_t bytes_of(const Commit& commit);

// The commit is in the log.
struct Appended {
  Position first;   // of its first event; position after the head if it held none
  Position last;    // of its last event; the head if it held none
  Version version;  // of its last event in that event's stream
  Timestamp recorded_at{};
  Durability durability = Durability::power;
  Hash hash;              // commit_hash; of the newest commit if it held no events
  bool replayed = false;  // the idempotency key had been used: this was recorded the first time
  bool clamped = false;   // recorded_at is not the one asked for
};

struct VersionConflict {
  std::string stream;
  ExpectedVersion expected;
  Version actual;
};
struct QueryConflict {
  Query query;
  Position after;
  std::vector<Position> found;  // the first 16 that match
};
struct RecordConflict {
  std::string space, key;
  Position expected, actual;
};
struct TrackingConflict {
  std::string source;
  Position asked, tracked;
};
struct IdempotencyMismatch {
  std::string key;
  Position first_used_at;
};
struct TooLarge {
  std::string what;
  std::uint64_t size, limit;
};
struct Malformed {
  std::string what;
};  // a name, tag, key or commit no log could take
struct Busy {
  std::size_t queued;
};  // the queue is full: try again later
struct DiskFull {
  std::string what;
};
struct Vetoed {
  std::string by, reason;
  bool failed = false;   // it threw: a fault, and no decision
  bool skipped = false;  // control's SKIP: nothing was wrong, and nothing is to happen
};                       // middleware or a control handler said no
struct Closed {
  std::string why;
};  // the store is closed, read-only or has failed

// Certainly not applied, now or later.
struct Rejected {
  std::variant<VersionConflict, QueryConflict, TrackingConflict, RecordConflict,
               IdempotencyMismatch, TooLarge, Malformed, Busy, DiskFull, Vetoed, Closed>
      reason;
  std::string message() const;  // one line naming the thing, the value and the remedy
};

// What is said where there may be no memory to say more: so short a text needs none.
inline Rejected out_of_memory() { return Rejected{Closed{"out of memory"}}; }

// The commit may or may not be in the log. Ask again with the same idempotency key.
struct Unknown {
  std::string what;
};

using AppendOutcome = std::variant<Appended, Rejected, Unknown>;

// The hash that seals a commit: the previous commit's hash, its recorded_at, and position, version
// and hash of each event. Source: docs/reference/file-format.md
Hash commit_hash(const Hash& previous, Timestamp recorded_at, const std::vector<Envelope>& events);

}  // namespace annal
