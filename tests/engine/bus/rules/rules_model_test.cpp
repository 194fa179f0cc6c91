// Any stream of events, out of order and with repetitions: live, over history and after a restart
// rules say the same, and what they say is what somebody says who knows the whole stream.
#include "annal/bus/rules/anomaly_rule.hpp"
#include "annal/bus/rules/count_rule.hpp"
#include "annal/bus/rules/sequence_rule.hpp"
#include "annal/bus/rules/threshold_rule.hpp"
#include "engine/bus/rules/told.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace annal::test {
namespace {

// What came next. Times are short, so that windows, deadlines and the horizon are met exactly.
struct Came {
  int after = 0;    // seconds since what came before was recorded
  int late = 0;     // seconds between when it happened and when it was recorded
  char type = 'a';  // `a` begins, `b` ends, `x` is nobody's interest
  int key = 0;
  int number = 0;
  int repeats = 0;  // the event so many before it, instead
};

std::ostream& operator<<(std::ostream& out, const Came& came) {
  return out << came.type << came.key << " +" << came.after << " late " << came.late << " number "
             << came.number << " repeats " << came.repeats;
}

rc::Gen<Came> any_came(int latest) {
  return rc::gen::build<Came>(
      rc::gen::set(&Came::after, rc::gen::weightedOneOf<int>(
                                     {{8, rc::gen::inRange(0, 6)}, {1, rc::gen::inRange(6, 60)}})),
      rc::gen::set(&Came::late, rc::gen::weightedOneOf<int>(
                                    {{3, rc::gen::just(0)}, {2, rc::gen::inRange(0, latest)}})),
      rc::gen::set(&Came::type, rc::gen::weightedElement<char>({{4, 'a'}, {3, 'b'}, {1, 'x'}})),
      rc::gen::set(&Came::key, rc::gen::inRange(0, 2)),
      rc::gen::set(&Came::number, rc::gen::inRange(0, 10)),
      rc::gen::set(&Came::repeats, rc::gen::weightedOneOf<int>(
                                       {{9, rc::gen::just(0)}, {1, rc::gen::inRange(1, 4)}})));
}

std::vector<Envelope> events_of(const std::vector<Came>& stream) {
  std::vector<Envelope> events;
  Timestamp recorded = minute(0);
  for (const Came& came : stream) {
    recorded += seconds(came.after) + microseconds(1);
    const std::size_t number = events.size() + 1;
    if (came.repeats > 0 && static_cast<std::size_t>(came.repeats) < number) {
      events.push_back(events[number - 1 - static_cast<std::size_t>(came.repeats)]);
    } else {
      Envelope event;
      event.type = std::string(1, came.type);
      event.stream = "coder/" + std::to_string(came.key);
      event.data = std::to_string(came.number);
      event.id = id_of(number);
      // To whole seconds, as sources do.
      event.occurred_at = std::chrono::floor<seconds>(recorded) - seconds(came.late);
      events.push_back(std::move(event));
    }
    events.back().position = {number};
    events.back().recorded_at = recorded;
  }
  return events;
}

// Everything that makes two matches the same one.
std::string text_of(const Match& match) {
  std::string text = match.rule + ' ' + match.key + ' ' + to_iso8601(match.at) + ' ' +
                     to_iso8601(match.from) + ' ' + to_iso8601(match.to) + ' ' +
                     std::to_string(match.count) + ' ' + std::to_string(match.value) + ' ' +
                     std::to_string(match.mean) + ' ' + match.event.id.to_string();
  for (const Ulid& id : match.caused_by) text += ' ' + id.to_string();
  return text;
}

std::vector<std::string> texts_of(const std::vector<Match>& matches) {
  std::vector<std::string> texts;
  for (const auto& match : matches) texts.push_back(text_of(match));
  return texts;
}

std::optional<double> number_of_data(const Envelope& event) { return std::stod(event.data); }

constexpr seconds window{10};

std::vector<Rule> every_kind(microseconds lateness) {
  const auto emit = emits("noted");
  const Query a = of_type("a"), b = of_type("b");
  return {
      rules::count({.name = "each",
                    .of = a,
                    .at_least = 3,
                    .window = window,
                    .lateness = lateness,
                    .emit = emit}),
      rules::count({.name = "once",
                    .of = a,
                    .at_least = 2,
                    .window = window,
                    .says = rules::Says::once,
                    .lateness = lateness,
                    .emit = emit}),
      rules::sequence({.name = "sequence",
                       .first = a,
                       .then = b,
                       .within = window,
                       .lateness = lateness,
                       .emit = emit}),
      rules::absence({.name = "reminds",
                      .of = a,
                      .until = b,
                      .within = window,
                      .lateness = lateness,
                      .events_per_key = 1000,
                      .emit = emit}),
      rules::absence({.name = "restarts",
                      .of = a,
                      .until = b,
                      .within = window,
                      .again = rules::Again::restarts,
                      .lateness = lateness,
                      .events_per_key = 1000,
                      .emit = emit}),
      rules::absence({.name = "beat",
                      .of = a,
                      .until = a,
                      .within = window,
                      .lateness = lateness,
                      .events_per_key = 1000,
                      .emit = emit}),
      rules::threshold({.name = "threshold",
                        .of = a,
                        .number = number_of_data,
                        .limit = rules::at_least(6),
                        .memory = window + lateness,
                        .emit = emit}),
      rules::value_anomaly({.name = "value",
                            .of = a,
                            .number = number_of_data,
                            .deviations = 1.5,
                            .samples = 5,
                            .least_samples = 3,
                            .memory = 3 * window + lateness,
                            .emit = emit}),
      rules::rate_anomaly({.name = "rate",
                           .of = a,
                           .bucket = seconds(5),
                           .deviations = 1.5,
                           .samples = 4,
                           .least_samples = 2,
                           .least_deviation = 0.2,
                           .lateness = lateness,
                           .emit = emit}),
  };
}

// What is given for each event, by its place in the stream.
using Given = std::vector<std::vector<Match>>;

Given shown(RuleRun& run, const std::vector<Envelope>& events, std::size_t from = 0) {
  Given given;
  for (std::size_t i = from; i < events.size(); ++i) run.see(events[i], given.emplace_back());
  return given;
}

std::vector<std::string> texts_of(const Given& given) {
  std::vector<std::string> texts;
  for (const auto& matches : given)
    for (const auto& match : matches) texts.push_back(text_of(match));
  return texts;
}

RC_GTEST_PROP(AnyStream, gives_history_what_it_gave_live, ()) {
  const auto events = events_of(*rc::gen::container<std::vector<Came>>(any_came(25)));
  const seconds lateness(*rc::gen::inRange(0, 20));
  for (const Rule& rule : every_kind(lateness)) {
    // History: only what is of interest, and no timer.
    const auto history = rule.start();
    std::vector<Match> then;
    for (const auto& event : events)
      if (rule.interest.matches(event)) history->see(event, then);
    if (!events.empty()) history->advance(events.back().recorded_at, then);
    // Live: everything, and a timer that goes off whenever something is due, and in between.
    const auto live = rule.start();
    std::vector<Match> now;
    for (const auto& event : events) {
      for (int i = 0; i < 1000 && live->due() && *live->due() < event.recorded_at; ++i)
        live->advance(*live->due(), now);
      if (event.position.value % 3 == 0) live->advance(event.recorded_at - microseconds(1), now);
      live->see(event, now);
      live->advance(event.recorded_at, now);
    }
    RC_ASSERT(texts_of(now) == texts_of(then));
    RC_ASSERT(live->due() == history->due());
    RC_ASSERT(live->counts().late == history->counts().late);
    RC_ASSERT(live->counts().keys == history->counts().keys);
  }
}

RC_GTEST_PROP(AnyStream, goes_on_after_a_restart_as_though_there_had_been_none, ()) {
  const auto events =
      events_of(*rc::gen::nonEmpty(rc::gen::container<std::vector<Came>>(any_came(25))));
  const seconds lateness(*rc::gen::inRange(0, 20));
  const auto stop = *rc::gen::inRange<std::size_t>(0, events.size());
  for (const Rule& rule : every_kind(lateness)) {
    const auto lasting = rule.start();
    Given never_stopped = shown(*lasting, events);
    never_stopped.erase(never_stopped.begin(),
                        never_stopped.begin() + static_cast<std::ptrdiff_t>(stop + 1));

    const auto fresh = rule.start();
    const Timestamp last = events[stop].recorded_at;
    std::vector<Match> told_before;
    for (std::size_t i = 0; i <= stop; ++i)
      if (events[i].recorded_at > last - rule.memory && rule.interest.matches(events[i]))
        fresh->see(events[i], told_before);
    fresh->advance(last, told_before);
    const Given restarted = shown(*fresh, events, stop + 1);

    RC_ASSERT(texts_of(restarted) == texts_of(never_stopped));
    RC_ASSERT(fresh->due() == lasting->due());
  }
}

// --- models: the whole stream is known, and nothing is fast --------------------------------------

struct Known {
  Timestamp time;
  char type;
  Ulid id;
};

// Of each key, each event once, in event time; those of one time in the order they came.
std::map<std::string, std::vector<Known>> by_key(const std::vector<Envelope>& events) {
  std::map<std::string, std::vector<Known>> keys;
  std::vector<Ulid> seen;
  for (const auto& event : events) {
    if (event.type == "x" || std::find(seen.begin(), seen.end(), event.id) != seen.end()) continue;
    seen.push_back(event.id);
    keys[event.stream].push_back({event.happened_at(), event.type[0], event.id});
  }
  for (auto& [key, known] : keys)
    std::stable_sort(known.begin(), known.end(),
                     [](const Known& one, const Known& other) { return one.time < other.time; });
  return keys;
}

// The beginnings of absences, as Again::reminds has them.
std::vector<std::string> absences_of(const std::vector<Known>& known) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const auto close = [&](std::size_t one, std::size_t other) {
      return known[other].time - known[one].time < window;
    };
    if (known[i].type != 'a') continue;
    if (i > 0 && known[i - 1].type == 'a' && close(i - 1, i)) continue;
    bool ended = false;
    for (std::size_t j = i + 1; j < known.size() && close(i, j); ++j)
      ended = ended || known[j].type == 'b';
    if (!ended) ids.push_back(known[i].id.to_string());
  }
  return ids;
}

