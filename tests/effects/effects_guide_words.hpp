// What the fragments in docs/guides/effects.md take for granted.
#pragma once

#include "annal/effects/can.hpp"
#include "annal/effects/faults.hpp"
#include "annal/effects/script.hpp"

#include <iostream>
#include <stop_token>
#include <string>

using namespace annal::effects;
using namespace std::chrono_literals;

struct FindPrice {
  using result = int;
  static constexpr std::string_view name = "find_price";
  std::string article;
  friend bool operator==(const FindPrice&, const FindPrice&) = default;
};
struct Charge {
  using result = std::string;
  static constexpr std::string_view name = "charge";
  std::string customer;
  int cents = 0;
  friend bool operator==(const Charge&, const Charge&) = default;
};
struct Tell {
  using result = void;
  static constexpr std::string_view name = "tell";
  std::string text;
};
inline bool bank_is_busy(const std::stop_token&) { return false; }

inline Handlers handlers;
inline Workers workers;
inline const Effect<std::string> sale = perform(Charge{"ann", 1200});
