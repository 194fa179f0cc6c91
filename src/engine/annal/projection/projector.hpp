// Keeps the rows of a projection up to date: they and the checkpoint are in one commit, so that each
// event is in them once, whatever happens.
//
//   annal::Projector projector(log, visits);
//   projector.wait_until(appended.last, std::chrono::seconds(5));
//   auto row = log.record("visits", "page/start");
#pragma once

#include "annal/log/retry.hpp"
#include "annal/owned_here.hpp"
#include "annal/projection/comparison.hpp"
#include "annal/projection/projection.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>

namespace annal {

struct ProjectorStatus {
  enum class State {
    catching_up,
    live,
    outdated,  // the rows are of another version of the code and stay as they are: rebuild()
    halted,    // an event cannot be folded, or somebody else keeps the rows: resume()
    closed
  };
  State state = State::catching_up;
  Position checkpoint;                 // this and everything before it is in the rows
  Position head;                       // of the log
  std::uint32_t version = 0;           // of the code that made the rows
  std::uint64_t generation = 0;        // how often they were begun anew
  std::uint64_t folded = 0;            // events, since it was opened
  std::uint64_t failures = 0;          // likewise
  std::optional<Position> unfinished;  // how far a rebuild is that runs, or was broken off
  std::string failure;  // why it is outdated or halted, or cannot use the log just now

  std::uint64_t lag() const { return head.value - checkpoint.value; }
};

struct RebuildOptions {
  bool compare = false;  // the new rows with an independent fold, before readers see them
  std::function<void(Position reached, Position head)> progress = {};  // after every page of events
  std::stop_token stop = {};
};

// Readers see the new rows, and the old ones are gone.
struct Rebuilt {
  Position checkpoint;
  std::uint64_t generation = 0;
};
// It was stopped; the next rebuild goes on there.
struct RebuildStopped {
  Position reached;
};
// The new rows were not what the independent fold made; they are gone, readers see the old ones.
struct RebuildDiffers {
  ProjectionComparison comparison;
};
using RebuildOutcome = std::variant<Rebuilt, RebuildStopped, RebuildDiffers>;

//   threads   every member: any number of callers
// Source: docs/decisions/0015-projections-in-the-log.md
class Projector {
 public:
  // Makes the projection's spaces the first time.
  //   log       must outlive the projector
  //   retry     of an event that cannot be folded; then it halts, for rows that leave an event out
  //             are not what the log says
  //   throws    InvalidInput for a projection nobody can keep; ConfigurationError if its name is open
  //             already, or one of its spaces is there already and not its own; CorruptionError if
  //             the checkpoint is ahead of the log, which has then lost events; StorageError
  Projector(EventLog& log, Projection projection, RetryPolicy retry = {});
  ~Projector();
  Projector(const Projector&) = delete;
  Projector& operator=(const Projector&) = delete;

  ProjectorStatus status() const;
  // Waits until the rows hold everything up to the position.
  //   returns   false if the time is up, or it is outdated, halted or closed
  bool wait_until(Position position, std::chrono::milliseconds timeout) const;
  // Goes on after a halt, with the event that failed.
  void resume();

  // Makes all rows anew beside those that readers see, and puts them in their place by one commit
  // when they are at least as new. A rebuild that was broken off, also by a crash, is gone on with.
  //   threads   one at a time; others wait. The rows are kept up to date meanwhile, unless outdated
  //   throws    FoldFailed, StorageError; the rows that readers see stay
  //   cost      reads the log once, twice with `compare`, which also holds all rows in memory; the
  //             old rows are then erased a little at a time, by the next rebuild if it is stopped
  RebuildOutcome rebuild(const RebuildOptions& options = {});

  // Compares the rows with an independent fold of everything they hold.
  //   throws    FoldFailed; ConfigurationError if they are outdated; StorageError if it is closed
  //   cost      reads the log once, and the rows, which stand still meanwhile; holds them in memory
  ProjectionComparison compare() const;

  // Ends after the page of events at hand, a rebuild or comparison too. Not to be called by a fold or
  // `progress`.
  void close();

 private:
  struct State;
  OwnedHere<State> state_;
};

}  // namespace annal
