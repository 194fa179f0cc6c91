// Rules that count: so many events of one key within a window, or so many per unit of time.
#pragma once

#include "annal/bus/rules/rule.hpp"
#include "annal/bus/rules/rule_options.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace annal::rules {

// At least so many events of one key within the window. An event is judged by the fullest window it
// lies in: `count`, `from` and `to` are of that one, and `at` is its end.
struct Count {
  std::string name = {};
  Query of = {};
  KeyOf by = by_stream();
  std::size_t at_least = 0;             // 1–9999
  std::chrono::microseconds window{0};  // up to ten years
  // once: when the count rises to at_least; what falls out of the window on the way lets it fall.
  Says says = Says::each_time;
  // How long after it happened an event may be recorded and still count.
  std::chrono::microseconds lateness = std::chrono::minutes(10);
  // Remembered, the latest; at most 10,000, and never fewer than at_least + 1. It counts no further.
  std::size_t events_per_key = 256;
  std::size_t keys = 10'000;  // remembered, the last used
  Rule::Emit emit = {};
};

// Its memory is window + lateness; `value` is the count.
//   throws    InvalidInput for options no rule can have, naming them
Rule count(Count options);

// The same told per unit of time: at_least events per `per`, on average over the window.
struct Rate {
  std::string name = {};
  Query of = {};
  KeyOf by = by_stream();
  double at_least = 0;  // events per `per`; at most 9999 over the window
  std::chrono::microseconds per = std::chrono::minutes(1);
  std::chrono::microseconds window{0};
  Says says = Says::each_time;
  std::chrono::microseconds lateness = std::chrono::minutes(10);
  std::size_t events_per_key = 256;
  std::size_t keys = 10'000;
  Rule::Emit emit = {};
};

// `value` is the rate, in events per `per`.
Rule rate(Rate options);

}  // namespace annal::rules
