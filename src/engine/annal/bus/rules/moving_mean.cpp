#include "annal/bus/rules/moving_mean.hpp"

#include <algorithm>
#include <cmath>

namespace annal::rules {
namespace {

bool is_on(Side side, double distance) {
  return side == Side::either || (side == Side::above) == (distance > 0);
}

}  // namespace

Verdict judge(double number, const std::vector<double>& samples, const Tolerance& tolerance) {
  if (samples.size() < tolerance.least_samples) return {};
  const auto count = static_cast<double>(samples.size());
  double sum = 0;
  for (const double sample : samples) sum += sample;
  const double mean = sum / count;
  double squares = 0;
  for (const double sample : samples) squares += (sample - mean) * (sample - mean);
  const double deviation = std::sqrt(squares / (count - 1));
  const double distance = number - mean;
  const double allowed = tolerance.deviations * std::max(deviation, tolerance.least_deviation);
  return {mean, deviation, std::abs(distance) > allowed && is_on(tolerance.side, distance)};
}

}  // namespace annal::rules
