#include "annal/log/subscription.hpp"

#include "annal/error.hpp"
#include "annal/failure_text.hpp"
#include "annal/log/subscription_records.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <random>
#include <set>
#include <thread>

namespace annal {

namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr milliseconds longest_log_wait{50};     // so long a stop may take, too
constexpr milliseconds wait_for_durability{5};   // of what the log holds already
constexpr milliseconds checkpoint_every{200};    // while it advances
constexpr milliseconds first_reading_pause{10};  // when the log cannot be read
constexpr milliseconds longest_reading_pause{1000};
constexpr std::size_t events_read_at_once = 256;
constexpr std::size_t queued_events = 256;  // for each worker

void check(const SubscriptionOptions& options) {
  const auto plain = [](char c) { return c > 0x20 && c < 0x7f && c != '@'; };
  if (options.name.empty() || options.name.size() > limits::name_bytes ||
      !std::all_of(options.name.begin(), options.name.end(), plain))
    throw InvalidInput("\"" + options.name + "\" names no subscription: use 1–" +
                       std::to_string(limits::name_bytes) + " visible ASCII characters, no @");
  if (options.workers == 0 || options.workers > 256)
    throw InvalidInput("the subscription " + options.name + " has " +
                       std::to_string(options.workers) + " workers: give it 1–256");
  if (options.retry.attempts < 1)
    throw InvalidInput("the subscription " + options.name + " needs one attempt at least");
}

// The pause before the next attempt, after so many that failed.
milliseconds pause_after(int failed, const RetryPolicy& policy, std::mt19937_64& random) {
  milliseconds pause = policy.first;
  for (int i = 1; i < failed && pause < policy.longest; ++i) pause *= 2;
  pause = std::min(pause, policy.longest);
  std::uniform_real_distribution<double> part(0, std::clamp(policy.jitter, 0.0, 1.0));
  return pause - std::chrono::duration_cast<milliseconds>(pause * part(random));
}

}  // namespace

struct Subscription::State {
  State(EventLog& log, SubscriptionOptions options, Handler handler);
  ~State();

  struct Worker {
    std::deque<Envelope> queue;
    std::optional<Position> at;  // what it handles
    Steady::time_point since;
    std::thread thread;
  };

  void read();
  void read_what_comes();
  void report(std::string why);
  void hand_over(std::vector<Envelope> events, Position through, bool far_behind);
  void work(Worker& worker, std::uint64_t seed);
  bool handle(const Envelope& event, std::mt19937_64& random);
  bool give_up(const Envelope& event, const std::string& error, std::mt19937_64& random);
  void keep_checkpoint(bool now);
  Position checkpoint() const;
  bool wait_or_stop(milliseconds time);
  void close();

  EventLog& log;
  const SubscriptionOptions options;
  const Handler handler;
  SubscriptionRecords records;

  std::mutex close_mutex;
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  std::set<Position> in_hand;  // handed over and not handled yet
  Position read_to;            // everything up to here is handed over or of no interest
  Position kept;               // the checkpoint in the log
  Steady::time_point kept_at = Steady::now();
  bool live = false, stopping = false;
  std::string halted;   // why; empty while it is not
  std::string trouble;  // why the log could not be read or written just now
  std::uint64_t handled = 0, failures = 0;

  std::vector<std::unique_ptr<Worker>> workers;
  std::thread reader;
};

Subscription::State::State(EventLog& of, SubscriptionOptions chosen, Handler told)
    : log(of), options(std::move(chosen)), handler(std::move(told)), records(log, options.name) {
  read_to = kept = records.checkpoint().value_or(options.after);
  if (kept > log.head())
    throw CorruptionError("the subscription " + options.name + " has handled position " +
                          std::to_string(kept.value) + ", and the log ends at " +
                          std::to_string(log.head().value) +
                          ": the log has lost events; restore a backup that holds them");
  try {
    std::random_device seeds;
    for (std::size_t i = 0; i < options.workers; ++i) {
      workers.push_back(std::make_unique<Worker>());
      Worker& worker = *workers.back();
      worker.thread = std::thread([this, &worker, seed = seeds()] { work(worker, seed); });
    }
    reader = std::thread([this] { read(); });
  } catch (...) {
    close();  // the threads there are
    throw;
  }
}

