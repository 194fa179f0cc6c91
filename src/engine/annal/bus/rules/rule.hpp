// A rule watches the stream of events for a pattern and emits an event when it finds one: live, or
// over history with the same result. The kinds of rules are in annal/bus/rules/*_rule.hpp.
//
//   annal::Rule alert = annal::rules::count({
//       .name = "failure_alert",
//       .of = annal::Query::of_types({annal::TopicPattern::of("ai_coder.failed")}),
//       .at_least = 3,
//       .window = std::chrono::minutes(10),
//       .emit = [&](const annal::Match& match) { return catalogue.wrap(Alert{match.key}); }});
//   auto run = alert.start();
//   std::vector<annal::Match> matches;
//   run->see(event, matches);
//   for (const auto& match : matches)
//     if (auto emission = annal::emission(alert, match)) …
#pragma once

#include "annal/event/envelope.hpp"
#include "annal/log/query.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace annal {

// Times. An event's time is happened_at(), but never later than it was recorded: a source whose
// clock is ahead does not reach into the future. A run's clock is the greatest recorded_at it has
// seen (of events never recorded, position 0, the greatest happened_at), moved on by advance(). No
// run reads any other clock. A transient event that says a time ahead of now takes the clock there,
// and what is recorded afterwards is late: whoever shows a run such events corrects them first.
//
// Windows. "Within t" is less than t later: of two events exactly t apart the second is outside.
// Events are put where their time belongs among those remembered, whatever order they come in; what
// is of one time stays in the order it came. A rule remembers what happened less than `memory`
// before its run's clock. An event older than that is counted as late and otherwise left out.
//
// The same again. A run is decided by the events given to it and their order alone. What time by
// itself brings about, an absence or the end of a bucket, is decided when the clock reaches it, in
// the order of its times, before the event that moved the clock is looked at. So history gives what
// live gave, and a fresh run that is shown the last `memory` of it goes on as one that never stopped
// (annal/bus/rules/rule_history.hpp), as long as
//   - events come in the order of the log, and transient ones are none of the rule's interest,
//   - advance() is called only with times up to which everything recorded has been seen,
//   - no run had to forget keys or events for want of room, and
//   - no event was recorded twice under one id without saying when it occurred.

// At most this many ids stand in a match, those of the latest events.
inline constexpr std::size_t causes_limit = 100;

// The pattern was found.
struct Match {
  std::string rule;         // its name
  std::string key;          // of the group it was found in
  std::uint64_t count = 0;  // events it consists of
  // What the kind of rule tells: the count, the events per unit of time, the number that was
  // compared, or the time between two events in microseconds.
  double value = 0;
  double mean = 0, deviation = 0;  // of what went before; of anomalies alone
  Timestamp from{}, to{};          // the pattern's beginning and end, in event time
  Timestamp at{};                  // when there was a match, in event time
  std::vector<Ulid> caused_by;     // oldest first; at most causes_limit
  // The event that completed it: the one being looked at or, where time alone did, the last of those
  // that caused it, without its data and metadata.
  Envelope event;

  std::chrono::microseconds duration() const { return to - from; }
};

// What a run has done since it was started.
struct RuleCounts {
  std::uint64_t seen = 0;            // events of its interest
  std::uint64_t late = 0;            // among them, older than what is remembered
  std::uint64_t duplicates = 0;      // seen before under the same id
  std::uint64_t matches = 0;         // given to the caller
  std::uint64_t forgotten_keys = 0;  // for want of room, the least recently used
  std::size_t keys = 0;              // remembered now
};

// A rule at work: a deterministic state machine.
//   threads   one at a time
class RuleRun {
 public:
  virtual ~RuleRun() = default;

  // Looks at the next event, and appends what it completes. Events that are not of the rule's
  // interest only move the clock; what the rule itself has emitted, known by its source, does too.
  // An event whose id was seen less than `memory` ago, among the latest 65,536, changes nothing.
  //   throws    what the rule's own functions throw, and InvalidInput for a key over 1024 bytes. The
  //             event is then left out, as though it were of no interest; what was appended stands
  //   cost      a look-up by key and O(log n) in what is remembered of it; O(d) more for an event
  //             before which d newer ones of its key came; a copy of the event for a match
  virtual void see(const Envelope& event, std::vector<Match>& matches) = 0;
  // Moves the clock and appends what time has brought about. A time already reached changes nothing.
  //   now       everything recorded up to then has been seen
  virtual void advance(Timestamp now, std::vector<Match>& matches) = 0;
  // The earliest time that advance() has something to decide at; what it comes to may be nothing.
  virtual std::optional<Timestamp> due() const = 0;
  virtual RuleCounts counts() const = 0;
};

// A rule as a value; make one with the functions of annal::rules. Its functions may be called by
// several runs at once, and must answer the same for the same events.
struct Rule {
  // The event to record or publish, or nothing. `emission` fills in what it leaves out.
  using Emit = std::function<std::optional<Envelope>(const Match&)>;

  std::string name;                    // 1–64 visible ASCII characters, no `@`
  Query interest;                      // which events it looks at
  std::chrono::microseconds memory{};  // how far back its state reaches, by recorded_at
  std::function<std::unique_ptr<RuleRun>()> start;
  Emit emit;
};

// What a rule says in answer to a match.
struct Emission {
  Envelope event;
  // The same whenever the same match is found: rule, key, time and causes, in at most 118 visible
  // ASCII characters. A commit with this key is made once.
  std::string idempotency_key;
};

// The event the rule emits for the match; nothing if it does not want to. Left empty, these are
// filled in: stream (that of the event that completed the match), occurred_at (match.at), source
// (rule_source), causation_id (the id of the event that completed it), correlation_id (its), and
// the metadata `caused_by`, the ids with spaces between them.
//   throws    what the rule's function throws
//   cost      that function, and a SHA-256 over the ids
//   threads   any number of callers, if the rule's function bears it
std::optional<Emission> emission(const Rule& rule, const Match& match);

// `rule:failure_alert`
std::string rule_source(std::string_view rule_name);

}  // namespace annal
