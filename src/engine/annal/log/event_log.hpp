// The port to the log: append-only, one order for everybody. Adapters: annal/sqlite, annal/memory.
//
//   auto log = annal::memory::open();
//   annal::Commit commit;
//   commit.events.push_back(event);
//   auto outcome = log->append(std::move(commit));
//   annal::Page page = log->read({.query = annal::Query::of_stream("document/orders/7")});
#pragma once

#include "annal/event/catalogue.hpp"
#include "annal/event/topic.hpp"
#include "annal/log/commit.hpp"

#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace annal {

enum class Direction { forwards, backwards };

// A page of events. Bounds are inclusive; a bound not given is the end of the log on that side.
struct ReadRequest {
  Query query = {};
  Direction direction = Direction::forwards;
  std::optional<Position> from = {}, to = {};       // lowest and highest position
  std::optional<Timestamp> since = {}, until = {};  // earliest and latest recorded_at
  std::optional<Version> from_version = {},
                         to_version = {};  // only where the query is of one stream
  std::optional<std::string> source = {};  // whose events; those of others are read and passed over
  std::size_t limit = 256;                 // 1–4096 events

  // Whether the query and the source mean an event that lies within the bounds.
  bool means(const Envelope& event) const {
    return query.matches(event) && (!source || *source == event.source);
  }
};

// At most `limit` events and about 8 MiB of them, whichever comes first.
struct Page {
  std::vector<Envelope> events;  // in the order asked for
  Position head;                 // the log's head when it was read
  bool more = false;             // there are further events in that direction
};

// Records in key order (bytewise), those with the given prefix.
struct RecordRequest {
  std::string space;
  std::string prefix = {};
  std::optional<std::string> after = {};  // keys beyond this one in the direction asked for
  std::optional<std::string> to = {};     // and not beyond this one, itself included
  Columns where = {};                     // indexed columns equal to these
  Direction direction = Direction::forwards;
  std::size_t limit = 256;  // 1–4096
};

// At most `limit` records and about 8 MiB of them, whichever comes first.
struct RecordPage {
  std::vector<Record> records;
  Position head;  // the log's head when they were read
  bool more = false;
};

// A commit found by its idempotency key.
struct KeyedCommit {
  Appended outcome;
  Hash request_hash;

  // What another commit under the key is answered, which is not recorded.
  AppendOutcome answer(const Commit& again) const;
};

// What the log knows of a commit from its last event.
struct CommitInfo {
  Position first, last;
  Timestamp recorded_at{};
  Hash hash;
  std::optional<std::string> idempotency_key;
  std::optional<Hash> request_hash;
};

// What a full check of the log found.
struct Verification {
  Position head;
  std::uint64_t commits = 0;
  Hash head_hash;                   // of the newest commit: keep it, and the log can be held to it
  std::vector<std::string> faults;  // empty: everything is as it was recorded
  std::vector<Position> damaged;    // where, as far as a position can be named
  std::vector<std::uint32_t> damaged_pages;  // of the store's file, counted from 1
};

// What looking the store over in the background has come to since it was opened.
struct Scrubbed {
  std::uint64_t passes = 0;                  // over everything
  std::uint64_t bytes = 0;                   // read so far
  std::optional<Timestamp> finished_at;      // the newest pass
  std::vector<std::uint32_t> damaged_pages;  // of the store's file; the first 1000 found
  std::vector<Position> damaged;             // likewise
  bool clean() const { return damaged_pages.empty() && damaged.empty(); }
};

struct LogStatistics {
  Position head;
  std::uint64_t streams = 0, types = 0, bytes = 0, wal_bytes = 0;
  std::uint64_t commits = 0, groups = 0;    // since it was opened
  std::uint64_t queued = 0, unindexed = 0;  // requests waiting; events not yet in the index
  std::chrono::microseconds sync_p50{}, sync_p99{};  // of the newest 1024 group commits
  std::uint64_t group_p50 = 0, group_p99 = 0;        // requests in each of these groups
  std::uint64_t record_reads = 0, record_hits = 0;   // by key; hits needed no look at the disk
  std::chrono::microseconds oldest_reader{};   // how long the oldest read of this process has taken
  Timestamp recorded_at{};                     // of the newest commit
  std::chrono::microseconds ahead_of_clock{};  // that is; zero unless the clock went back
  std::uint64_t clock_jumps = 0;               // of more than a day ahead, since it was opened
  Position clock_jumped_after;                 // the newest event before the last of them
  Position durable;                            // everything up to here survives power loss
  Durability durability = Durability::power;
  bool read_only = false;
  std::uint64_t dictionaries = 0;  // to compress data with; the log's, used or not
  // Data handed over since the log was opened with compression, refused or not: before and after it.
  std::uint64_t payload_bytes = 0, packed_bytes = 0;
  Scrubbed scrubbed;
};

