#include "annal/projection/projector.hpp"

#include "annal/error.hpp"
#include "annal/failure_text.hpp"
#include "annal/log/name_claim.hpp"
#include "annal/projection/independent_fold.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

namespace annal {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_wait_for_events{50};

void check(const Projection& projection, const RetryPolicy& retry) {
  check(projection);
  if (retry.attempts < 1)
    throw InvalidInput("the projection " + projection.name + " needs one attempt at least");
}

}  // namespace

struct Projector::State {
  State(EventLog& log, Projection projection, RetryPolicy retry);
  ~State();

  // While one lives the rows stand still.
  class Standstill {
   public:
    explicit Standstill(State& of);
    ~Standstill();
    Standstill(const Standstill&) = delete;
    Standstill& operator=(const Standstill&) = delete;

   private:
    State& state_;
  };

  void follow();
  bool take_turn();
  void end_turn(bool at_end, std::uint64_t events);
  void note_failure(bool final);
  bool wait(std::chrono::milliseconds time);
  void keep_checkpoint();
  void close();

  std::string why_outdated(const Generation& made) const;
  bool take_away(const Generation& generation, const RebuildOptions& options);
  bool discard(Generation unfinished_rows, const RebuildOptions& options);
  std::optional<Generation> unfinished_or_new(const RebuildOptions& options);
  bool is_to_stop(const RebuildOptions& options) const;
  template <class Change>
  auto patiently(Change change);
  bool fold_to_end(Folding& next, const RebuildOptions& options);
  Rebuilt swap_in(Folding& next);

  EventLog& log;
  const Projection projection;
  const RetryPolicy retry;
  NameClaim claim;
  ProjectionRecords records;
  std::optional<Folding> folding;  // of whoever has the turn

  std::mutex close_mutex, rebuild_mutex;  // one at a time
  mutable std::mutex mutex;               // of what follows
  mutable std::condition_variable changed;
  bool stopping = false, working = false, live = false;
  std::stop_source stop_following;
  int standstills = 0;
  Position reached;
  Generation current;
  std::optional<Position> unfinished;
  std::string outdated, halted, trouble;  // why; empty while it is not
  std::uint64_t folded = 0, failures = 0;

  std::thread follower;
};

Projector::State::State(EventLog& of, Projection kept, RetryPolicy tries)
    : log(of),
      projection(std::move(kept)),
      retry(tries),
      claim(log, "projection", projection.name),
      records(log, projection) {
  auto found = records.current();
  current = found ? std::move(*found) : records.begin_first();
  if (current.checkpoint > log.head())
    throw CorruptionError("the rows of the projection " + projection.name + " hold position " +
                          std::to_string(current.checkpoint.value) + ", and the log ends at " +
                          std::to_string(log.head().value) +
                          ": the log has lost events; restore a backup that holds them");
  if (const auto broken_off = records.unfinished()) unfinished = broken_off->checkpoint;
  reached = current.checkpoint;
  if (!records.is_of_today(current)) outdated = why_outdated(current);
  folding.emplace(log, projection, records, current);
  follower = std::thread([this] { follow(); });
}

Projector::State::~State() { close(); }

std::string Projector::State::why_outdated(const Generation& made) const {
  return "the rows of the projection " + projection.name + " were made by version " +
         std::to_string(made.version) + " of its code, and this is version " +
         std::to_string(projection.version) +
         (made.version == projection.version ? " with other spaces" : "") +
         ": rebuild them; until then they stay as they are";
}

void Projector::State::close() {
  {
    std::lock_guard lock(mutex);
    stopping = true;
  }
  changed.notify_all();
  stop_following.request_stop();
  std::lock_guard closing(close_mutex);
  if (!follower.joinable()) return;
  follower.join();
  std::lock_guard no_rebuild(rebuild_mutex);
  keep_checkpoint();
  claim.release();
}

// --- following the log ---------------------------------------------------------------------------

Projector::State::Standstill::Standstill(State& of) : state_(of) {
  std::unique_lock lock(state_.mutex);
  ++state_.standstills;
  state_.changed.wait(lock, [&] { return !state_.working; });
}

Projector::State::Standstill::~Standstill() {
  std::lock_guard lock(state_.mutex);
  --state_.standstills;
  state_.changed.notify_all();
}