std::vector<std::string> causes_of(const std::vector<Match>& matches, const std::string& key) {
  std::vector<std::string> ids;
  for (const auto& match : matches)
    if (match.key == key) ids.push_back(match.caused_by.front().to_string());
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::size_t repeats_in(const std::vector<Envelope>& events) {
  std::size_t repeats = 0;
  for (const auto& event : events) repeats += event.id == id_of(event.position.value) ? 0 : 1;
  return repeats;
}

Timestamp long_after(const std::vector<Envelope>& events) {
  return events.empty() ? minute(0) : events.back().recorded_at + hours(1);
}

RC_GTEST_PROP(AnyStream, has_the_absences_that_whoever_knows_all_of_it_finds, ()) {
  const auto events = events_of(*rc::gen::container<std::vector<Came>>(any_came(15)));
  const Rule rule = every_kind(seconds(20))[3];
  const auto run = rule.start();
  std::vector<Match> matches;
  for (const auto& event : events) run->see(event, matches);
  run->advance(long_after(events), matches);
  RC_ASSERT(run->counts().late <= repeats_in(events));
  for (const auto& [key, known] : by_key(events)) {
    auto expected = absences_of(known);
    std::sort(expected.begin(), expected.end());
    RC_ASSERT(causes_of(matches, key) == expected);
  }
}

// Whether there are three of them within a window.
bool has_three(const std::vector<Known>& known) {
  std::vector<Timestamp> times;
  for (const auto& each : known)
    if (each.type == 'a') times.push_back(each.time);
  for (std::size_t i = 2; i < times.size(); ++i)
    if (times[i] - times[i - 2] < window) return true;
  return false;
}

RC_GTEST_PROP(AnyStream, has_three_in_a_window_where_whoever_knows_all_of_it_finds_them, ()) {
  const auto events = events_of(*rc::gen::container<std::vector<Came>>(any_came(15)));
  const Rule rule = every_kind(seconds(20))[0];
  std::vector<Match> matches;
  const auto run = rule.start();
  for (const auto& event : events) run->see(event, matches);
  RC_ASSERT(run->counts().late <= repeats_in(events));
  for (const auto& [key, known] : by_key(events))
    RC_ASSERT(has_three(known) != causes_of(matches, key).empty());
  for (const auto& match : matches) {
    RC_ASSERT(match.duration() < window);
    RC_ASSERT(match.count == match.caused_by.size());
    RC_ASSERT(match.count >= 3u);
  }
}

std::vector<std::string> pairs_of(const std::vector<Known>& known) {
  std::vector<std::string> pairs;
  for (std::size_t i = 1; i < known.size(); ++i)
    if (known[i - 1].type == 'a' && known[i].type == 'b' &&
        known[i].time - known[i - 1].time < window)
      pairs.push_back(known[i - 1].id.to_string() + known[i].id.to_string());
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

std::vector<std::string> pairs_of(const std::vector<Match>& matches, const std::string& key) {
  std::vector<std::string> pairs;
  for (const auto& match : matches)
    if (match.key == key)
      pairs.push_back(match.caused_by[0].to_string() + match.caused_by[1].to_string());
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

// The stream's events, and what the rule finds in them.
void expect_pairs(int latest, bool and_no_others) {
  const auto events = events_of(*rc::gen::container<std::vector<Came>>(any_came(latest)));
  const Rule rule = every_kind(seconds(20))[2];
  std::vector<Match> matches;
  const auto run = rule.start();
  for (const auto& event : events) run->see(event, matches);
  for (const auto& [key, known] : by_key(events)) {
    const auto expected = pairs_of(known), found = pairs_of(matches, key);
    RC_ASSERT(std::includes(found.begin(), found.end(), expected.begin(), expected.end()));
    RC_ASSERT(!and_no_others || found == expected);
  }
}

RC_GTEST_PROP(AnyStream, has_the_pairs_that_whoever_knows_all_of_it_finds, ()) {
  expect_pairs(15, false);
}

RC_GTEST_PROP(AnyStream, has_no_other_pairs_if_it_comes_in_order, ()) { expect_pairs(1, true); }

}  // namespace
}  // namespace annal::test
