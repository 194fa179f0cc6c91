// A small aggregate for tests of what works for every aggregate.
#pragma once

#include "annal/aggregate/contract.hpp"
#include "annal/event/catalogue.hpp"
#include "annal/event/codec.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace annal::test {

struct Counter {
  struct Added {
    std::int32_t amount = 0;
    template <class Archive>
    void serialize(Archive& archive) {
      archive(CEREAL_NVP(amount));
    }
    friend bool operator==(const Added&, const Added&) = default;
  };
  struct Add {
    std::int32_t amount = 0;
  };
  struct Negative {
    std::int32_t amount = 0;
    friend bool operator==(const Negative&, const Negative&) = default;
  };
  using Event = std::variant<Added>;
  using Command = std::variant<Add>;
  using Refusal = std::variant<Negative>;

  struct State {
    std::int64_t total = 0;
    std::uint64_t last_version = 0;
    std::string last_time;
    template <class Archive>
    void serialize(Archive& archive) {
      archive(CEREAL_NVP(total), CEREAL_NVP(last_version), CEREAL_NVP(last_time));
    }
    friend bool operator==(const State&, const State&) = default;
  };

  static constexpr std::string_view kind = "counter";
  static constexpr std::uint32_t state_schema = 1;
  static constexpr std::uint32_t reducer = 1;

  static Decision<Counter> decide(const State&, const Command& command) {
    const auto amount = std::get<Add>(command).amount;
    if (amount < 0) return Refusal{Negative{amount}};
    if (amount == 0) return std::vector<Event>{};
    return std::vector<Event>{Added{amount}};
  }

  static void evolve(State& state, const Event& event, const Happened& happened) {
    state.total += std::get<Added>(event).amount;
    state.last_version = happened.version.value;
    state.last_time = to_iso8601(happened.recorded_at);
  }
};

inline Catalogue counter_catalogue() {
  Catalogue catalogue;
  catalogue.add<Counter::Added>("counter.added");
  return catalogue;
}

}  // namespace annal::test
