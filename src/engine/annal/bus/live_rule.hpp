// A rule at work on a bus: its run, what it waits for, and what it has come to.
#pragma once

#include "annal/bus/rule_calls.hpp"
#include "annal/bus/rules_state.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace annal {

//   threads   every member: any number of callers
class LiveRule : public std::enable_shared_from_this<LiveRule> {
 public:
  //   around    must outlive every call of begin and take
  LiveRule(Rules::State& around, Rule rule);

  const std::string& name() const { return rule_.name; }
  const Query& interest() const { return rule_.interest; }

  // Looks at what the log holds up to a position. What is told meanwhile is looked at afterwards.
  void begin(const EventLog* log, Position through);
  // The next event that is told.
  void take(const EventPointer& event);
  RuleStatus status() const;

  // It looks at nothing and says nothing any more, but for the one emission being made on a thread.
  void cut() noexcept { calls_.cut(); }
  // Throws WouldDeadlock where the wait would be for the caller itself.
  void wait_until_idle() { calls_.wait(); }

 private:
  void look_at(const Envelope& event, std::vector<Match>& matches);
  void wait_for_time();
  void wake(Timestamp due, std::chrono::microseconds left);
  void time_has_come(std::uint64_t alarm);
  void move_clock(std::vector<Match>& matches);
  void emit(const std::vector<Match>& matches);
  void emit_later(std::vector<Match> matches);
  void note_failure(std::string what);

  Rules::State& around_;
  const Rule rule_;
  RuleCalls calls_;
  mutable std::mutex mutex_;
  std::unique_ptr<RuleRun> run_;
  bool has_begun_ = false;
  Position begun_after_;
  std::vector<EventPointer> early_;  // told before it had begun
  std::optional<Timestamp> awaited_;
  std::uint64_t last_alarm_ = 0;  // the one that counts: whatever was set before it does nothing
  std::uint64_t published_ = 0, failures_ = 0;
  std::string last_failure_;
};

}  // namespace annal
