// How often and how soon something that failed is tried again.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace annal {

struct RetryPolicy {
  int attempts = 5;                         // in all; at least 1
  std::chrono::milliseconds first{50};      // before the second; doubled before each further one
  std::chrono::milliseconds longest{5000};  // and never longer than this
  double jitter = 0.2;                      // up to this part of the pause is taken off, at random
};

// The pause before the next attempt, after so many that failed.
inline std::chrono::milliseconds pause_after(int failed, const RetryPolicy& policy,
                                             std::mt19937_64& random) {
  std::chrono::milliseconds pause = policy.first;
  for (int i = 1; i < failed && pause < policy.longest; ++i) pause *= 2;
  pause = std::min(pause, policy.longest);
  std::uniform_real_distribution<double> part(0, std::clamp(policy.jitter, 0.0, 1.0));
  return pause - std::chrono::duration_cast<std::chrono::milliseconds>(pause * part(random));
}

}  // namespace annal
