// Aggregates out of the log and back: loads a state from its newest snapshot and the events since,
// runs a command on it, appends what was decided, and tries again when somebody else was faster.
//
//   annal::Repository<Counter> counters(log, catalogue);
//   auto outcome = counters.execute("visits", Counter::Add{3});
//   int total = counters.load("visits").state.total;
#pragma once

#include "annal/aggregate/contract.hpp"
#include "annal/aggregate/events.hpp"
#include "annal/aggregate/snapshot.hpp"
#include "annal/aggregate/snapshot_taker.hpp"
#include "annal/log/event_log.hpp"
#include "annal/log/point.hpp"
#include "annal/log/recently_used.hpp"
#include "annal/time/monotonic.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace annal {

// A snapshot is due after a command when so many events have happened since the newest one, or when
// loading the state took so long.
struct RepositoryOptions {
  std::uint64_t snapshot_every = snapshots::every;  // events; 0: no snapshots are made or read
  std::optional<std::chrono::microseconds> snapshot_after =
      {};                                 // of loading; absent: whatever it is
  const MonotonicClock* clock = nullptr;  // what measures that; the machine's when null
  std::size_t attempts = 16;              // of one command, while others are faster
  const Bus* bus = nullptr;               // whose middleware and control see the events first
};

// An aggregate as it is, or was.
template <Aggregate A>
struct Loaded {
  typename A::State state{};
  Version version;    // 0: nothing has happened to it
  Position position;  // of its newest event
  std::uint64_t events_read = 0;
  std::optional<Version> snapshot;  // the one it was built upon
  std::chrono::nanoseconds cost{};  // of reading and folding
};

struct ExecuteOptions {
  ExpectedVersion expected = ExpectedVersion::any();
  std::optional<std::string> idempotency_key;
  // What makes two requests with one key the same: a hash of the command. Goes with every key.
  std::optional<Hash> request_hash;
  std::optional<Timestamp> occurred_at;
  std::string source;
  std::string correlation_id;
  std::string causation_id;
  std::vector<std::string> tags;
  Metadata metadata;
};

// The command was carried out.
template <Aggregate A>
struct Executed {
  typename A::State state{};  // afterwards; as it is now if the request was replayed
  std::vector<typename A::Event>
      events;  // none if there was nothing to do, or the request was replayed
  Version version;
  std::optional<Appended> appended;  // absent if there was nothing to do
};

template <Aggregate A>
using ExecuteOutcome = std::variant<Executed<A>, typename A::Refusal, Rejected, Unknown>;

struct RepositoryStatistics {
  std::uint64_t events_read = 0;
  std::uint64_t snapshots_used = 0;
  std::uint64_t snapshots_ignored = 0;  // of other code, or damaged
  std::uint64_t snapshots_taken = 0;
  std::uint64_t retries = 0;  // of commands, because somebody else was faster
};

// Snapshots need the log to be opened with snapshots::declaration(). A state is kept with its
// `serialize`, or by A::encode_state(state) and A::decode_state(bytes, stamp) where the aggregate
// has them; they are taken on a thread of the repository's own, and no command waits for one. Names
// given to a repository are what follows `kind/` in the stream.
//   threads   every member: any number of callers; log and catalogue must outlive it
//   throws    StorageError, CorruptionError; DecodeError for an event of one of the aggregate's
//             types that does not decode, DataPurged for one that is a stub and no snapshot covers
template <Aggregate A>
class Repository {
 public:
  Repository(EventLog& log, const Catalogue& catalogue, RepositoryOptions options = {})
      : log_(log),
        catalogue_(catalogue),
        options_(options),
        clock_(options.clock ? *options.clock : monotonic_clock()),
        taker_(log) {}

  static std::string stream_of(std::string_view name) {
    return std::string(A::kind) + '/' + std::string(name);
  }

  // As it is now.
  //   cost      one look-up and the events since the newest snapshot
  Loaded<A> load(std::string_view name) const {
    return fold(stream_of(name), log_.stream_version(stream_of(name)));
  }

  // As it was right after the version.
  //   throws    UnknownPoint if it has not come so far
  Loaded<A> load_at(std::string_view name, Version version) const {
    const auto stream = stream_of(name);
    resolve(AtVersion{version}, log_, stream);
    return fold(stream, version);
  }

  // As it was when the log's head was the position.
  //   throws    UnknownPoint beyond the head
  Loaded<A> load_at(std::string_view name, Position position) const {
    resolve(AtPosition{position}, log_);
    ReadRequest request;
    request.query = Query::of_stream(stream_of(name));
    request.direction = Direction::backwards;
    request.to = position;
    request.limit = 1;
    const auto page = log_.read(request);
    return fold(*request.query.only_stream(),
                page.events.empty() ? Version{} : page.events.front().version);
  }

