// The threads on which observers are told, and the queues before them.
#pragma once

#include "annal/bus/alarms.hpp"
#include "annal/bus/bus.hpp"
#include "annal/bus/dead_letters.hpp"
#include "annal/bus/observers.hpp"
#include "annal/bus/subscriber.hpp"
#include "annal/log/event_log.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

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

// Guarded by the pool's mutex, but for what never changes.
struct Observer : std::enable_shared_from_this<Observer> {
  Observer(Query wanted, ObserverHandler called, ObserverOptions chosen)
      : interest(std::move(wanted)), handler(std::move(called)), options(std::move(chosen)) {}

  const Query interest;
  const ObserverHandler handler;
  const ObserverOptions options;
  bool gone = false, quarantined = false;
  std::unordered_map<std::string, std::unique_ptr<Strand>> strands;  // that have tasks, or are busy
  std::deque<Strand*> ready;  // that are told when a thread has time
  std::size_t turns = 0;      // threads that tell this observer, or will
  // What waits in the order it came, by number and key; with some that were told already.
  std::deque<std::pair<std::uint64_t, std::string>> arrivals;
  std::uint64_t last_arrival = 0;
  std::size_t queued = 0;
  std::list<ObserverCall> calls;
  std::optional<std::chrono::nanoseconds> watched;  // when somebody looks for overdue calls next
  // Recorded events from `behind` to `skipped` were not queued: they are read from the log.
  std::optional<Position> behind;
  Position skipped;
  bool reading = false;
  std::uint64_t told = 0, failures = 0, overdue = 0, overdue_since_release = 0, dropped = 0;
  LatencyHistogram latencies;
};

// What a bus lends to its observers.
struct ObserverSurroundings {
  const void* bus = nullptr;  // what turns are known by
  std::size_t threads = 4;
  std::chrono::milliseconds patience{10'000};  // with calls that run when the bus ends
  DeadLetters* dead_letters = nullptr;
  Alarms* alarms = nullptr;
  std::function<void(const std::string& observer, std::string what, const Envelope& event)> warn;
};

// Outlives its bus where a call does not return: then that call's thread alone holds it.
//   threads   every member: any number of callers
class ObserverPool : public std::enable_shared_from_this<ObserverPool> {
 public:
  // Reads what a query means of the log, from one position to another, both included; `limit` events
  // at most.
  using Read = std::function<Page(const Query&, Position from, Position to, std::size_t limit)>;

  explicit ObserverPool(ObserverSurroundings surroundings);

  void add(const std::shared_ptr<Observer>& observer);
  // It is told no more; what waits for it is dropped.
  void remove(Observer& observer) noexcept;
  void wait_until_idle(const Observer& observer);
  bool wait_until_all_idle(std::chrono::milliseconds timeout);
  // An event that the observer is interested in.
  void take(const std::shared_ptr<Observer>& observer, const EventPointer& event);
  bool release(const std::string& name);
  std::vector<ObserverStatus> status();
  // From where spilled events are read again; empty: there is no log.
  void read_from(Read read);
  bool reads() const;
  // No call begins any more. Waits for those that run, as long as the patience lasts.
  void close();

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Shared = std::shared_ptr<Observer>;

  // Everything below wants the lock, and call() and read_on() let go of it meanwhile.
  bool make_room(Lock& lock, const Shared& observer, const EventPointer& event);
  void drop_oldest(const Shared& observer);
  void enqueue(const Shared& observer, ObserverTask task, const std::string& key);
  void note(const Shared& observer, Strand& strand);
  void release_strand(const Shared& observer, Strand& strand);
  void wake_one();
  bool wants_thread() const { return alive_ < with_.threads + stuck_; }
  bool is_idle() const;

  void work();
  // Until there is a turn, or for as long as waking a thread would take.
  void look_out(Lock& lock);
  void tell_next(Lock& lock, const Shared& observer);
  // What the handler threw.
  std::optional<std::string> call(Lock& lock, Observer& observer, const EventPointer& event,
                                  unsigned depth);
  void retry_later(const Shared& observer, Strand& strand, ObserverTask task);
  void watch(Observer& observer);
  void quarantine(Observer& observer);
  void read_on(Lock& lock, const Shared& observer);
  void bury(Observer& observer, const EventPointer& event, std::string what, unsigned attempts);

  // By alarms, without the lock.
  void look_for_overdue(const Shared& observer);
  // Of a dead letter, without the lock.
  std::optional<std::string> take_again(const Shared& observer, const EventPointer& event);

  const ObserverSurroundings with_;
  mutable std::mutex mutex_;
  std::condition_variable work_, idle_, room_;
  std::vector<Shared> observers_;
  std::deque<Shared> turns_;  // one for each thread that is to tell an observer
  Read read_;
  std::vector<std::thread> threads_;
  std::size_t alive_ = 0, sleeping_ = 0;
  std::size_t stuck_ = 0;  // threads in calls that are overdue; others stand in for them
  bool waking_ = false, closing_ = false;
  bool looking_out_ = false;            // one thread at most does not sleep yet
  std::atomic<bool> has_turns_{false};  // for that thread, which looks without the lock
  std::mt19937_64 random_;
};

}  // namespace annal
