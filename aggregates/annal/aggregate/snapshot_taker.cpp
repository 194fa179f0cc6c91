#include "annal/aggregate/snapshot_taker.hpp"

#include "annal/aggregate/snapshot.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>

namespace annal {

namespace {

constexpr std::size_t most_waiting = 16;

}  // namespace

struct SnapshotTaker::State {
  explicit State(EventLog& of) : log(of) {}
  ~State();

  void work();
  bool keep(const Make& make);

  EventLog& log;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Make> waiting;
  bool at_hand = false, closing = false;
  std::uint64_t taken = 0;
  std::thread thread;  // from the first snapshot on
};

SnapshotTaker::State::~State() {
  {
    std::lock_guard lock(mutex);
    closing = true;
    waiting.clear();
  }
  changed.notify_all();
  if (thread.joinable()) thread.join();
}

void SnapshotTaker::State::work() {
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return closing || !waiting.empty(); });
    if (waiting.empty()) return;
    const Make make = std::move(waiting.front());
    waiting.pop_front();
    at_hand = true;
    lock.unlock();
    const bool kept = keep(make);
    lock.lock();
    at_hand = false;
    taken += kept ? 1 : 0;
    changed.notify_all();
  }
}

// A snapshot is a cache: one that cannot be made or is not taken by the log is done without, and
// asked for again when as much has happened once more.
bool SnapshotTaker::State::keep(const Make& make) {
  try {
    Commit commit;
    commit.records.push_back(make());
    if (!snapshots::fits(commit.records.front())) return false;
    commit.durability = Durability::process;
    return std::holds_alternative<Appended>(log.append(std::move(commit)));
  } catch (...) {
    return false;
  }
}

SnapshotTaker::SnapshotTaker(EventLog& log)
    : state_("the taker of snapshots", std::make_unique<State>(log)) {}

SnapshotTaker::~SnapshotTaker() = default;

bool SnapshotTaker::take(Make make) {
  std::lock_guard lock(state_->mutex);
  if (state_->waiting.size() >= most_waiting) return false;
  if (!state_->thread.joinable())
    state_->thread = std::thread([state = &*state_] { state->work(); });
  state_->waiting.push_back(std::move(make));
  state_->changed.notify_all();
  return true;
}

void SnapshotTaker::settle() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [&] { return state_->waiting.empty() && !state_->at_hand; });
}

std::uint64_t SnapshotTaker::taken() const {
  std::lock_guard lock(state_->mutex);
  return state_->taken;
}

}  // namespace annal