// Waits until there may be something to do; false if it is to stop.
bool Projector::State::take_turn() {
  std::unique_lock lock(mutex);
  changed.wait(
      lock, [&] { return stopping || (standstills == 0 && outdated.empty() && halted.empty()); });
  working = !stopping;
  return working;
}

void Projector::State::end_turn(bool at_end, std::uint64_t events) {
  std::lock_guard lock(mutex);
  working = false;
  live = at_end;
  folded += events;
  reached = folding->reached();
  changed.notify_all();
}

// Inside a catch block.
void Projector::State::note_failure(bool final) {
  std::lock_guard lock(mutex);
  ++failures;
  trouble = text_of_current_exception();
  if (final) halted = trouble;
}

// False if it is to stop.
bool Projector::State::wait(milliseconds time) {
  std::unique_lock lock(mutex);
  return !changed.wait_for(lock, time, [this] { return stopping; });
}

void Projector::State::follow() {
  std::mt19937_64 random(std::random_device{}());
  int unreached = 0;  // times in a row that the log could not be read or written
  int refused = 0;    // times in a row that the event at the position could not be folded
  Position refused_at;
  while (take_turn()) {
    Folding::Step step;
    bool final = false;
    try {
      step = folding->advance();
      unreached = refused = 0;
      std::lock_guard lock(mutex);
      trouble.clear();
    } catch (const ProjectionTaken&) {
      note_failure(final = true);
    } catch (const ConfigurationError&) {
      note_failure(final = true);  // no log ever takes it
    } catch (const FoldFailed& failure) {
      refused = failure.position == refused_at ? refused + 1 : 1;
      refused_at = failure.position;
      unreached = 0;
      note_failure(final = refused >= retry.attempts);
    } catch (...) {
      // The log cannot be read or written just now: what it holds is not lost.
      ++unreached;
      note_failure(false);
    }
    const Position awaited = next(folding->reached());
    end_turn(step.at_end, step.events);
    if (final) unreached = refused = 0;
    if (const int failed = unreached > 0 ? unreached : refused; failed > 0)
      wait(pause_after(failed, retry, random));
    if (step.at_end) log.wait_for(awaited, longest_wait_for_events, stop_following.get_token());
  }
}

void Projector::State::keep_checkpoint() {
  try {
    folding->keep_checkpoint();
  } catch (...) {
    // The checkpoint before this one stands; events without rows are read again.
  }
}

// --- making the rows anew ------------------------------------------------------------------------

// A log that is busy or full just now is asked again, as often as an event would be.
template <class Change>
auto Projector::State::patiently(Change change) {
  std::mt19937_64 random(std::random_device{}());
  for (int failed = 1;; ++failed) {
    try {
      return change();
    } catch (const ProjectionTaken&) {
      throw;
    } catch (const StorageError&) {
      if (failed >= retry.attempts || !log.failure().empty()) throw;
      if (!wait(pause_after(failed, retry, random))) throw;
    }
  }
}

// A little at a time, so that no writer waits for it; false if it was stopped before the end.
bool Projector::State::take_away(const Generation& generation, const RebuildOptions& options) {
  while (!is_to_stop(options))
    if (patiently([&] { return records.erase_some(generation); })) return true;
  return false;
}

bool Projector::State::discard(Generation unfinished_rows, const RebuildOptions& options) {
  patiently([&] { records.discard(unfinished_rows); });
  const bool gone = take_away(unfinished_rows, options);
  std::lock_guard lock(mutex);
  unfinished.reset();
  return gone;
}

// Nothing if it was stopped while it took away what an earlier rebuild has left.
std::optional<Generation> Projector::State::unfinished_or_new(const RebuildOptions& options) {
  if (const auto left = records.retired(); left && !take_away(*left, options)) return std::nullopt;
  if (const auto broken_off = records.unfinished()) {
    if (records.is_of_today(*broken_off) && broken_off->checkpoint <= log.head()) return broken_off;
    if (!discard(*broken_off, options)) return std::nullopt;
  }
  return patiently([&] { return records.begin_next(); });
}

bool Projector::State::is_to_stop(const RebuildOptions& options) const {
  std::lock_guard lock(mutex);
  return stopping || options.stop.stop_requested();
}

// False if it was stopped before the end.
bool Projector::State::fold_to_end(Folding& next, const RebuildOptions& options) {
  for (bool at_end = false; !at_end;) {
    if (is_to_stop(options)) {
      patiently([&] { next.keep_checkpoint(); });
      return false;
    }
    at_end = patiently([&] { return next.advance(); }).at_end;
    {
      std::lock_guard lock(mutex);
      unfinished = next.reached();
    }
    if (options.progress) options.progress(next.reached(), log.head());
  }
  return true;
}

