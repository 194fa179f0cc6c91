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
#include <stop_token>
#include <thread>

namespace annal {

namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr milliseconds longest_log_wait{50};
constexpr milliseconds wait_for_durability{5};   // of what the log holds already
constexpr milliseconds checkpoint_every{200};    // while it advances
constexpr milliseconds first_reading_pause{10};  // when the log cannot be read
constexpr milliseconds longest_reading_pause{1000};
constexpr std::size_t events_read_at_once = 256;
constexpr std::size_t queued_events = 256;         // for each worker at most …
constexpr std::size_t queued_bytes = 1024 * 1024;  // … and so much; one event may be larger

void check(const SubscriptionOptions& options) {
  if (!is_follower_name(options.name))
    throw InvalidInput("\"" + options.name + "\" names no subscription: use 1–" +
                       std::to_string(limits::name_bytes) + " visible ASCII characters, no @");
  if (options.workers == 0 || options.workers > 256)
    throw InvalidInput("the subscription " + options.name + " has " +
                       std::to_string(options.workers) + " workers: give it 1–256");
  check(options.retry, "the subscription " + options.name);
}

}  // namespace

struct Subscription::State {
  State(EventLog& log, SubscriptionOptions options, Handler handler);

  struct Worker {
    std::deque<Envelope> queue;  // the one it handles stays in front
    std::size_t bytes = 0;       // of the queue
    std::optional<Position> at;  // what it handles
    std::chrono::nanoseconds since{};
    bool in_handler = false;
    bool left_behind = false;  // by close: what is not the subscription's own may be gone
    bool ended = false;
    std::thread thread;
  };

  static void start(const std::shared_ptr<State>& state);
  void read();
  void read_what_comes();
  void report(std::string why);
  void hand_over();
  bool has_room_for(const Worker& worker, const Envelope& event) const;
  void work(Worker& worker, std::uint64_t seed);
  void work_until_stopped(Worker& worker, std::uint64_t seed);
  bool enter_handler(Worker& worker);
  std::optional<std::string> try_to_handle(Worker& worker, const Envelope& event);
  bool handle(Worker& worker, const Envelope& event, std::mt19937_64& random);
  bool give_up(const Envelope& event, const std::string& error, std::mt19937_64& random);
  void keep_checkpoint(bool now);
  Position checkpoint() const;
  bool wait_or_stop(milliseconds time);
  std::vector<Position> close();
  bool leave_behind(Worker& worker, Steady::time_point deadline);

  EventLog& log;
  const SubscriptionOptions options;
  const MonotonicClock& clock;
  const Handler handler;
  SubscriptionRecords records;

  // The reader's own.
  std::deque<Envelope> incoming;  // read and not handed over yet
  Position incoming_to;           // what was read reaches up to here
  bool far_behind = false;        // there was more to read

  std::mutex close_mutex;
  bool closed = false;         // under close_mutex
  std::vector<Position> left;  // behind, by close
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  std::set<Position> in_hand;  // handed over and not handled yet
  Position read_to;            // everything up to here is handed over or of no interest
  Position kept;               // the checkpoint in the log
  Steady::time_point kept_at = Steady::now();
  bool live = false, stopping = false;
  std::stop_source stop_reading;
  std::string halted;   // why; empty while it is not
  std::string trouble;  // why the log could not be read or written just now
  std::uint64_t handled = 0, failures = 0;

  std::vector<std::unique_ptr<Worker>> workers;
  std::thread reader;
};

Subscription::State::State(EventLog& of, SubscriptionOptions chosen, Handler told)
    : log(of),
      options(std::move(chosen)),
      clock(options.clock ? *options.clock : monotonic_clock()),
      handler(std::move(told)),
      records(log, options.name) {
  read_to = kept = records.checkpoint().value_or(options.after);
  if (kept > log.head())
    throw CorruptionError("the subscription " + options.name + " has handled position " +
                          std::to_string(kept.value) + ", and the log ends at " +
                          std::to_string(log.head().value) +
                          ": the log has lost events; restore a backup that holds them");
}

