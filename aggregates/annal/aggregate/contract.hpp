// What an aggregate is: pure functions from commands to events and from events to state.
//
//   struct Counter {
//     struct Added { int amount; … serialize … };      // an event, listed in a catalogue
//     struct Add { int amount; };                      // a command
//     struct Negative {};                              // a refusal
//     using Event = std::variant<Added>;
//     using Command = std::variant<Add>;
//     using Refusal = std::variant<Negative>;
//     struct State { int total = 0; … serialize … };   // default-made is "nothing happened yet"
//     static constexpr std::string_view kind = "counter";   // streams are `counter/…`
//     static constexpr std::uint32_t state_schema = 1;      // raise when State's fields change
//     static constexpr std::uint32_t reducer = 1;           // raise when evolve changes its mind
//     static Decision<Counter> decide(const State&, const Command&);
//     static void evolve(State&, const Event&, const Happened&);
//   };
#pragma once

#include "annal/event/envelope.hpp"

#include <concepts>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

namespace annal {

// When and where an event happened, for evolve.
struct Happened {
  Version version;
  Position position;
  Timestamp recorded_at{};
};

template <class A>
struct Decision {
  Decision(std::vector<typename A::Event> happened) : result(std::move(happened)) {}
  Decision(typename A::Refusal refusal) : result(std::move(refusal)) {}

  bool accepted() const { return result.index() == 0; }
  const std::vector<typename A::Event>& events() const { return std::get<0>(result); }
  const typename A::Refusal& refusal() const { return std::get<1>(result); }

  std::variant<std::vector<typename A::Event>, typename A::Refusal> result;
};

template <class A>
concept Aggregate = requires(typename A::State state, const typename A::Command& command,
                             const typename A::Event& event, const Happened& happened) {
  { A::kind } -> std::convertible_to<std::string_view>;
  { A::state_schema } -> std::convertible_to<std::uint32_t>;
  { A::reducer } -> std::convertible_to<std::uint32_t>;
  { A::decide(state, command) } -> std::same_as<Decision<A>>;
  { A::evolve(state, event, happened) } -> std::same_as<void>;
};

}  // namespace annal