Rebuilt Projector::State::swap_in(Folding& next) {
  const Standstill still(*this);
  while (next.reached() < folding->reached()) patiently([&] { return next.advance(); });
  patiently([&] { next.keep_checkpoint(); });
  const Generation now =
      patiently([&] { return records.swap(folding->generation(), next.generation()); });
  folding.emplace(log, projection, records, now);
  std::lock_guard lock(mutex);
  current = now;
  reached = now.checkpoint;
  unfinished.reset();
  outdated.clear();
  halted.clear();
  return {now.checkpoint, now.number};
}

// --- the projector -------------------------------------------------------------------------------

Projector::Projector(EventLog& log, Projection projection, RetryPolicy retry)
    : state_{(check(projection, retry), "the projection " + projection.name),
             std::make_unique<State>(log, std::move(projection), retry)} {}

Projector::~Projector() = default;

void Projector::close() {
  if (state_.is_here()) state_->close();
}

ProjectorStatus Projector::status() const {
  ProjectorStatus status;
  status.head = state_->log.head();
  std::lock_guard lock(state_->mutex);
  using Is = ProjectorStatus::State;
  status.state = state_->stopping            ? Is::closed
                 : !state_->outdated.empty() ? Is::outdated
                 : !state_->halted.empty()   ? Is::halted
                 : state_->live              ? Is::live
                                             : Is::catching_up;
  status.checkpoint = state_->reached;
  status.head = std::max(status.head, status.checkpoint);
  status.version = state_->current.version;
  status.generation = state_->current.number;
  status.folded = state_->folded;
  status.failures = state_->failures;
  status.unfinished = state_->unfinished;
  status.failure = !state_->outdated.empty() ? state_->outdated
                   : !state_->halted.empty() ? state_->halted
                                             : state_->trouble;
  return status;
}

bool Projector::wait_until(Position position, milliseconds timeout) const {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, timeout, [&] {
    return state_->reached >= position || state_->stopping || !state_->halted.empty() ||
           !state_->outdated.empty();
  });
  return state_->reached >= position;
}

void Projector::resume() {
  {
    std::lock_guard lock(state_->mutex);
    state_->halted.clear();
  }
  state_->changed.notify_all();
}

RebuildOutcome Projector::rebuild(const RebuildOptions& options) {
  std::lock_guard one_at_a_time(state_->rebuild_mutex);
  const auto begun = state_->unfinished_or_new(options);
  if (!begun) return RebuildStopped{Position{0}};
  Folding next(state_->log, state_->projection, state_->records, *begun);
  if (!state_->fold_to_end(next, options)) return RebuildStopped{next.reached()};
  if (options.compare) {
    IndependentFold independent(state_->log, state_->projection);
    if (!independent.advance(next.reached(),
                             [&](Position) { return !state_->is_to_stop(options); })) {
      state_->patiently([&] { next.keep_checkpoint(); });
      return RebuildStopped{next.reached()};
    }
    auto comparison = independent.compare(next.generation());
    if (!comparison.equal()) {
      state_->discard(next.generation(), options);
      return RebuildDiffers{std::move(comparison)};
    }
  }
  const Rebuilt rebuilt = state_->swap_in(next);
  try {
    if (const auto old = state_->records.retired()) state_->take_away(*old, options);
  } catch (const StorageError&) {
    // The new rows are in place all the same; the next rebuild takes the old ones away.
  }
  return rebuilt;
}

ProjectionComparison Projector::compare() const {
  std::lock_guard one_at_a_time(state_->rebuild_mutex);
  if (const auto status = this->status(); status.state == ProjectorStatus::State::outdated)
    throw ConfigurationError(status.failure);
  IndependentFold independent(state_->log, state_->projection);
  const auto advance = [&](Position through) {
    if (!independent.advance(through, [this](Position) { return !state_->is_to_stop({}); }))
      throw StorageError("the projection " + state_->projection.name +
                         " was closed while its rows were compared: open it again");
  };
  advance(status().checkpoint);
  const State::Standstill still(*state_);
  advance(state_->folding->reached());
  return independent.compare(state_->folding->generation());
}

}  // namespace annal
