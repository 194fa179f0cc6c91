// A rule over what the log holds: what it would have said, and a run that goes on from there.
//
//   annal::RuleHistory history = annal::run_over(alert, log);
//   for (const auto& emission : history.emissions) …
#pragma once

#include "annal/bus/rules/rule.hpp"
#include "annal/log/event_log.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace annal {

// Both ends included; from the log's beginning to its head unless they are given.
struct RuleSpan {
  std::optional<Position> from = {}, to = {};
};

// An event a rule could not look at, or a match it could not make an event of.
struct RuleFailure {
  Position position;  // of the event that was looked at, or that completed the match
  std::string what;
};

struct RuleHistory {
  static constexpr std::size_t failures_limit = 256;

  std::vector<Emission> emissions;    // in the order live gives them
  std::vector<RuleFailure> failures;  // the first 256
  std::uint64_t failed = 0;           // all of them
  RuleCounts counts;                  // of the run, with what it was shown before the span
};

// What a run that had seen everything before would have emitted while the events of the span came,
// up to the time the last of them was recorded: emissions go to `emit` as they are found. What fails
// is left out and told in the answer, whose emissions are empty.
//   throws    what `emit` throws; StorageError and its children
//   cost      reads the events of the rule's interest from `memory` before the span, a page at a time
RuleHistory run_over(const Rule& rule, const EventLog& log, RuleSpan span,
                     const std::function<void(Emission)>& emit);
// The same, and the answer holds the emissions.
RuleHistory run_over(const Rule& rule, const EventLog& log, RuleSpan span = {});

// Shows a fresh run the last `memory` of the log up to a position and drops what it finds: the run
// then goes on with the next event as one that never stopped. What the rule's functions throw on the
// way is dropped, too.
//   through   position 0 shows it nothing; beyond the head stands for the head
//   cost      reads the events of the rule's interest, a page at a time
void warm(RuleRun& run, const Rule& rule, const EventLog& log, Position through);

}  // namespace annal
