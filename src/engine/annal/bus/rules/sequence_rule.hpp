// Rules about two events of one key, one after the other: that the second came, how long that took,
// or that it did not come.
#pragma once

#include "annal/bus/rules/rule.hpp"
#include "annal/bus/rules/rule_options.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace annal::rules {

// One event and then another of the same key less than `within` later, with neither sort between
// them: a further first begins the wait anew, a further second has no first. An event of both sorts
// ends one pair and begins the next. `from` is the first event's time, `to` and `at` are the second's;
// `value` is what lies between them, in microseconds; `caused_by` are the two. `event` is the one that
// came last: the first, if that is late. An event that comes late between two that were paired makes a
// pair of its own with its neighbour; what was told is not taken back.
struct Sequence {
  std::string name = {};
  Query first = {};
  Query then = {};
  KeyOf by = by_stream();
  std::chrono::microseconds within{0};  // up to ten years
  // How long after it happened an event may be recorded and still count.
  std::chrono::microseconds lateness = std::chrono::minutes(10);
  std::size_t events_per_key = 64;  // remembered, the latest; 2–10,000
  std::size_t keys = 10'000;        // remembered, the last used
  Rule::Emit emit = {};
};

// Its memory is within + lateness.
//   throws    InvalidInput for options no rule can have, naming them
Rule sequence(Sequence options);

// From a start to an end: a sequence, told as a duration.
struct Completion {
  std::string name = {};
  Query start = {};
  Query end = {};
  KeyOf by = by_stream();
  std::chrono::microseconds within = std::chrono::hours(24);  // how long a start is remembered
  std::chrono::microseconds lateness = std::chrono::minutes(10);
  std::size_t events_per_key = 64;
  std::size_t keys = 10'000;
  Rule::Emit emit = {};
};

// match.duration() is the duration.
Rule completion(Completion options);

enum class Again {
  // What comes again while it is waited for reminds of the first: the wait goes on. What follows
  // less than `within` after another without an end between them is of the same wait, which is told
  // once.
  reminds,
  restarts,  // the wait begins anew with each
};

// One event and no other of the same key less than `within` later. It is told `lateness` after that
// time is up, `at` the time it was up: `from` is the event's time, `to` and `at` are `within` later,
// `value` is that in microseconds. `event` is the one that waited in vain, without its data. An event
// of both sorts ends one wait and begins the next.
struct Absence {
  std::string name = {};
  Query of = {};     // what begins the wait
  Query until = {};  // what ends it
  KeyOf by = by_stream();
  std::chrono::microseconds within{0};  // up to ten years
  Again again = Again::reminds;
  // How long after it happened the other may be recorded and still end the wait.
  std::chrono::microseconds lateness{0};
  // Remembered, the latest and those that begin a wait; 4–1000. Of more, reminders are forgotten
  // first, and nothing is told differently as long as events come in order.
  std::size_t events_per_key = 16;
  std::size_t keys = 10'000;  // remembered, the last used
  Rule::Emit emit = {};
};

// Its memory is within + lateness, and within again where reminders are known by what was before.
//   cost      O(log n) an event; up to events_per_key for one that comes late or is one too many
Rule absence(Absence options);

}  // namespace annal::rules
