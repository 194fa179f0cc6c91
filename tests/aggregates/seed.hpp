// The seed of random tests: the environment's SEED, or a new one;
// printed, so that a failure can be repeated.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace annal::test {

inline std::uint64_t seed() {
  static const std::uint64_t chosen = [] {
    const char* wanted = std::getenv("SEED");
    const std::uint64_t number = wanted ? std::stoull(wanted) : std::random_device{}();
    std::cout << "SEED=" << number << '\n';
    return number;
  }();
  return chosen;
}

// Gives rapidcheck the seed, unless RC_PARAMS says otherwise. To be made before its first check.
inline bool seed_rapidcheck() {
  return setenv("RC_PARAMS", ("seed=" + std::to_string(seed())).c_str(), 0) == 0;
}

}  // namespace annal::test
