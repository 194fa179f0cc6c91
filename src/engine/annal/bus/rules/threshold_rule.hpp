// Rules about a number that events tell: it is too high, too low, or out of bounds.
#pragma once

#include "annal/bus/rules/rule.hpp"
#include "annal/bus/rules/rule_options.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace annal::rules {

// Which numbers are too high or too low.
struct Limit {
  enum class Kind { none, at_least, at_most, outside };
  Kind kind = Kind::none;
  double low = 0, high = 0;

  bool is_met_by(double number) const;
  std::string to_string() const;  // `at least 90.000000`
};
Limit at_least(double bound);                  // it, and what is greater
Limit at_most(double bound);                   // it, and what is less
Limit outside(double lowest, double highest);  // below the one or above the other

// A number that meets the limit. `value` is the number, `from`, `to` and `at` the event's time.
struct Threshold {
  std::string name = {};
  Query of = {};
  KeyOf by = by_stream();
  NumberOf number = {};
  Limit limit = {};
  // once: not if the number before it, in event time, met the limit too. An event that comes late
  // says nothing if the number after it has spoken; what is between two others divides nothing.
  Says says = Says::once;
  // So long after the last number the next is the first again, and an event may be recorded so long
  // after it happened and still count.
  std::chrono::microseconds memory = std::chrono::hours(24);
  std::size_t events_per_key = 64;  // remembered, the latest; 1–10,000
  std::size_t keys = 10'000;        // remembered, the last used
  Rule::Emit emit = {};
};

//   throws    InvalidInput for options no rule can have, naming them
Rule threshold(Threshold options);

}  // namespace annal::rules
