// What each thread that publishes has for itself, so that several do not write to the same places:
// ids, the newest events and their ids, what is counted.
#pragma once

#include "annal/bus/book.hpp"
#include "annal/bus/id_window.hpp"
#include "annal/bus/recent.hpp"
#include "annal/bus/rising_ids.hpp"
#include "annal/event/envelope.hpp"
#include "annal/event/ulid.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <new>
#include <string>

namespace annal {

// An event that was told, in the order of its desk.
struct Told {
  std::shared_ptr<const Envelope> event;
  Timestamp at{};
  std::uint64_t sequence = 0;
};

// Counted by one thread at a time, and read by any.
class Tally {
 public:
  void add(std::uint64_t more = 1) {
    count_.store(count_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> count_{0};
};

// About what an event takes in memory.
inline std::size_t footprint(const Envelope& event) {
  std::size_t bytes = sizeof(Envelope) + bytes_of(event);
  for (const auto& tag : event.tags) bytes += tag.size();
  return bytes;
}

//   threads   one at a time
class Desk {
 public:
  struct Options {
    Randomness* randomness = nullptr;
    std::size_t history_events = 0, history_bytes = 0;
    std::size_t known_ids = 0;
    std::size_t names = 0;  // whose figures are kept, of types and of entities each
  };

  explicit Desk(const Options& options)
      : ids(*options.randomness),
        history(options.history_events, options.history_bytes),
        types(options.names),
        entities(options.names),
        new_ids_(options.known_ids),
        known_ids_(options.known_ids) {}

  // The ids of transient events. Those made here mostly come in the order they were made in.
  bool knows(const Ulid& id) const { return new_ids_.contains(id) || known_ids_.contains(id); }
  void remember_new(const Ulid& id) {
    if (!new_ids_.add(id)) known_ids_.add(id);
  }
  void remember_given(const Ulid& id) { known_ids_.add(id); }

  // What was counted of a type whose topic goes. Without memory for it, it is lost.
  template <class Topic>
  void retire(const std::string& type, const Topic& topic) noexcept {
    try {
      if (topic.page.count > 0) merge(topic.page, types.page(type));
    } catch (const std::bad_alloc&) {
    }
  }

  UlidSequence ids;
  Recent<Told> history;
  Book types;  // without what their topics have counted
  Book entities;
  std::uint64_t told = 0;
  Timestamp newest{};  // of the history; never goes back
  Tally published, dropped, skipped, rejected, duplicates;

 private:
  RisingIds new_ids_;
  IdWindow known_ids_;
};

}  // namespace annal
