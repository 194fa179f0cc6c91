// A small world for programs under test:
// a shop that looks customers up, charges them and tells them.
#pragma once

#include "annal/effects/effect.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace annal::effects::test {

struct FindCustomer {
  using result = std::string;
  static constexpr std::string_view name = "find_customer";
  int number = 0;
};

struct Charge {
  using result = int;  // the receipt's number
  static constexpr std::string_view name = "charge";
  std::string customer;
  int cents = 0;
};

struct Tell {
  using result = void;
  static constexpr std::string_view name = "tell";
  std::string text;
  std::string describe() const { return '"' + text + '"'; }
};

// Performs everything and notes what it did.
struct Shop {
  Shop() {
    handlers.on<FindCustomer>([this](const FindCustomer& effect) {
      performed.push_back("find " + std::to_string(effect.number));
      return "customer " + std::to_string(effect.number);
    });
    handlers.on<Charge>([this](const Charge& effect) {
      performed.push_back("charge " + effect.customer + ' ' + std::to_string(effect.cents));
      return 1000 + effect.cents;
    });
    handlers.on<Tell>([this](const Tell& effect) { performed.push_back("tell " + effect.text); });
  }

  using Diary = std::vector<std::string>;
  Handlers handlers;
  Diary performed;
};

inline std::vector<std::string> names(const Trace& trace) {
  std::vector<std::string> all;
  for (const TracedEffect& effect : trace.effects()) all.emplace_back(effect.name);
  return all;
}

}  // namespace annal::effects::test
