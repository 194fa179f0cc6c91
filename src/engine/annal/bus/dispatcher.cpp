#include "annal/bus/dispatcher.hpp"

#include "annal/failure_text.hpp"
#include "annal/time/bounded_wait.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

namespace annal {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds wait_for_log{100};
constexpr milliseconds first_pause{10};
constexpr milliseconds longest_pause{1000};
constexpr std::size_t page_events = 256;

}  // namespace

struct Dispatcher::State {
  State(const EventLog& read, Bus& told, Position from)
      : log(read), bus(told), dispatched(from), thread([this] { run(); }) {}

  ~State() {
    {
      std::lock_guard lock(mutex);
      stopping.request_stop();
    }
    changed.notify_all();
    thread.join();
  }

  void run();
  void dispatch_what_comes();
  void advance(Position position);
  void report(std::optional<std::string> why);

  const EventLog& log;
  Bus& bus;
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  Position dispatched;  // written by the thread alone
  std::optional<std::string> failure;
  std::stop_source stopping;
  std::thread thread;  // last: it uses all of the above
};

void Dispatcher::State::run() {
  milliseconds pause = first_pause;
  while (!stopping.stop_requested()) {
    try {
      dispatch_what_comes();
      report(std::nullopt);
      pause = first_pause;
    } catch (...) {
      report(text_of_current_exception());
      std::unique_lock lock(mutex);
      changed.wait_for(lock, pause, [&] { return stopping.stop_requested(); });
      pause = std::min(2 * pause, longest_pause);
    }
  }
}

// One wait for the log at most, and a page of events.
void Dispatcher::State::dispatch_what_comes() {
  const Position first = next(dispatched);
  if (log.wait_for(first, wait_for_log, stopping.get_token()) < first) return;
  ReadRequest request;
  request.from = first;
  request.limit = page_events;
  auto page = log.read(request);
  if (page.events.empty())
    throw StorageError("position " + std::to_string(first.value) +
                       " cannot be read, though the head is " + std::to_string(page.head.value));
  for (auto& event : page.events) {
    if (stopping.stop_requested()) return;
    const Position position = event.position;
    bus.dispatch(std::move(event));
    advance(position);
  }
}

void Dispatcher::State::advance(Position position) {
  {
    std::lock_guard lock(mutex);
    dispatched = position;
  }
  changed.notify_all();
}

void Dispatcher::State::report(std::optional<std::string> why) {
  std::lock_guard lock(mutex);
  failure = std::move(why);
}

Dispatcher::Dispatcher(const EventLog& log, Bus& bus, Position from)
    : state_(std::make_unique<State>(log, bus, from)) {}

Dispatcher::~Dispatcher() = default;

Position Dispatcher::dispatched() const {
  std::lock_guard lock(state_->mutex);
  return state_->dispatched;
}

bool Dispatcher::wait_until(Position position, std::chrono::milliseconds timeout) const {
  if (std::this_thread::get_id() == state_->thread.get_id())
    throw WouldDeadlock(
        "a handler waits for position " + std::to_string(position.value) +
        " to be dispatched by the thread it runs on; let it return, and wait elsewhere");
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, bounded_wait(timeout),
                                  [&] { return state_->dispatched >= position; });
}

std::optional<std::string> Dispatcher::failure() const {
  std::lock_guard lock(state_->mutex);
  return state_->failure;
}

}  // namespace annal
