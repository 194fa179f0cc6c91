// The part of a run that all kinds of rules share: its clock, the ids it has seen, the keys it
// remembers and what is due for them. A kind supplies what it reads in an event and a state a key.
#pragma once

#include "annal/bus/rules/rule.hpp"
#include "annal/bus/rules/rule_options.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace annal::rules {

// What a kind of rule wants to know of an event.
struct Reading {
  std::string key;
  double number = 0;
  bool begins = false, ends = false;  // of rules about two sorts of events: which of them it is
};

struct Sighting {
  const Envelope& event;
  const Reading& reading;
  Timestamp time;   // in event time
  Timestamp clock;  // the run's; never before `time`
};

// What is remembered of one key. Matches it appends need no rule and no key.
class KeyState {
 public:
  virtual ~KeyState() = default;
  // Forgets what happened then or before.
  virtual void forget(Timestamp horizon) = 0;
  // False if there is no room left for an event so old.
  virtual bool see(const Sighting& sighting, std::vector<Match>& matches) = 0;
  // When decide() is to be called, if at all; later, or no more, after it was.
  virtual std::optional<Timestamp> due() const { return std::nullopt; }
  // Decides what was due, and that alone.
  virtual void decide(std::vector<Match>&) {}
};

// Asks the rule's own functions, which may throw, before any state is touched.
using Read = std::function<std::optional<Reading>(const Envelope&)>;

struct Kind {
  std::string rule;
  Query interest;
  std::chrono::microseconds memory{};
  std::size_t keys = 0;
  Read read;
  std::function<std::unique_ptr<KeyState>()> begin;
};

// The rule whose runs are of that kind.
Rule rule_of(Kind kind, Rule::Emit emit);

// Reads a key, and a number that must be there and finite.
Read reading_of(KeyOf by);
Read reading_of(KeyOf by, NumberOf number);
// Reads a key, and which of two queries means the event.
Read reading_of(KeyOf by, Query begins, Query ends);
Query either_of(const Query& one, const Query& other);

// Everything but data and metadata.
Envelope without_data(const Envelope& event);

// The ids seen lately: since the horizon, and no more than the latest so many.
class SeenIds {
 public:
  static constexpr std::size_t limit = 65'536;

  bool contains(const Ulid& id) const { return ids_.contains(id); }
  void insert(const Ulid& id, Timestamp clock);
  void forget(Timestamp horizon);

 private:
  struct Hasher {
    std::size_t operator()(const Ulid& id) const;
  };
  void forget_oldest();

  std::unordered_set<Ulid, Hasher> ids_;
  std::deque<std::pair<Timestamp, Ulid>> in_order_;
};

class KeyedRun final : public RuleRun {
 public:
  explicit KeyedRun(std::shared_ptr<const Kind> kind);

  void see(const Envelope& event, std::vector<Match>& matches) override;
  void advance(Timestamp now, std::vector<Match>& matches) override;
  std::optional<Timestamp> due() const override;
  RuleCounts counts() const override;

 private:
  struct Memory;
  using Keys = std::unordered_map<std::string, Memory>;
  using Key = std::pair<const std::string, Memory>;
  struct Memory {
    std::unique_ptr<KeyState> state;
    std::list<Key*>::iterator use;  // its place in by_use_
    Timestamp used{};               // the clock then
    std::optional<Timestamp> due;   // its place in agenda_
  };

  Timestamp horizon() const { return clock_ - kind_->memory; }
  void move_clock(Timestamp to, std::vector<Match>& matches);
  void decide_what_is_due(std::vector<Match>& matches);
  void look(const Envelope& event, Timestamp time, std::vector<Match>& matches);
  Key& use(const std::string& name);
  void plan(Key& key);
  void sign(const Key& key, std::size_t first, std::vector<Match>& matches);
  void forget_what_is_old();
  void forget_least_used();

  const std::shared_ptr<const Kind> kind_;
  const std::string own_source_;
  Timestamp clock_;
  SeenIds ids_;
  Keys keys_;
  std::list<Key*> by_use_;                                         // the latest last
  std::map<std::pair<Timestamp, std::string_view>, Key*> agenda_;  // one entry a key
  RuleCounts counts_;
};

}  // namespace annal::rules