Subscription::State::~State() { close(); }

void Subscription::State::close() {
  {
    std::lock_guard lock(mutex);
    stopping = true;
  }
  changed.notify_all();
  std::lock_guard closing(close_mutex);
  if (reader.joinable()) reader.join();
  for (auto& worker : workers)
    if (worker->thread.joinable()) worker->thread.join();
}

// Under the lock.
Position Subscription::State::checkpoint() const {
  return in_hand.empty() ? read_to : Position{in_hand.begin()->value - 1};
}

// False if it is to stop.
bool Subscription::State::wait_or_stop(milliseconds time) {
  std::unique_lock lock(mutex);
  return !changed.wait_for(lock, time, [this] { return stopping; });
}

// --- reading -------------------------------------------------------------------------------------

void Subscription::State::read() {
  milliseconds pause = first_reading_pause;
  for (;;) {
    try {
      {
        std::lock_guard lock(mutex);
        if (stopping) break;
      }
      read_what_comes();
      keep_checkpoint(false);
      pause = first_reading_pause;
      report({});
    } catch (...) {
      // The log cannot be read or written just now: what it holds is not lost.
      report(text_of_current_exception());
      if (!wait_or_stop(pause)) break;
      pause = std::min(2 * pause, longest_reading_pause);
    }
  }
  for (auto& worker : workers) worker->thread.join();
  try {
    keep_checkpoint(true);
  } catch (...) {
    // The checkpoint before this one stands, and some events will come again.
  }
}

void Subscription::State::report(std::string why) {
  std::lock_guard lock(mutex);
  trouble = std::move(why);
}

// A page, or one wait for the log at most.
void Subscription::State::read_what_comes() {
  const Position from = next(read_to);
  const Position durable = log.durable_position();
  if (durable < from) {
    // What a log that has failed still holds will not become durable.
    if (const std::string why = log.failure(); !why.empty()) throw StorageError(why);
    {
      std::lock_guard lock(mutex);
      live = true;
    }
    if (log.wait_for(from, longest_log_wait) >= from) wait_or_stop(wait_for_durability);
    return;
  }
  ReadRequest request;
  request.query = options.query;
  request.from = from;
  request.to = durable;
  request.limit = events_read_at_once;
  Page page = log.read(request);
  const Position through = page.more ? page.events.back().position : std::min(durable, page.head);
  hand_over(std::move(page.events), through, page.more);
}

// Gives each event to the worker of its stream; waits while that one's queue is full.
void Subscription::State::hand_over(std::vector<Envelope> events, Position through,
                                    bool far_behind) {
  std::unique_lock lock(mutex);
  for (Envelope& event : events) {
    Worker& worker = *workers[std::hash<std::string>{}(event.stream) % workers.size()];
    changed.wait(lock, [&] { return stopping || worker.queue.size() < queued_events; });
    if (stopping) return;
    read_to = event.position;
    in_hand.insert(in_hand.end(), event.position);
    worker.queue.push_back(std::move(event));
    changed.notify_all();
  }
  read_to = through;
  live = live && !far_behind;
  changed.notify_all();
}

// Writes the checkpoint to the log if it has advanced, and long enough ago.
void Subscription::State::keep_checkpoint(bool now) {
  Position reached;
  {
    std::lock_guard lock(mutex);
    reached = checkpoint();
    if (reached <= kept || (!now && Steady::now() - kept_at < checkpoint_every)) return;
  }
  records.keep(reached);
  std::lock_guard lock(mutex);
  kept = reached;
  kept_at = Steady::now();
}

// --- handling ------------------------------------------------------------------------------------