// A worker may be left behind, so each has its share in what it works with.
void Subscription::State::start(const std::shared_ptr<State>& state) {
  try {
    std::random_device seeds;
    for (std::size_t i = 0; i < state->options.workers; ++i) {
      auto worker = std::make_unique<Worker>();
      worker->thread =
          std::thread([state, at = worker.get(), seed = seeds()] { state->work(*at, seed); });
      state->workers.push_back(std::move(worker));
    }
    state->reader = std::thread([of = state.get()] { of->read(); });
  } catch (...) {
    state->close();  // the threads there are
    throw;
  }
}

std::vector<Position> Subscription::State::close() {
  {
    std::lock_guard lock(mutex);
    stopping = true;
  }
  changed.notify_all();
  stop_reading.request_stop();
  std::lock_guard closing(close_mutex);
  if (closed) return left;  // another may have taken the name since
  closed = true;
  if (reader.joinable()) reader.join();
  const auto deadline = Steady::now() + options.patience;
  for (auto& worker : workers) {
    if (!worker->thread.joinable()) continue;
    if (leave_behind(*worker, deadline))
      worker->thread.detach();
    else
      worker->thread.join();
  }
  try {
    keep_checkpoint(true);
  } catch (...) {
    // The checkpoint before this one stands, and some events will come again.
  }
  records.release();
  return left;
}

// True if the worker's handler does not return in time.
bool Subscription::State::leave_behind(Worker& worker, Steady::time_point deadline) {
  std::unique_lock lock(mutex);
  if (changed.wait_until(lock, deadline, [&] { return worker.ended; })) return false;
  if (!worker.in_handler) return false;  // it puts an event aside, which the log does not let last
  worker.left_behind = true;
  left.push_back(*worker.at);
  return true;
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
        if (stopping) return;
      }
      if (incoming.empty()) read_what_comes();
      hand_over();
      keep_checkpoint(false);
      pause = first_reading_pause;
      report({});
    } catch (...) {
      // The log cannot be read or written just now: what it holds is not lost.
      report(text_of_current_exception());
      if (!wait_or_stop(pause)) return;
      pause = std::min(2 * pause, longest_reading_pause);
    }
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
    far_behind = false;
    if (log.wait_for(from, longest_log_wait, stop_reading.get_token()) >= from)
      wait_or_stop(wait_for_durability);
    return;
  }
  ReadRequest request;
  request.query = options.query;
  request.from = from;
  request.to = durable;
  request.limit = events_read_at_once;
  Page page = log.read(request);
  far_behind = page.more;
  incoming_to = page.more ? page.events.back().position : std::min(durable, page.head);
  std::move(page.events.begin(), page.events.end(), std::back_inserter(incoming));
}

bool Subscription::State::has_room_for(const Worker& worker, const Envelope& event) const {
  return worker.queue.empty() ||
         (worker.queue.size() < queued_events && worker.bytes + bytes_of(event) <= queued_bytes);
}

// Gives each event to the worker of its stream. Waits while that one's queue is full, but not for
// long: the others may have gone on, and then there is a checkpoint to be kept.
void Subscription::State::hand_over() {
  std::unique_lock lock(mutex);
  for (; !incoming.empty(); incoming.pop_front()) {
    Envelope& event = incoming.front();
    Worker& worker = *workers[std::hash<std::string>{}(event.stream) % workers.size()];
    const bool room = changed.wait_for(lock, checkpoint_every,
                                       [&] { return stopping || has_room_for(worker, event); });
    if (!room || stopping) return;
    const Position position = event.position;
    const std::size_t bytes = bytes_of(event);
    in_hand.insert(in_hand.end(), position);  // before all else: what is not in hand is done with
    worker.queue.push_back(std::move(event));
    worker.bytes += bytes;
    read_to = position;
    changed.notify_all();
  }
  read_to = std::max(read_to, incoming_to);
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
  work_until_stopped(worker, seed);
  std::lock_guard lock(mutex);
  worker.ended = true;
  changed.notify_all();
}

void Subscription::State::work_until_stopped(Worker& worker, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [&] { return stopping || (!worker.queue.empty() && halted.empty()); });
    if (stopping) return;
    Envelope event = std::move(worker.queue.front());
    const std::size_t bytes = bytes_of(event);
    worker.at = event.position;
    worker.since = clock.reading();
    lock.unlock();
    const bool done = handle(worker, event, random);
    lock.lock();
    if (worker.left_behind) return;
    worker.at.reset();
    if (!done) {  // stopped or halted: it comes again
      worker.queue.front() = std::move(event);
      continue;
    }
    worker.queue.pop_front();
    worker.bytes -= bytes;
    in_hand.erase(event.position);
    ++handled;
    changed.notify_all();
  }
}

