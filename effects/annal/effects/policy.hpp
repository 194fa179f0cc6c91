// How an effect is performed beside calling its handler: again when it failed, for so long and no
// longer, not too often, not too many at once. Data, given to one `perform`, to a type of effect among
// the handlers, or by the type itself; the nearest counts, as a whole.
//
//   auto bank = std::make_shared<CircuitBreaker>(CircuitOptions{.name = "bank"});
//   handlers.govern<Charge>({.retry = RetryPolicy{.attempts = 3}, .timeout = 2s, .circuit = bank});
//   perform(Charge{"ann", 500}, {.retry = RetryPolicy{.attempts = 1}});  // this one is tried once
//   std::cout << handlers.explain<Charge>();
#pragma once

#include "annal/bus/policies/circuit_breaker.hpp"
#include "annal/bus/policies/rate_limit.hpp"
#include "annal/bus/policies/retrying.hpp"
#include "annal/effects/effect_queue.hpp"
#include "annal/effects/failure.hpp"
#include "annal/effects/remembered_results.hpp"
#include "annal/log/retry.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace annal::effects {

// What surrounds a handler. Each is left out where the policy says nothing of it.
enum class Stage : std::uint8_t {
  cache,        // a result that is remembered is given again
  deduplicate,  // what is being performed under the same key is waited for, and not performed twice
  queue,        // waits for its turn among others; may be performed together with them
  rate,         // waits for a token
  circuit,      // what keeps failing is left alone
  retry,        // what failed is tried again
  timeout       // each attempt is given up after a while
};
std::string_view to_string(Stage stage);
// Outermost first: as they stand above.
const std::vector<Stage>& usual_order();

struct Policy {
  std::optional<RetryPolicy> retry = {};
  // Which failures are tried again; those that are transient or a timeout when empty.
  std::function<bool(const Failure& failure)> retry_if = {};
  std::shared_ptr<RetryBudget> budget = nullptr;         // of retries; null: only attempts count
  std::optional<std::chrono::nanoseconds> timeout = {};  // of an attempt
  std::shared_ptr<CircuitBreaker> circuit = nullptr;
  std::shared_ptr<RateLimit> rate =
      nullptr;  // a token of the effect's `rate_key()`, or of its name
  std::shared_ptr<EffectQueue> queue = nullptr;
  int priority = 0;  // in the queue: higher ones first, those of one priority as they came
  std::shared_ptr<RememberedResults> cache = nullptr;        // of an effect with a `cache_key()`
  std::shared_ptr<RememberedResults> deduplicate = nullptr;  // of one with an `idempotency_key()`
  // Outermost first; each stage that the policy says something of exactly once. Results are remembered
  // outside of a queue, and a timeout is of an attempt: it comes last. usual_order() if empty.
  std::vector<Stage> order = {};

  // The stages in their order.
  std::vector<Stage> stages() const;
  // Whether two effects under these may be performed by one call.
  bool agrees_with(const Policy& other) const;
  // Outermost first, separated by arrows: `circuit bank → retry 3 times from 50 ms → timeout 2000 ms`.
  std::string to_string() const;
};

// Throws InvalidInput for a policy that cannot be kept.
//   who   the effect's name
void check(const Policy& policy, std::string_view who);

}  // namespace annal::effects
