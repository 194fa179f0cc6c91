// Rules at work on a bus.
#pragma once

#include "annal/bus/alarms.hpp"
#include "annal/bus/rules.hpp"
#include "annal/bus/subscriptions.hpp"
#include "annal/log/event_log.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace annal {

// A rule, its run, and what it waits for.
class LiveRule;

struct Rules::State {
  Subscriptions& subscriptions;
  Alarms& alarms;
  const Clock& clock;
  // Publishes what a rule emits; says whether it was taken.
  std::function<bool(Emission emission)> publish;
  // The newest recorded event that the bus has begun to tell: a rule that comes reads up to there.
  std::function<Position()> begun;
  // The log that events are recorded in; null if there is none.
  std::function<const EventLog*()> log;
  // Does work on another thread of the bus, in the order it is handed over; must not throw. What was
  // handed over and is not done when the bus ends may be dropped.
  //   returns   false where it will not be done
  std::function<bool(std::function<void()> work)> later;

  std::mutex mutex;
  std::vector<std::weak_ptr<LiveRule>> rules;  // that are not cut
  // Of the newest recorded event that everybody was told of.
  std::atomic<std::uint64_t> told_through{0};  // its position
  std::atomic<std::int64_t> told_at{0};        // when it was recorded, in µs since 1970

  // Those that live.
  std::vector<std::shared_ptr<LiveRule>> members();
  // Throws InvalidInput if there is one of its name.
  void join(const std::shared_ptr<LiveRule>& rule);
  void forget(const std::weak_ptr<LiveRule>& rule) noexcept;

  // By the one thread that tells recorded events, in their order.
  void note_told(Position position, Timestamp recorded_at) {
    told_at = recorded_at.time_since_epoch().count();
    told_through = position.value;
  }
  // Everything recorded up to the time that is returned was told.
  //   settled   everything recorded up to there can be read; what is returned is no later
  Timestamp told_until(Timestamp settled) const;
};

}  // namespace annal
