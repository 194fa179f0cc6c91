// The threads on which observers are told, and the queues before them.
#pragma once

#include "annal/bus/alarms.hpp"
#include "annal/bus/bus.hpp"
#include "annal/bus/dead_letters.hpp"
#include "annal/bus/observer.hpp"
#include "annal/bus/observers.hpp"
#include "annal/bus/subscriber.hpp"
#include "annal/log/event_log.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace annal {

// What a bus lends to its observers.
struct ObserverSurroundings {
  const void* bus = nullptr;  // what turns are known by
  std::size_t threads = 4;
  std::chrono::milliseconds patience{10'000};  // with calls that run when the bus ends
  DeadLetters* dead_letters = nullptr;
  Alarms* alarms = nullptr;
  std::function<void(const std::string& observer, std::string what, const Envelope& event)> warn;
  // Counts a call that threw; must not throw.
  std::function<void(const Envelope& event)> note_failure;
  // Begins a thread, or throws std::system_error; a std::thread when empty.
  std::function<std::thread(std::function<void()>)> begin_thread = {};
};

// Outlives its bus where a call does not return: then that call's thread alone holds it.
//   threads   every member: any number of callers
class ObserverPool : public std::enable_shared_from_this<ObserverPool> {
 public:
  // Reads what a query means of the log, from one position to another, both included; `limit` events
  // at most.
  using Read = std::function<Page(const Query&, Position from, Position to, std::size_t limit)>;

  explicit ObserverPool(ObserverSurroundings surroundings);

  // Those whose owners are gone, go. Throws InvalidInput for a name that is taken, ConfigurationError
  // for what this pool cannot do.
  void add(const std::shared_ptr<Observer>& observer);
  // It is told no more; what waits for it is dropped, and nobody waits for room.
  void remove(Observer& observer) noexcept;
  // Waits for the handler and the key of one that was removed, and destroys them: others may hold it
  // for longer.
  void wait_until_idle(Observer& observer);
  bool wait_until_all_idle(std::chrono::milliseconds timeout);
  // An event that the observer is interested in.
  void take(const std::shared_ptr<Observer>& observer, const EventPointer& event);
  bool release(const std::string& name);
  std::vector<ObserverStatus> status();
  // From where spilled events are read again; empty: there is no log.
  void read_from(Read read);
  // Those that run, and those that ended and were not joined yet.
  std::size_t threads() const;
  // No call begins any more. Waits for those that run, as long as the patience lasts.
  void close();

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Shared = std::shared_ptr<Observer>;
  // What is left of a call.
  struct Told {
    bool is_told = false;                               // false: its owner was gone
    std::optional<std::string> failure = std::nullopt;  // what the handler threw
    std::shared_ptr<void> owner = nullptr;              // for let_go()
  };

  // Everything below wants the lock; what takes it lets go of it meanwhile.
  // What becomes of events; in observer_pool.cpp.
  bool is_left_out(Observer& observer, const EventPointer& event);
  bool make_room(Lock& lock, const Shared& observer, const EventPointer& event);
  bool drop_oldest(Observer& observer);
  void enqueue(const Shared& observer, ObserverTask task, const std::string& key);
  void note(const Shared& observer, Strand& strand);
  void release_strand(const Shared& observer, Strand& strand);
  void tell_next(Lock& lock, const Shared& observer);
  void end_turn(const Shared& observer);
  void offer_turns(const Shared& observer);
  Told call(Lock& lock, Observer& observer, const EventPointer& event, unsigned depth);
  void note_call(Observer& observer, const ObserverCall& call, bool has_failed);
  void settle(const Shared& observer, Strand& strand, ObserverTask task,
              const std::optional<std::string>& failure);
  void retry_later(const Shared& observer, Strand& strand, ObserverTask task);
  void let_go(Lock& lock, std::shared_ptr<void> owner);
  void bury(Observer& observer, const EventPointer& event, std::string what, unsigned attempts);
  bool is_idle() const;
  // It may be the last to hold it: to be destroyed without the lock.
  Shared forget(Observer& observer) noexcept;

  // Keys, and events that are read from the log; in observer_reading.cpp.
  ObserverKey ask_for_key(Lock& lock, Observer& observer, const EventPointer& event,
                          unsigned depth);
  ObserverKey key_of(const Observer& observer, const Envelope& event, unsigned depth) const;
  bool is_to_read(const Observer& observer) const;
  void read_later(const Shared& observer);
  bool read_on(Lock& lock, const Shared& observer);
  void queue_read(const Shared& observer, Page page, const std::vector<ObserverKey>& keys,
                  Position to);

  // Calls that take too long, and what comes of that; in observer_watch.cpp.
  void watch(Observer& observer);
  void quarantine(Observer& observer);

  // In observer_threads.cpp.
  void wake_one();
  void begin_thread();
  bool wants_thread() const { return alive_ < with_.threads + stuck_; }
  void work();
  // Until there is a turn, or for as long as waking a thread would take.
  void look_out(Lock& lock);
  // The thread that runs this ends. Returns the one that ended before: to be joined without the lock.
  std::thread retire();

  // By alarms, without the lock.
  void look_for_overdue(const Shared& observer);
  // Of a dead letter, without the lock.
  DeadLetters::Answer take_again(const Shared& observer, const EventPointer& event);

  const ObserverSurroundings with_;
  mutable std::mutex mutex_;
  std::condition_variable work_, idle_, room_;
  std::vector<Shared> observers_;
  std::deque<Shared> turns_;  // one for each thread that is to tell an observer
  Read read_;
  std::vector<std::thread> threads_;
  std::thread ended_;  // the last of those that ended, which joins the one before
  std::size_t alive_ = 0, sleeping_ = 0;
  std::size_t stuck_ = 0;       // threads in calls that are overdue; others stand in for them
  std::size_t letting_go_ = 0;  // threads
  bool waking_ = false, closing_ = false;
  bool begins_again_ = false;           // a thread could not be made, and an alarm tries again
  bool looking_out_ = false;            // one thread at most does not sleep yet
  std::atomic<bool> has_turns_{false};  // for that thread, which looks without the lock
  std::mt19937_64 random_;
};

}  // namespace annal
