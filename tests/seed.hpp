// The seed of random tests: the environment's SEED, or a new one. It is printed before the first
// test and given to rapidcheck too (unless RC_PARAMS says otherwise),
// so that a failure can be repeated.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace annal::test {

inline std::uint64_t seed() {
  static const std::uint64_t chosen = [] {
    const char* wanted = std::getenv("SEED");
    return wanted != nullptr ? std::stoull(wanted) : std::uint64_t{std::random_device{}()};
  }();
  return chosen;
}

class SeedIsPrinted : public ::testing::Environment {
 public:
  void SetUp() override {
    std::cout << "SEED=" << seed() << '\n';
    setenv("RC_PARAMS", ("seed=" + std::to_string(seed())).c_str(), 0);
  }
};

inline const auto* const seed_is_printed = ::testing::AddGlobalTestEnvironment(new SeedIsPrinted);

}  // namespace annal::test
