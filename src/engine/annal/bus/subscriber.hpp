// One who is told, and those who are told together.
#pragma once

#include "annal/bus/audience.hpp"
#include "annal/bus/book.hpp"
#include "annal/bus/bus.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace annal {

// What is told beside the handler's call.
using EventPointer = std::shared_ptr<const Envelope>;
// A part of the bus, which takes the event to tell of it later: an observer, a rule, an expectation.
// It is not counted among the subscribers.
using EventTaker = std::function<void(const EventPointer&)>;

// In the first line of memory what every call needs.
struct alignas(64) Subscriber : std::enable_shared_from_this<Subscriber> {
  // Whatever stops a call from being nothing but a call.
  enum Flag : std::uint8_t { gone = 1, paused = 2, owned = 4, chooses = 8, takes = 16 };

  Subscriber(Query wanted, SubscribeOptions asked);
  bool is_orphan() const { return options.owner && options.owner->expired(); }

  // What topics that are gone have counted, and what a topic cannot know.
  void count(std::uint64_t calls, const SlidingCount& when) {
    std::lock_guard lock(mutex);
    told += calls;
    recent.add(when);
  }
  void count_one(Timestamp now) {
    std::lock_guard lock(mutex);
    ++told;
    recent.add(second_of(now));
  }
  // Counted by a topic, and not told.
  void miss_one(Timestamp now) {
    std::lock_guard lock(mutex);
    ++missed;
    recently_missed.add(second_of(now));
  }

  std::atomic<std::uint8_t> flags{0};
  EventHandler handler;

  EventTaker taker;  // instead of the handler
  SubscribeOptions options;
  Interest interest;
  Rank rank;
  std::function<void()> disconnect;
  std::mutex mutex;
  std::uint64_t told = 0, missed = 0;
  SlidingCount recent, recently_missed;
  std::atomic<std::uint64_t> errors{0};
  LatencyHistogram latencies;
};

struct Delivery;

// Those found by one type, stream or tag, until somebody comes or goes. Events of a type go through
// a signal of Boost.Signals2.
//   threads   one at a time
class Topic {
 public:
  explicit Topic(std::vector<std::shared_ptr<Subscriber>> members);
  ~Topic();
  Topic(const Topic&) = delete;
  Topic& operator=(const Topic&) = delete;

  // Tells the delivery's table.
  void emit(Delivery& delivery);
  // Its subscribers keep what it has counted.
  void retire() noexcept;

  // Everybody whom each event of the topic was told.
  template <class Visit>
  void for_each_counted(Visit visit) const {
    if (page.count == 0) return;
    for (const auto& subscriber : table)
      if (!(subscriber->flags & Subscriber::chooses)) visit(*subscriber);
  }

  const std::vector<std::shared_ptr<Subscriber>> table;
  Book::Page page;  // under the lane's mutex

 private:
  struct Signal;

  std::unique_ptr<Signal> signal_;
};

}  // namespace annal
