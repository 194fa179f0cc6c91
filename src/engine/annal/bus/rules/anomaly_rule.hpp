// Rules about what is unusual: a number, or how many events there are, far from the mean of what
// went before.
#pragma once

#include "annal/bus/rules/rule.hpp"
#include "annal/bus/rules/rule_options.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace annal::rules {

enum class Side { either, above, below };

// A number more than `deviations` standard deviations from the mean of the samples before it, in
// event time. The deviation is that of samples, over n - 1; what is unusual is a sample for what
// follows. `value` is the number, `mean` and `deviation` are those of the samples; `from`, `to` and
// `at` are the event's time.
struct ValueAnomaly {
  std::string name = {};
  Query of = {};
  KeyOf by = by_stream();
  NumberOf number = {};
  double deviations = 3;
  std::size_t samples = 60;        // the latest before it; 2–1000
  std::size_t least_samples = 10;  // it says nothing while there are fewer; 2–samples
  // The deviation is taken to be at least this. With 0, where all samples are the same, anything
  // else is unusual: give it how much of a change matters.
  double least_deviation = 0;
  Side side = Side::either;
  // How long a number is a sample, and how long after it happened an event may be recorded and count.
  std::chrono::microseconds memory = std::chrono::hours(24);
  std::size_t keys = 10'000;  // remembered, the last used
  Rule::Emit emit = {};
};

//   cost      O(samples) an event
//   throws    InvalidInput for options no rule can have, naming them
Rule value_anomaly(ValueAnomaly options);

// An unusual number of events of a key in a bucket, a stretch of time that begins at a multiple of
// `bucket` since the epoch. Samples are the buckets before it, empty ones too, from the first of
// them that had an event; a key whose buckets are all empty is forgotten. So silence is told as long
// as it is unusual. A bucket is judged when the clock reaches its end and `lateness` more; what comes
// later still counts in the sample. `count` and `value` are the events in the bucket, `from` and `to`
// its bounds, `at` its end; `caused_by` are its events or, if it is empty, the last before it.
struct RateAnomaly {
  std::string name = {};
  Query of = {};
  KeyOf by = by_stream();
  std::chrono::microseconds bucket = std::chrono::minutes(1);
  double deviations = 3;
  std::size_t samples = 60;        // buckets; 2–1000
  std::size_t least_samples = 10;  // it says nothing while there are fewer; 2–samples
  double least_deviation = 1;      // as above, in events
  Side side = Side::either;
  // How long after it happened an event may be recorded and count in a bucket that is judged; at
  // most 1000 buckets.
  std::chrono::microseconds lateness{0};
  std::size_t keys = 10'000;  // remembered, the last used
  Rule::Emit emit = {};
};

// Its memory is samples + 2 buckets, and lateness.
//   cost      O(log samples) an event; O(samples) a bucket and key; a copy of each event without
//             its data
//   throws    InvalidInput for options no rule can have, naming them
Rule rate_anomaly(RateAnomaly options);

}  // namespace annal::rules
