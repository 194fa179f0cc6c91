// One who is told on threads of the bus, and what waits for him.
#pragma once

#include "annal/bus/observers.hpp"
#include "annal/bus/subscriber.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <utility>

namespace annal {

// An event that waits for an observer.
struct ObserverTask {
  EventPointer event;
  unsigned depth = 0;         // of the event, in its chain of causes
  std::uint64_t arrival = 0;  // among all that this observer was told
  unsigned attempts = 0;      // that failed
};

// The events of one key, of which one at a time is told.
struct Strand {
  std::string key;
  std::deque<ObserverTask> tasks;
  bool noted = false;     // among those that are ready
  bool occupied = false;  // one of its events is being told, or waits to be told again
};

// A call that is under way.
struct ObserverCall {
  std::chrono::nanoseconds begun{};
  std::stop_source stop;
  EventPointer event;
  bool overdue = false;
};

// Why it is told nothing.
inline constexpr const char* is_quarantined = "the observer is quarantined";

// The strand of an event; or what its observer's `key` threw.
struct ObserverKey {
  std::string text;
  std::optional<std::string> failure = std::nullopt;
};

// Guarded by the pool's mutex, but for what never changes.
struct Observer : std::enable_shared_from_this<Observer> {
  Observer(Query wanted, ObserverHandler called, ObserverOptions chosen)
      : interest(std::move(wanted)), handler(std::move(called)), options(std::move(chosen)) {}

  bool is_orphan() const { return options.owner && options.owner->expired(); }
  bool spills() const { return options.when_full == WhenFull::spill; }

  const Query interest;
  // These change when it is gone and neither handler nor key is running.
  ObserverHandler handler;
  ObserverOptions options;
  bool gone = false, quarantined = false;
  std::unordered_map<std::string, std::unique_ptr<Strand>> strands;  // that have tasks, or are busy
  std::deque<Strand*> ready;  // that are told when a thread has time
  std::size_t turns = 0;      // threads that tell this observer, or will
  std::size_t redrives = 0;   // dead letters of it that wait for a turn
  // What waits, by number and key in the order it came; with some that were told already.
  std::deque<std::pair<std::uint64_t, std::string>> arrivals;
  std::uint64_t last_arrival = 0;
  std::size_t queued = 0;
  std::list<ObserverCall> calls;
  std::size_t asking = 0;                           // threads that are in `key`
  std::optional<std::chrono::nanoseconds> watched;  // when somebody looks for overdue calls next
  // Recorded events from `behind` to `skipped` were not queued: they are read from the log.
  std::optional<Position> behind;
  Position skipped;
  bool reading = false, reads_again = false;  // now; by an alarm, as the log could not be read
  std::uint64_t told = 0, failures = 0, overdue = 0, overdue_since_release = 0, dropped = 0;
  SlidingCount recent;
  LatencyHistogram latencies;
};

}  // namespace annal
