// Given these events, when that command, then those events: aggregates tested without a store.
//
//   annal::given<Counter>(Counter::Added{3})
//       .when(Counter::Add{-4})
//       .then_rejected(Counter::Negative{});
//
// What does not come out as told is thrown as ScenarioFailed, whose message shows both sides; every
// test framework reports it. Events and refusals need operator==.
#pragma once

#include "annal/aggregate/contract.hpp"
#include "annal/event/codec.hpp"

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

namespace annal {

// An aggregate did something else than its scenario says.
class ScenarioFailed : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

namespace scenario {

// The type as the program calls it, without its namespaces.
std::string type_name(const std::type_info& type);

// `Created {"title":"Rates"}`; without fields, the name alone.
template <class T>
std::string shown(const T& value) {
  if constexpr (requires(T & one, codec::Writer & writer) { one.serialize(writer); })
    return type_name(typeid(T)) + ' ' + payload_to_json(describe<T>(), encode(value));
  else
    return type_name(typeid(T));
}

template <class... Alternatives>
std::string shown(const std::variant<Alternatives...>& one) {
  return std::visit([](const auto& value) { return shown(value); }, one);
}

// With its reason, where the aggregate's namespace has a to_string for it.
template <class Refusal>
std::string shown_refusal(const Refusal& refusal) {
  std::string text = "\n  refused: " + shown(refusal);
  if constexpr (requires { to_string(refusal); }) text += " (" + to_string(refusal) + ')';
  return text;
}

template <class Event>
std::string shown(const std::vector<Event>& events) {
  std::string lines;
  for (const auto& event : events) lines += "\n  " + shown(event);
  return lines.empty() ? "\n  nothing" : lines;
}

}  // namespace scenario

// What a command led to. Every expectation may be followed by another.
template <Aggregate A>
class Outcome {
 public:
  Outcome(typename A::State state, Version version, Decision<A> decision)
      : state_(std::move(state)), decision_(std::move(decision)) {
    if (!decision_.accepted()) return;
    for (const auto& event : decision_.events()) {
      version = next(version);
      A::evolve(state_, event, happened_at(version));
    }
  }

  // When a scenario's event of that version happened: a second apart from 2026-01-01.
  static Happened happened_at(Version version) {
    const std::chrono::sys_days start = std::chrono::year{2026} / 1 / 1;
    return {version,
            {version.value},
            start + std::chrono::seconds{static_cast<std::int64_t>(version.value)}};
  }

  // Exactly these events, in this order; none: nothing happened, and nothing was refused.
  template <class... Events>
  const Outcome& then(Events... events) const {
    const std::vector<typename A::Event> expected{typename A::Event(std::move(events))...};
    if (!decision_.accepted() || decision_.events() != expected) fail(scenario::shown(expected));
    return *this;
  }

  const Outcome& then_rejected(const typename A::Refusal& refusal) const {
    if (decision_.accepted() || !(decision_.refusal() == refusal))
      fail(scenario::shown_refusal(refusal));
    return *this;
  }

  // Any refusal of this type.
  template <class Refusal>
  const Outcome& then_rejected_as() const {
    if (decision_.accepted() || !std::holds_alternative<Refusal>(decision_.refusal()))
      fail("\n  refused: " + scenario::type_name(typeid(Refusal)));
    return *this;
  }

  // The state afterwards meets the condition; `what` says in words which.
  template <class Condition>
  const Outcome& then_state(const std::string& what, Condition condition) const {
    if (!condition(state_)) fail("\n  a state in which " + what);
    return *this;
  }

  const typename A::State& state() const { return state_; }

 private:
  [[noreturn]] void fail(const std::string& expected) const {
    const auto actual = decision_.accepted() ? scenario::shown(decision_.events())
                                             : scenario::shown_refusal(decision_.refusal());
    throw ScenarioFailed("expected" + expected + "\nbut got" + actual);
  }

  typename A::State state_;
  Decision<A> decision_;
};

// What has happened so far.
template <Aggregate A>
class Scenario {
 public:
  explicit Scenario(const std::vector<typename A::Event>& events) {
    for (const auto& event : events) {
      version_ = next(version_);
      A::evolve(state_, event, Outcome<A>::happened_at(version_));
    }
  }

  Outcome<A> when(const typename A::Command& command) const {
    return {state_, version_, A::decide(state_, command)};
  }

  const typename A::State& state() const { return state_; }

 private:
  typename A::State state_{};
  Version version_;
};

template <Aggregate A, class... Events>
Scenario<A> given(Events... events) {
  return Scenario<A>({typename A::Event(std::move(events))...});
}

}  // namespace annal