  // Loads, decides, asks middleware and control about the events, appends them on the condition that nothing else
  // has happened meanwhile; if it has, starts over, a bounded number of times.
  ExecuteOutcome<A> execute(std::string_view name, const typename A::Command& command,
                            const ExecuteOptions& options = {}) {
    const auto stream = stream_of(name);
    for (std::size_t attempt = 1;; ++attempt) {
      if (auto earlier = earlier_outcome(stream, options)) return std::move(*earlier);
      auto outcome = attempt_once(stream, command, options);
      if (lost_a_race(outcome, options) && attempt < options_.attempts) {
        ++retries_;
        continue;
      }
      // What it was judged by may be what this very request, sent twice, has made meanwhile.
      if (!may_have_been_made(outcome))
        if (auto earlier = earlier_outcome(stream, options)) return std::move(*earlier);
      return outcome;
    }
  }

  RepositoryStatistics statistics() const {
    return {events_read_, snapshots_used_, snapshots_ignored_, taker_.taken(), retries_};
  }

  // Waits until the snapshots that were due have been taken.
  void settle() { taker_.settle(); }

 private:
  static snapshots::Maker maker() { return {std::string(A::kind), A::state_schema, A::reducer}; }

  static std::string encode_state(const typename A::State& state) {
    if constexpr (requires { A::encode_state(state); })
      return A::encode_state(state);
    else
      return annal::encode(state);
  }

  static typename A::State decode_state(std::string_view bytes, Timestamp stamp) {
    if constexpr (requires { A::decode_state(bytes, stamp); })
      return A::decode_state(bytes, stamp);
    else
      return annal::decode<typename A::State>(bytes);
  }

  // The state of the stream at a version, which it has reached.
  Loaded<A> fold(const std::string& stream, Version version) const {
    Loaded<A> loaded;
    const auto begun = clock_.reading();
    if (options_.snapshot_every > 0 &&
        (version.value >= options_.snapshot_every || options_.snapshot_after))
      start_from_snapshot(stream, version, loaded);
    while (loaded.version < version) {
      ReadRequest request;
      request.query = Query::of_stream(stream);
      request.from_version = next(loaded.version);
      request.to_version = version;
      const auto page = log_.read(request);
      if (page.events.empty()) break;
      for (const auto& event : page.events) apply(event, loaded);
    }
    loaded.cost = clock_.reading() - begun;
    events_read_ += loaded.events_read;
    return loaded;
  }

  void start_from_snapshot(const std::string& stream, Version up_to, Loaded<A>& loaded) const {
    while (auto found = snapshots::newest(log_, stream, up_to, maker(),
                                          [this](const std::string&) { ++snapshots_ignored_; })) {
      try {
        loaded.state = decode_state(found->state, found->stamp);
      } catch (const DecodeError&) {
        ++snapshots_ignored_;
        up_to = {found->version.value - 1};
        continue;
      }
      loaded.snapshot = loaded.version = found->version;
      loaded.position = found->position;
      ++snapshots_used_;
      return;
    }
  }

  // An event of a type the aggregate does not know changes nothing but the version.
  void apply(const Envelope& event, Loaded<A>& loaded) const {
    if (const auto known = unwrap_event<A>(catalogue_, event))
      A::evolve(loaded.state, *known, {event.version, event.position, event.recorded_at});
    loaded.version = event.version;
    loaded.position = event.position;
    ++loaded.events_read;
  }

  std::optional<ExecuteOutcome<A>> earlier_outcome(const std::string& stream,
                                                   const ExecuteOptions& options) const {
    if (!options.idempotency_key) return std::nullopt;
    if (!options.request_hash)
      throw InvalidInput("the idempotency key " + *options.idempotency_key +
                         " comes without a request_hash: give a hash of the command");
    const auto earlier = log_.find_commit(*options.idempotency_key);
    if (!earlier) return std::nullopt;
    if (earlier->request_hash != options.request_hash)
      return Rejected{IdempotencyMismatch{*options.idempotency_key, earlier->outcome.last}};
    Executed<A> executed;
    executed.state = fold(stream, log_.stream_version(stream)).state;
    executed.version = earlier->outcome.version;
    executed.appended = earlier->outcome;
    executed.appended->replayed = true;
    return executed;
  }

  ExecuteOutcome<A> attempt_once(const std::string& stream, const typename A::Command& command,
                                 const ExecuteOptions& options) {
    auto loaded = fold(stream, log_.stream_version(stream));
    if (!options.expected.holds(loaded.version))
      return Rejected{VersionConflict{stream, options.expected, loaded.version}};
    auto decision = A::decide(loaded.state, command);
    if (!decision.accepted()) return decision.refusal();
    if (decision.events().empty()) return Executed<A>{loaded.state, {}, loaded.version, {}};
    auto admitted = admit(stream, decision.events(), options);
    if (auto* rejected = std::get_if<Rejected>(&admitted)) return std::move(*rejected);
    return append(stream, std::move(loaded), std::get<0>(std::move(admitted)), options);
  }

