// Events that wait for others of their kind, to go out as one.
#pragma once

#include "annal/bus/alarms.hpp"
#include "annal/bus/errands.hpp"
#include "annal/bus/ready_event.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

namespace annal {

// At most one kind waits for each stream; events without a stream are told apart by their type.
// What goes out of a stream is sent before anything that comes behind it.
//   threads   every member: any number of callers
class Coalescer {
 public:
  // On the thread that makes it go, or that of the errands.
  using Send = std::function<void(ReadyEvent)>;

  //   most      streams of which something waits; beyond, events go out at once
  Coalescer(Alarms& alarms, Errands& errands, std::size_t most, Send send);

  // Takes the event to keep it back. What waits of another type of its stream goes out before this
  // returns.
  //   waits     while something of the stream is being sent by another thread; not inside handlers,
  //             which that thread may be waiting for
  //   returns   false where too many wait, or it is closed: the event is still the caller's, to send
  bool hold(ReadyEvent& event, std::chrono::milliseconds within, bool waits);
  // What waits for the event's stream goes out.
  void let_go_before(const Envelope& event, bool waits);
  // Whether something would.
  bool holds_before(const Envelope& event) const;
  // Everything that waits goes out.
  void let_go_all();
  // And nothing is held back any more.
  void close();

  // Events that went out as part of another.
  std::uint64_t merged() const { return merged_; }
  bool empty() const { return lines_in_use_ == 0; }

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Dues = std::multimap<std::chrono::nanoseconds, std::string>;
  struct Held {
    ReadyEvent last;
    std::uint64_t count;
    std::uint64_t number;               // which of all that were ever held
    std::optional<Dues::iterator> due;  // nothing once it is an errand
  };
  // Of one stream.
  struct Line {
    std::optional<Held> held;
    std::size_t sending = 0;  // threads that do: others than the first are inside handlers
  };

  // No type begins so, and it is told apart from a stream of its name.
  static std::string key_of(const Envelope& event) {
    return event.stream.empty() ? '.' + event.type : '/' + event.stream;
  }
  // All of these want the lock; send lets go of it meanwhile.
  void send(Lock& lock, const std::string& key);
  // What it is: everything, or what is of another type.
  using IsMeant = bool (*)(const Held& held, const Envelope& event);
  void let_go_before(Lock& lock, const Envelope& event, bool waits, IsMeant is_meant);
  void wait_until_sent(Lock& lock, const std::string& key);
  void set_alarm();
  ReadyEvent take(Line& line);

  void let_go_due(std::chrono::nanoseconds alarm);
  void let_go(const std::string& key, std::uint64_t number);

  Alarms& alarms_;
  Errands& errands_;
  const std::size_t most_;
  const Send send_;
  mutable std::mutex mutex_;
  std::condition_variable sent_;
  std::unordered_map<std::string, Line> lines_;
  Dues dues_;
  std::uint64_t last_number_ = 0;
  std::set<std::chrono::nanoseconds> alarms_set_;
  bool is_closed_ = false;
  std::atomic<std::size_t> lines_in_use_{0};
  std::atomic<std::uint64_t> merged_{0};
};

}  // namespace annal