// Called once with the outcome: on a thread of the log's that is not its writer, or by submit itself
// for a commit that never reaches the writer.
using Completion = std::function<void(AppendOutcome)>;

//   threads   every member: any number of callers
class EventLog {
 public:
  virtual ~EventLog() = default;

  // Hands the commit to the writer.
  //   completion  runs once, and before this returns if the commit is refused at once: as malformed
  //               or too large, by a full queue (Rejected{Busy}) or a closed log; must not throw
  //   cost        the event hashes are computed here, on the caller's thread
  virtual void submit(Commit commit, Completion completion) = 0;

  // Appends all or nothing; returns once it is as durable as the log promises, or refused.
  //   cost      one position an event; one fsync shared with whoever else is appending
  virtual AppendOutcome append(Commit commit);
  std::future<AppendOutcome> append_async(Commit commit);

  // The page is one snapshot of the log, and says of which head.
  // Every event's hash has been checked.
  //   throws    CorruptionError naming the positions, InvalidInput for a limit out of bounds
  virtual Page read(const ReadRequest& request) const = 0;
  virtual std::optional<Envelope> event_at(Position position) const = 0;
  // The newest version of a stream; 0 if there is none.
  virtual Version stream_version(std::string_view stream) const = 0;
  virtual Position head() const = 0;
  // Everything up to here survives power loss, or is as durable as it will ever be. Where another
  // process writes, the head.
  virtual Position durable_position() const = 0;
  // The last position recorded at or before the time; 0 if that is before the first event.
  //   cost      O(log n) look-ups
  virtual Position position_at(Timestamp time) const = 0;
  // The commit that holds the position. Throws InvalidInput if there is none.
  virtual CommitInfo commit_at(Position position) const = 0;
  virtual std::optional<KeyedCommit> find_commit(std::string_view idempotency_key) const = 0;

  virtual std::optional<Record> record(std::string_view space, std::string_view key) const = 0;
  virtual RecordPage records(const RecordRequest& request) const = 0;
  // How far commits have tracked the source; 0 if none has.
  Position tracked(std::string_view source) const;

  // Waits until the head is at least `position`.
  //   returns   the head then, or when the time is up or it is asked to stop
  virtual Position wait_for(Position position, std::chrono::milliseconds timeout,
                            std::stop_token stop = {}) const = 0;

  // Every type ever declared to this log, from whichever program.
  virtual std::vector<TypeDescription> type_descriptions() const = 0;
  // Throws InvalidInput for a description nobody could read again.
  virtual void declare_types(const std::vector<TypeDescription>& types) = 0;

  // Reads everything: hashes, chain, positions, versions, indexes.
  //   progress  called now and then with the position reached, 0 before the first event
  virtual Verification verify(const std::function<void(Position)>& progress = {}) const = 0;
  virtual LogStatistics statistics() const = 0;
  virtual Durability durability() const = 0;
  // Why the log has stopped and takes no commit until it is opened again; empty while it does.
  //   cost      none to speak of
  virtual std::string failure() const { return {}; }
  // What looking the store over has found, without counting anything else.
  //   cost      a copy
  virtual Scrubbed scrubbed() const { return {}; }
};

// Spaces whose names begin so are annal's own: every log has them, and nobody declares them.
inline constexpr std::string_view own_spaces_prefix = "annal_";
const SpaceDeclaration& tracking_space();      // changed by `Commit::tracking` alone
const SpaceDeclaration& subscription_space();  // checkpoints, by the subscriptions' names
const SpaceDeclaration& parked_space();        // what subscriptions put aside
const SpaceDeclaration& projection_space();    // checkpoints of projections
const SpaceDeclaration& purging_space();       // how far purging has gone
const SpaceDeclaration& space_space();  // layouts of spaces that came later; by `Commit::spaces`
// What was said at or before this position may have been purged where later events say it again; 0:
// nothing has been, unless it was before the events were imported.
Position history_horizon(const EventLog& log);
RecordChange horizon_at(Position position);
// How far a record of the tracking space says its source was tracked.
Position tracked_in(const Record& record);
// The spaces asked for and annal's own.
std::vector<SpaceDeclaration> with_own_spaces(std::vector<SpaceDeclaration> spaces);

// Throw InvalidInput for a request no log answers. For adapters.
void check(const ReadRequest& request);
void check(const RecordRequest& request, const SpaceDeclaration& space);

// The request with its times turned into positions.
//   last_at   the last position recorded at or before a time
ReadRequest with_positions(ReadRequest request, const std::function<Position(Timestamp)>& last_at);

// What the log does with a commit before it is queued: checks every limit and name, fills in ids
// and salts, and computes event hashes and the request hash. For adapters.
//   returns   the reason if no log could take the commit, or there is no memory to look at it
std::optional<Rejected> prepare(Commit& commit, UlidGenerator& ids, Randomness& randomness);

}  // namespace annal
