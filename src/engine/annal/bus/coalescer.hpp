// Events that wait for others of their kind, to go out as one.
#pragma once

#include "annal/bus/alarms.hpp"
#include "annal/event/envelope.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace annal {

// At most one kind waits for each stream; events without a stream are told apart by their type.
//   threads   every member: any number of callers
class Coalescer {
 public:
  // Takes what goes out: on the thread that makes it go, or that of the alarms.
  using Send = std::function<void(Envelope event)>;

  Coalescer(Alarms& alarms, Send send);

  // Keeps the event back. What waits of another type of its stream goes out before this returns.
  void hold(Envelope event, std::chrono::milliseconds within);
  // What waits for the event's stream goes out, if it is of another type.
  void let_go_before(const Envelope& event);
  void let_go_all();

  // Events that went out as part of another.
  std::uint64_t merged() const { return merged_; }
  bool empty() const { return size_ == 0; }

 private:
  struct Held {
    Envelope last;
    std::uint64_t count = 1;
    std::uint64_t number = 0;  // which of all that were ever held
  };

  static const std::string& key_of(const Envelope& event) {
    return event.stream.empty() ? event.type : event.stream;
  }
  void let_go(const std::string& key, std::uint64_t number);
  std::optional<Envelope> take(std::unordered_map<std::string, Held>::iterator held);

  Alarms& alarms_;
  const Send send_;
  std::mutex mutex_;
  std::unordered_map<std::string, Held> held_;
  std::uint64_t last_number_ = 0;
  std::atomic<std::size_t> size_{0};
  std::atomic<std::uint64_t> merged_{0};
};

}  // namespace annal
