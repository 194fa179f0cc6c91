// Rules at work on a bus.
#pragma once

#include "annal/bus/alarms.hpp"
#include "annal/bus/rules.hpp"
#include "annal/bus/subscriptions.hpp"
#include "annal/log/event_log.hpp"

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

  std::mutex mutex;
  std::vector<std::weak_ptr<LiveRule>> rules;  // that are not cut

  // Those that live.
  std::vector<std::shared_ptr<LiveRule>> members();
  // Throws InvalidInput if there is one of its name.
  void join(const std::shared_ptr<LiveRule>& rule);
  void forget(const std::weak_ptr<LiveRule>& rule) noexcept;
};

}  // namespace annal
