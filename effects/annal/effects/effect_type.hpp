// What makes a plain struct an effect: it names the type of its result, and itself.
//
//   struct Charge {
//     using result = std::string;
//     static constexpr std::string_view name = "charge";
//     static constexpr auto delivery = annal::effects::Delivery::at_most_once;  // may be left out
//     std::string customer;
//     long cents = 0;
//     std::string describe() const { return customer; }  // for people; may be left out
//   };
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>

namespace annal::effects {

template <class E>
concept NamesItsResult = requires {
  typename E::result;
};

template <class E>
concept NamesItself = requires {
  { E::name } -> std::convertible_to<std::string_view>;
  requires !std::string_view(E::name).empty();
};

template <class E>
concept DescribesItself = requires(const E& effect) {
  { effect.describe() } -> std::convertible_to<std::string>;
};

// How often an effect happens where the program that performs it is cut off and goes on later.
enum class Delivery : std::uint8_t {
  transactional,  // it is in the commit that says so: exactly once
  outbox,         // the commit says that it is to be done; it is, afterwards, once or more often
  at_least_once,  // done, then recorded: again if the program was cut off in between
  at_most_once    // recorded, then done: never again, but it may be in doubt whether it was
};
// `transactional`, `outbox`, `at least once`, `at most once`
std::string_view to_string(Delivery delivery);

template <class E>
concept NamesItsDelivery = requires {
  { E::delivery } -> std::convertible_to<Delivery>;
};

template <class E>
constexpr Delivery delivery_of() {
  if constexpr (NamesItsDelivery<E>)
    return E::delivery;
  else
    return Delivery::at_least_once;
}

// What policies tell effects apart by; each may be left out.
//   cache_key         of one whose result may be remembered: `static constexpr bool idempotent = true`
//   idempotency_key   two with the same are one
//   rate_key          what is counted together; the effect's name otherwise
template <class E>
concept NamesItsCacheKey = requires(const E& effect) {
  { effect.cache_key() } -> std::convertible_to<std::string>;
  requires E::idempotent;
};
template <class E>
concept NamesItsIdempotencyKey = requires(const E& effect) {
  { effect.idempotency_key() } -> std::convertible_to<std::string>;
};
template <class E>
concept NamesItsRateKey = requires(const E& effect) {
  { effect.rate_key() } -> std::convertible_to<std::string>;
};

// A struct a program can perform.
template <class E>
concept EffectType = std::is_class_v<E> && NamesItsResult<E> && NamesItself<E>;

// Refuses what is no effect, with a message that says what to add.
template <class E>
constexpr void require_effect_type() {
  static_assert(NamesItsResult<E>,
                "an effect names the type of its result: add `using result = …;` to the struct");
  static_assert(NamesItself<E>,
                "an effect names itself: add `static constexpr std::string_view name = \"…\";`");
}

// What the effect says of itself; empty if it says nothing.
template <class E>
std::string description(const E& effect) {
  if constexpr (DescribesItself<E>)
    return effect.describe();
  else
    return {};
}

// A small number for each type of effect, the same everywhere in the process.
using EffectNumber = std::size_t;
EffectNumber number_effect(const std::type_info& type);

template <class E>
EffectNumber effect_number() {
  static const EffectNumber number = number_effect(typeid(E));
  return number;
}

// The name an effect's handler has as a join point: `effect::charge`.
inline constexpr std::string_view point_prefix = "effect::";
template <class E>
struct EffectPoint {
  static constexpr std::string_view own = E::name;
  static constexpr auto text = [] {
    std::array<char, point_prefix.size() + own.size()> joined{};
    std::copy(own.begin(), own.end(),
              std::copy(point_prefix.begin(), point_prefix.end(), joined.begin()));
    return joined;
  }();
  static constexpr std::string_view name{text.data(), text.size()};
};

}  // namespace annal::effects