  std::variant<std::vector<AdmittedEvent<A>>, Rejected> admit(
      const std::string& stream, const std::vector<typename A::Event>& events,
      const ExecuteOptions& options) const {
    Envelope about;
    about.stream = stream;
    about.occurred_at = options.occurred_at;
    about.source = options.source;
    about.correlation_id = options.correlation_id;
    about.causation_id = options.causation_id;
    about.tags = options.tags;
    about.metadata = options.metadata;
    return admit_events<A>(options_.bus, catalogue_, events, about);
  }

  ExecuteOutcome<A> append(const std::string& stream, Loaded<A> loaded,
                           std::vector<AdmittedEvent<A>> admitted, const ExecuteOptions& options) {
    Commit commit;
    commit.conditions.push_back({stream, ExpectedVersion::exactly(loaded.version)});
    commit.idempotency_key = options.idempotency_key;
    if (options.idempotency_key) commit.request_hash = *options.request_hash;
    for (const auto& event : admitted) commit.events.push_back(event.envelope);
    auto outcome = log_.append(std::move(commit));
    if (auto* rejected = std::get_if<Rejected>(&outcome)) return std::move(*rejected);
    if (auto* unknown = std::get_if<Unknown>(&outcome)) return std::move(*unknown);
    const auto& appended = std::get<Appended>(outcome);
    // The same request was under way elsewhere and came first.
    if (appended.replayed)
      if (auto earlier = earlier_outcome(stream, options)) return std::move(*earlier);
    const Version base = loaded.snapshot.value_or(Version{});
    const auto cost = loaded.cost;
    auto result = executed(std::move(loaded), std::move(admitted), appended);
    try {
      if (is_snapshot_due(stream, base, cost, result.version)) take_snapshot(stream, result);
    } catch (...) {
      // The command is recorded, and a snapshot a cache: it is done without.
    }
    return result;
  }

  //   base      the snapshot the state was built upon
  bool is_snapshot_due(const std::string& stream, Version base, std::chrono::nanoseconds cost,
                       Version version) {
    if (options_.snapshot_every == 0) return false;
    const bool many = version.value - base.value >= options_.snapshot_every;
    if (!many && !(options_.snapshot_after && cost >= *options_.snapshot_after)) return false;
    std::lock_guard lock(asked_mutex_);
    const Version* const asked = asked_.find(stream);
    // One that was asked for may be under way; if it never comes another is due in its time.
    return !asked || *asked <= base || version.value >= asked->value + options_.snapshot_every;
  }

  void take_snapshot(const std::string& stream, const Executed<A>& executed) {
    const bool taken = taker_.take([stream, state = executed.state, version = executed.version,
                                    position = executed.appended->last] {
      return snapshots::keep(stream, maker(),
                             {version, encode_state(state), position, Timestamp{}});
    });
    if (!taken) return;
    std::lock_guard lock(asked_mutex_);
    asked_.put(stream, executed.version);
  }

  static Executed<A> executed(Loaded<A> loaded, std::vector<AdmittedEvent<A>> admitted,
                              const Appended& appended) {
    Executed<A> result;
    result.state = std::move(loaded.state);
    result.version = loaded.version;
    result.appended = appended;
    Position position = appended.first;
    for (auto& event : admitted) {
      result.version = next(result.version);
      A::evolve(result.state, event.event, {result.version, position, appended.recorded_at});
      position = next(position);
      result.events.push_back(std::move(event.event));
    }
    return result;
  }

  static bool may_have_been_made(const ExecuteOutcome<A>& outcome) {
    const auto* executed = std::get_if<Executed<A>>(&outcome);
    return std::holds_alternative<Unknown>(outcome) || (executed && executed->appended);
  }

  static bool lost_a_race(const ExecuteOutcome<A>& outcome, const ExecuteOptions& options) {
    const auto* rejected = std::get_if<Rejected>(&outcome);
    const auto* conflict = rejected ? std::get_if<VersionConflict>(&rejected->reason) : nullptr;
    // What the caller expected still holds: it is only our own reading that was out of date.
    return conflict && options.expected.holds(conflict->actual);
  }

  EventLog& log_;
  const Catalogue& catalogue_;
  RepositoryOptions options_;
  const MonotonicClock& clock_;
  std::mutex asked_mutex_;
  RecentlyUsed<std::string, Version> asked_{4096};  // by stream, the newest snapshot asked for
  mutable std::atomic<std::uint64_t> events_read_{0};
  mutable std::atomic<std::uint64_t> snapshots_used_{0};
  mutable std::atomic<std::uint64_t> snapshots_ignored_{0};
  std::atomic<std::uint64_t> retries_{0};
  SnapshotTaker taker_;  // last: its thread ends first
};

}  // namespace annal
