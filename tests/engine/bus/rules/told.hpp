// What the tests of rules share: events at minutes of an hour, and a run that notes what it finds.
#pragma once

#include "annal/bus/rules/rule.hpp"
#include "annal/event/catalogue.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace annal::test {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// So long after the beginning of an hour long ago.
inline Timestamp at(microseconds since) {
  return Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 1 / 2) + hours(3)) + since;
}
inline Timestamp minute(std::int64_t number) { return at(minutes(number)); }

inline Ulid id_of(std::uint64_t number) {
  Ulid id;
  for (std::size_t i = 0; i < 8; ++i)
    id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return id;
}

inline Query of_type(std::string_view type) { return Query::of_types({TopicPattern::of(type)}); }

inline Rule::Emit emits(std::string type) {
  return [type](const Match&) {
    Envelope event;
    event.type = type;
    return std::optional(event);
  };
}

struct Load {
  std::optional<double> percent;
  std::string host;
  std::int64_t shelf = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(percent), CEREAL_NVP(host), CEREAL_NVP(shelf));
  }
};

// A run of a rule, given events as a log would record them: each has the next position and id.
class Told {
 public:
  explicit Told(Rule of) : rule(std::move(of)), run(rule.start()) {}

  // The next event: it happened at one time and was recorded at that time or another.
  Envelope event(std::string type, Timestamp happened, std::optional<Timestamp> recorded = {},
                 std::string stream = "coder/1") {
    Envelope made;
    made.type = std::move(type);
    made.stream = std::move(stream);
    made.position = {++last_};
    made.id = id_of(last_);
    made.occurred_at = happened;
    made.recorded_at = recorded.value_or(happened);
    return made;
  }

  // How many matches this event, or the clock it moved, brought about.
  std::size_t see(const Envelope& seen) {
    const std::size_t before = matches.size();
    run->see(seen, matches);
    return matches.size() - before;
  }
  std::size_t see(std::string type, Timestamp happened, std::optional<Timestamp> recorded = {},
                  std::string stream = "coder/1") {
    return see(event(std::move(type), happened, recorded, std::move(stream)));
  }
  std::size_t advance(Timestamp now) {
    const std::size_t before = matches.size();
    run->advance(now, matches);
    return matches.size() - before;
  }
  const Match& last() const { return matches.back(); }

  Rule rule;
  std::unique_ptr<RuleRun> run;
  std::vector<Match> matches;

 private:
  std::uint64_t last_ = 0;
};

inline std::vector<Ulid> ids(std::initializer_list<std::uint64_t> numbers) {
  std::vector<Ulid> result;
  for (const auto number : numbers) result.push_back(id_of(number));
  return result;
}

}  // namespace annal::test