// False if it is to stop: no handler begins then.
bool Subscription::State::enter_handler(Worker& worker) {
  std::lock_guard lock(mutex);
  worker.in_handler = !stopping;
  return worker.in_handler;
}

// Nothing, or why the attempt failed.
std::optional<std::string> Subscription::State::try_to_handle(Worker& worker,
                                                              const Envelope& event) {
  std::optional<std::string> error;
  try {
    handler(event);
  } catch (...) {
    error = text_of_current_exception();
  }
  std::lock_guard lock(mutex);
  worker.in_handler = false;
  failures += error ? 1 : 0;
  return error;
}

// True if the event has been handled or parked.
bool Subscription::State::handle(Worker& worker, const Envelope& event, std::mt19937_64& random) {
  for (int failed = 1;; ++failed) {
    if (!enter_handler(worker)) return false;
    const auto error = try_to_handle(worker, event);
    if (!error) return true;
    if (worker.left_behind) return false;
    if (failed >= options.retry.attempts) return give_up(event, *error, random);
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

// What a process forked off later leaves alone.
struct Subscription::Open {
  explicit Open(std::shared_ptr<State> begun) : state(std::move(begun)) { State::start(state); }
  ~Open() { state->close(); }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  const std::shared_ptr<State> state;  // shared with the threads
};

Subscription::Subscription(EventLog& log, SubscriptionOptions options, Handler handler)
    : open_{(check(options), "the subscription " + options.name),
            std::make_unique<Open>(
                std::make_shared<State>(log, std::move(options), std::move(handler)))} {}

Subscription::~Subscription() = default;

Subscription::State& Subscription::state() const { return *open_->state; }

std::vector<Position> Subscription::close() {
  if (!open_.is_here()) return {};
  return state().close();
}

SubscriptionStatus Subscription::status() const {
  SubscriptionStatus status;
  status.head = state().log.head();
  status.parked = state().records.count_parked();
  std::lock_guard lock(state().mutex);
  using Is = SubscriptionStatus::State;
  status.state = state().stopping          ? Is::closed
                 : !state().halted.empty() ? Is::halted
                 : state().live            ? Is::live
                                           : Is::catching_up;
  status.checkpoint = state().checkpoint();
  status.head = std::max(status.head, status.checkpoint);
  status.handled = state().handled;
  status.failures = state().failures;
  status.in_hand = state().in_hand.size();
  status.failure = state().halted.empty() ? state().trouble : state().halted;
  for (const auto& worker : state().workers)
    if (worker->at && state().clock.reading() - worker->since > state().options.stuck_after)
      status.stuck_at = std::min(status.stuck_at.value_or(*worker->at), *worker->at);
  return status;
}

bool Subscription::wait_until(Position position, milliseconds timeout) const {
  std::unique_lock lock(state().mutex);
  state().changed.wait_for(lock, timeout, [&] {
    return state().checkpoint() >= position || state().stopping || !state().halted.empty();
  });
  return state().checkpoint() >= position;
}

std::vector<ParkedEvent> Subscription::parked(std::size_t limit, Position after) const {
  return state().records.parked(limit, after);
}

std::size_t Subscription::replay_parked() {
  std::size_t taken = 0;
  Position after;
  for (;;) {
    const auto page = state().records.parked(events_read_at_once, after);
    if (page.empty()) return taken;
    for (const auto& [position, error] : page) {
      after = position;
      try {
        if (const auto event = state().log.event_at(position)) state().handler(*event);
      } catch (...) {
        state().records.park(position, text_of_current_exception());
        continue;
      }
      state().records.drop(position);
      ++taken;
    }
  }
}

void Subscription::drop_parked(Position position) { state().records.drop(position); }

void Subscription::resume() {
  {
    std::lock_guard lock(state().mutex);
    state().halted.clear();
  }
  state().changed.notify_all();
}

}  // namespace annal
