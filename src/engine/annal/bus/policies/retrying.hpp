// Retrying: an event whose time has not come is asked about again, each time later, until it has
// been asked about often enough or nobody can afford another attempt.
//
//   auto budget = std::make_shared<annal::RetryBudget>();
//   auto waiting = bus.control().add(
//       annal::retrying([&](const annal::Envelope& event, const annal::ControlContext&) {
//         return !indexed(event.stream);
//       }, {.waits_for = "the index", .budget = budget}),
//       {.name = "after the index"});
#pragma once

#include "annal/bus/control.hpp"
#include "annal/event/randomness.hpp"
#include "annal/log/retry.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace annal {

struct RetryBudgetOptions {
  double share = 0.1;  // of a token, that each first attempt brings; 0–1000
  double most = 10;    // tokens it holds, and begins with; 1–1'000'000
};

// What retries may cost, shared by those who name it: each first attempt deposits a part of a
// token, each retry withdraws a whole one. So however much fails at once, retries are at most
// `most` and the share of first attempts.
//   threads   every member: any number of callers
// Source: Finagle's RetryBudget, gRPC's retry throttling
class RetryBudget {
 public:
  // Throws InvalidInput for options out of their bounds.
  explicit RetryBudget(RetryBudgetOptions options = {});

  //   cost      one atomic exchange; a load while it is full
  void deposit() noexcept;
  // False, and nothing is taken, if there is no whole token.
  bool try_withdraw() noexcept;
  double tokens() const noexcept;

 private:
  const std::int64_t share_;  // in millionths of a token, as are all of these
  const std::int64_t most_;
  std::atomic<std::int64_t> tokens_;
};

// Whether an event has to wait.
//   threads   called by any number at once
using NotYet = std::function<bool(const Envelope& event, const ControlContext& context)>;

struct RetryingOptions {
  std::string waits_for = "its condition";  // in reasons
  RetryPolicy policy = {};                  // attempts 1 or more, factor 1–1000, jitter 0–1
  std::shared_ptr<RetryBudget> budget = nullptr;  // null: nothing but the attempts is counted
  Randomness* randomness = nullptr;               // seeds the jitter, now; null: the system's
};

// A handler that answers RETRY while `not_yet`, and PROCEED otherwise. The pause is that of the
// policy after so many attempts. It answers FAIL, saying how many attempts there were, when the
// last one came too early, and FAIL when the budget is exhausted. An attempt is the event's: those
// that another handler asked for count, too.
//   throws    InvalidInput for no function, or a policy out of its bounds
//   cost      the predicate's; a lock for each RETRY
//   threads   any number of callers
ControlHandler retrying(NotYet not_yet, RetryingOptions options = {});

}  // namespace annal
