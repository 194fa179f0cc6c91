// The mean and the deviation of samples, and whether a number is far from them.
#pragma once

#include "annal/bus/rules/anomaly_rule.hpp"
#include "annal/bus/rules/rule_checks.hpp"

#include <cstddef>
#include <vector>

namespace annal::rules {

// What both anomalies are told of how far is too far.
struct Tolerance {
  double deviations;
  std::size_t least_samples;
  double least_deviation;
  Side side;
};

template <class Options>
Tolerance tolerance_of(const Options& options) {
  return {options.deviations, options.least_samples, options.least_deviation, options.side};
}

template <class Options>
void check_tolerance(const RuleChecks& checks, const Options& options) {
  constexpr std::size_t most_samples = 1000;
  checks.number("deviations", options.deviations, true);
  checks.number("samples", options.samples, 2, most_samples);
  checks.number("least_samples", options.least_samples, 2, options.samples);
  checks.number("least_deviation", options.least_deviation, false);
  if (options.least_deviation < 0)
    checks.refuse("least_deviation", std::to_string(options.least_deviation), "give it 0 or more");
}

struct Verdict {
  double mean = 0, deviation = 0;
  bool unusual = false;
};

// Computed from the samples each time: sums kept up as samples come and go would depend, in their
// last digits, on everything that ever came.
Verdict judge(double number, const std::vector<double>& samples, const Tolerance& tolerance);

}  // namespace annal::rules
