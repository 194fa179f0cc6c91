// How a bus records what is published: for which types, how surely, and into what.
#pragma once

#include "annal/error.hpp"
#include "annal/log/commit.hpp"
#include "annal/log/event_log.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace annal {

enum class Recording : std::uint8_t {
  none,         // transient: told, never recorded
  best_effort,  // where it cannot be recorded, it is told all the same, at position and version 0, and
  // `warning.raised` says so; what no log ever takes is refused as if it were required
  required  // where it cannot be recorded, it is not told, and NotRecorded is thrown
};

// What becomes of published events of some types.
struct RecordingPolicy {
  Recording recording = Recording::none;
  Durability durability = Durability::power;  // that publish waits for
  // Events published without waiting are recorded together, as many as wait, in one commit: fewer
  // commits; one that no log takes spoils those beside it.
  bool batched = false;
  // Consecutive events of one type and stream that come within this time of the first go out as one,
  // when it is over, or before another event of the stream: the last of them, with their number in its
  // metadata as `coalesced`. Not for what is required: publish returns before. Of more streams than
  // BusOptions::backlog_events nothing is held back, nor is what comes with an id and may be known.
  // Events appended to the log directly let nothing go. Where it is recorded, it may be told after a
  // transient event that came behind it: the dispatcher tells it.
  std::optional<std::chrono::milliseconds> coalesce_within = std::nullopt;
};

// Where a bus records, and who tells it what was recorded. Where nobody knows whether an event was
// recorded (Unknown), best_effort tells it all the same, and the dispatcher once more if it was; a dead
// letter of it that is handed over again may be recorded a second time.
//   threads   every member: any number of callers
class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual AppendOutcome record(Commit commit) = 0;
  // Waits until the bus has told everything up to the position.
  //   returns   false if the time is up before
  virtual bool wait_until_told(Position position, std::chrono::milliseconds timeout) = 0;
  // What was recorded: for observers that read again what they had no room for.
  virtual const EventLog& log() const = 0;
};

// An event that must be recorded was not, or nobody knows: `outcome` is what the log said.
class NotRecorded : public Error {
 public:
  NotRecorded(const std::string& what, AppendOutcome said)
      : Error(what), outcome(std::move(said)) {}
  AppendOutcome outcome;
};

}  // namespace annal
