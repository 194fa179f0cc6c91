#include "annal/log/retry.hpp"

#include "annal/error.hpp"

namespace annal {

void check(const RetryPolicy& policy, const std::string& who) {
  const auto refuse = [&](const std::string& what) {
    throw InvalidInput(who + ": its retry policy has " + what);
  };
  if (policy.attempts < 1) refuse(std::to_string(policy.attempts) + " attempts; use 1 at least");
  if (policy.first.count() < 0 || policy.longest < policy.first)
    refuse("pauses from " + std::to_string(policy.first.count()) + " ms to " +
           std::to_string(policy.longest.count()) +
           " ms; the first must not be negative, nor longer than the longest");
  if (!(policy.factor >= 1 && policy.factor <= 1000))
    refuse("the factor " + std::to_string(policy.factor) + "; use 1–1000");
  if (!(policy.jitter >= 0 && policy.jitter <= 1))
    refuse("the jitter " + std::to_string(policy.jitter) + "; use 0–1");
}

}  // namespace annal
