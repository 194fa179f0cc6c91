// Which effects a function may perform, in its signature: the compiler holds it to them.
//
//   void tell(can<Notify> perform, const User& user) { perform(Notify{user.mail, "hello"}); }
//   Effect<std::string> sale = block<LoadUser, Charge, Notify>([](auto perform) {
//     User user = perform(LoadUser{7});
//     tell(perform, user);  // may do less than the whole
//     return perform(Charge{user.name, 500});
//   });
#pragma once

#include "annal/effects/effect.hpp"

#include <source_location>
#include <type_traits>
#include <utility>

namespace annal::effects {

// Performs these effects and no others; passed on to functions that ask for no more. As small as a
// pointer, and valid while the program runs. Called as it reads in a signature, and so not capitalised.
template <class... Effects>
class can {
 public:
  // Of whoever may perform everything.
  can(const Perform& perform) : perform_(perform) {}
  template <class... Wider>
  can(const can<Wider...>& wider) : perform_(wider.perform_) {
    static_assert(
        (can<Wider...>::template may<Effects> && ...),
        "who passes this on may not perform all of these effects: name them in its can<…>");
  }

  template <class E>
  static constexpr bool may = (std::is_same_v<E, Effects> || ...);

  //   throws    as Effect::run
  template <class E>
  auto operator()(E effect,
                  const std::source_location& where = std::source_location::current()) const {
    static_assert(!IsEffect<E>::value,
                  "what a program performs cannot be seen here: perform its effects one by one, or "
                  "take `Perform`, which may perform everything");
    static_assert(IsEffect<E>::value || may<E>,
                  "this function may not perform that effect: name it in its can<…> or block<…>");
    if constexpr (may<E>) return perform_(std::move(effect), where);
  }

  template <class E>
  auto operator()(E effect, const Policy& policy,
                  const std::source_location& where = std::source_location::current()) const {
    static_assert(may<E>,
                  "this function may not perform that effect: name it in its can<…> or block<…>");
    if constexpr (may<E>) return perform_(std::move(effect), policy, where);
  }

  // As Perform::require.
  template <class E>
  void require() const {
    static_assert(may<E>, "this function may not perform that effect: name it in its can<…>");
    perform_.require<E>();
  }

 private:
  template <class...>
  friend class can;

  Perform perform_;
};

// A program in direct style that performs these effects and no others.
//   function  T(can<Effects...>), or of one that may do less; not mutable
template <class... Effects, class Function>
auto block(Function function) {
  (require_effect_type<Effects>(), ...);
  static_assert(
      std::is_invocable_v<const Function&, can<Effects...>>,
      "block takes a function of one parameter, `auto perform` or `can<…> perform`, that is "
      "not mutable");
  return program([function = std::move(function)](Perform perform) {
    return std::invoke(function, can<Effects...>(perform));
  });
}

}  // namespace annal::effects