void Subscription::State::work(Worker& worker, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [&] { return stopping || (!worker.queue.empty() && halted.empty()); });
    if (stopping) return;
    Envelope event = std::move(worker.queue.front());
    worker.at = event.position;
    worker.since = Steady::now();
    lock.unlock();
    const bool done = handle(event, random);
    lock.lock();
    worker.at.reset();
    if (!done) {  // stopped or halted: it comes again
      worker.queue.front() = std::move(event);
      continue;
    }
    worker.queue.pop_front();
    in_hand.erase(event.position);
    ++handled;
    changed.notify_all();
  }
}

// True if the event has been handled or parked.
bool Subscription::State::handle(const Envelope& event, std::mt19937_64& random) {
  for (int failed = 0;;) {
    std::string error;
    try {
      handler(event);
      return true;
    } catch (...) {
      error = text_of_current_exception();
    }
    ++failed;
    {
      std::lock_guard lock(mutex);
      ++failures;
    }
    if (failed >= options.retry.attempts) return give_up(event, error, random);
    if (!wait_or_stop(pause_after(failed, options.retry, random))) return false;
  }
}

// Parks the event or halts. A log that is busy or full just now is asked again.
bool Subscription::State::give_up(const Envelope& event, const std::string& error,
                                  std::mt19937_64& random) {
  std::string why = error;
  for (int failed = 1; options.after_failure == AfterFailure::park; ++failed) {
    try {
      records.park(event.position, error);
      return true;
    } catch (...) {
      why = error + "; and it cannot be parked: " + text_of_current_exception();
    }
    if (!log.failure().empty()) break;
    if (!wait_or_stop(pause_after(failed, options.retry, random))) return false;
  }
  std::lock_guard lock(mutex);
  halted = "position " + std::to_string(event.position.value) + " failed " +
           std::to_string(options.retry.attempts) + " times: " + why;
  changed.notify_all();
  return false;
}

// --- the subscription ----------------------------------------------------------------------------

Subscription::Subscription(EventLog& log, SubscriptionOptions options, Handler handler)
    : state_{(check(options), "the subscription " + options.name),
             std::make_unique<State>(log, std::move(options), std::move(handler))} {}

Subscription::~Subscription() = default;

void Subscription::close() {
  if (state_.is_here()) state_->close();
}

SubscriptionStatus Subscription::status() const {
  SubscriptionStatus status;
  status.head = state_->log.head();
  status.parked = state_->records.count_parked();
  std::lock_guard lock(state_->mutex);
  using Is = SubscriptionStatus::State;
  status.state = state_->stopping          ? Is::closed
                 : !state_->halted.empty() ? Is::halted
                 : state_->live            ? Is::live
                                           : Is::catching_up;
  status.checkpoint = state_->checkpoint();
  status.head = std::max(status.head, status.checkpoint);
  status.handled = state_->handled;
  status.failures = state_->failures;
  status.failure = state_->halted.empty() ? state_->trouble : state_->halted;
  for (const auto& worker : state_->workers)
    if (worker->at && Steady::now() - worker->since > state_->options.stuck_after)
      status.stuck_at = std::min(status.stuck_at.value_or(*worker->at), *worker->at);
  return status;
}

bool Subscription::wait_until(Position position, milliseconds timeout) const {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, timeout, [&] {
    return state_->checkpoint() >= position || state_->stopping || !state_->halted.empty();
  });
  return state_->checkpoint() >= position;
}

std::vector<ParkedEvent> Subscription::parked(std::size_t limit, Position after) const {
  return state_->records.parked(limit, after);
}

std::size_t Subscription::replay_parked() {
  std::size_t taken = 0;
  Position after;
  for (;;) {
    const auto page = state_->records.parked(events_read_at_once, after);
    if (page.empty()) return taken;
    for (const auto& [position, error] : page) {
      after = position;
      const auto event = state_->log.event_at(position);
      try {
        if (event) state_->handler(*event);
      } catch (...) {
        state_->records.park(position, text_of_current_exception());
        continue;
      }
      state_->records.drop(position);
      ++taken;
    }
  }
}

void Subscription::drop_parked(Position position) { state_->records.drop(position); }

void Subscription::resume() {
  {
    std::lock_guard lock(state_->mutex);
    state_->halted.clear();
  }
  state_->changed.notify_all();
}

}  // namespace annal
