// How often and how soon something that failed is tried again.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <string>

namespace annal {

struct RetryPolicy {
  int attempts = 5;                         // in all; at least 1
  std::chrono::milliseconds first{50};      // before the second
  double factor = 2;                        // each further pause is so many times the one before
  std::chrono::milliseconds longest{5000};  // and never longer than this
  double jitter = 0.2;                      // up to this part of the pause is taken off, at random
};

// Throws InvalidInput for one that cannot be kept: factor 1–1000, jitter 0–1.
//   who   whose it is, as the message begins
void check(const RetryPolicy& policy, const std::string& who);

// The pause before the next attempt, after so many that failed.
inline std::chrono::milliseconds pause_after(int failed, const RetryPolicy& policy,
                                             std::mt19937_64& random) {
  using std::chrono::milliseconds;
  const double grown =
      static_cast<double>(policy.first.count()) * std::pow(policy.factor, std::max(failed, 1) - 1);
  milliseconds pause = policy.first;  // none stays none, however often it is multiplied
  if (grown >= static_cast<double>(policy.longest.count()))
    pause = policy.longest;
  else if (grown > 0)
    pause = milliseconds(static_cast<milliseconds::rep>(grown));
  std::uniform_real_distribution<double> part(0, std::clamp(policy.jitter, 0.0, 1.0));
  return pause - std::chrono::duration_cast<milliseconds>(pause * part(random));
}

}  // namespace annal
