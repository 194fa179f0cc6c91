// The rules that watch what a bus tells, live. What a rule finds is published like any event.
//
//   auto alerts = bus.rules().add(annal::rules::count({.name = "failures", …}));
//
// Guide: docs/guides/bus.md
#pragma once

#include "annal/bus/connection.hpp"
#include "annal/bus/rules/rule.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace annal {

struct RuleStatus {
  std::string name;
  RuleCounts counts;
  std::uint64_t published = 0;  // events that the rule emitted and that were taken
  std::uint64_t failures = 0;   // events it could not look at, matches that came to nothing
  std::string last_failure;
};

//   threads   every member: any number of callers
class Rules {
 public:
  // How long after its time an absence, or the end of a bucket, is found where no event moves a rule's
  // clock: by then everything recorded before can be read. What can be read and is still being told,
  // to the rule or to others, is waited for. What takes longer than this from its recorded_at until it
  // can be read, since the disk stalls or since it was imported with an earlier time, may come too
  // late, and a rule say that it did not come.
  static constexpr std::chrono::milliseconds margin{1000};

  // From the next event on. On a bus with a log the rule first reads as much of it as its memory
  // reaches back, and says nothing of what it finds there; what it then emits is recorded once,
  // however often it is found, if the policy of its type has it recorded. An event the rule's own
  // functions fail on is a dead letter of the rule, unless it was told while the rule began: then it
  // is one of its failures only. What events complete is published on the threads that tell them,
  // what time brings about on one of the bus; of two found at one time either may be first.
  // Cut and waited for, the rule's functions are called no more; WouldDeadlock inside one of them, too.
  //   throws    InvalidInput if there is a rule of that name that is not cut
  //   cost      of add, reading the events of the rule's interest
  Connection add(Rule rule);
  std::vector<RuleStatus> status() const;

  struct State;
  explicit Rules(std::shared_ptr<State> state);
  ~Rules();
  Rules(const Rules&) = delete;
  Rules& operator=(const Rules&) = delete;

 private:
  const std::shared_ptr<State> state_;
};

}  // namespace annal
