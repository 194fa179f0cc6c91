// A program of side effects as a value: it says what is to be done, in which order, and does
// nothing until it is run with handlers.
//
//   using namespace annal::effects;
//   Effect<std::string> chain = perform(LoadUser{7}).bind(
//       [](User user) { return perform(Charge{user}); });
//   Effect<std::string> straight = program([](auto perform) {
//     User user = perform(LoadUser{7});
//     return perform(Charge{user});
//   });
//   std::string receipt = straight.run(handlers);
#pragma once

#include "annal/effects/steps.hpp"

#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace annal::effects {

template <class T>
class Effect;

template <class T>
struct IsEffect<Effect<T>> : std::true_type {};

// What a dry run found. Nothing was performed.
template <class T>
struct DryRun {
  // In order: outcome `not_performed`, or `missing` where a real run would throw MissingHandler.
  Trace trace;
  // False: a later step needs a result nobody knows,
  // so what comes after the last effect is not listed.
  bool complete = false;
  // The program's value, where every result it depends on has a stand-in.
  std::optional<Held<T>> value;
};

// A program whose value is a T. Immutable; a copy shares what it is made of.
//   threads   any number of callers, as far as the functions in it allow that
template <class T>
class [[nodiscard]] Effect {
 public:
  using value_type = T;

  // The program with its value changed.
  //   function  U(T); nothing taken where T is void
  template <class Function>
  auto map(Function function) const;

  // Goes on with the program the function makes of the value.
  //   function  Effect<U>(T); nothing taken where T is void
  template <class Function>
  auto bind(Function function) const;

  // Goes on with the other program and leaves this one's value behind.
  template <class U>
  Effect<U> then(Effect<U> next) const;

  // Performs another effect (or program) afterwards and keeps the value.
  template <class E>
  Effect with_effect(E effect) const;

  // Goes on with the function's program where this one throws; what is thrown there leaves the
  // program. A missing handler is a fault of the wiring and is not recovered from.
  //   function  Effect<T>(std::exception_ptr)
  template <class Function>
  Effect recover(Function function) const;

  // Performs the effects, on this thread, in order. May be called again, also at the same time.
  //   throws    MissingHandler, what a handler throws, what a function of the program throws
  //   cost      one snapshot of the handlers, then about a virtual call an effect; no recursion,
  //             except for programs performed inside `program`
  T run(const Handlers& handlers, const RunOptions& options = {}) const;

  // Lists the effects a run would perform, and performs none. Functions of the program are called
  // with the results stand-ins give (Handlers::on_dry_run). Where a function of bind or `program`
  // needs a result without a stand-in the list ends;
  // void results, map, then and with_effect need none.
  DryRun<T> dry_run(const Handlers& handlers) const;

  // For what makes programs: wraps a node whose value is a T, and gives it back.
  explicit Effect(NodePointer node) : node_(std::move(node)) {}
  const NodePointer& node() const& { return node_; }
  NodePointer node() && { return std::move(node_); }

 private:
  NodePointer node_;
};

// The program that performs nothing and gives the value.
//   value     copyable, since the program may run again
template <class T>
Effect<std::decay_t<T>> pure(T&& value);
inline Effect<void> pure();

// The program that performs one effect.
template <class E>
auto perform(E effect);

// The program that throws the exception.
template <class T, class Exception>
Effect<T> fail(Exception exception);

// A program in direct style: the function is called anew in every run and performs effects through
// the object it is given. It captures by value, and lets what is thrown at it without a type pass.
//   function  T(Perform)
template <class Function>
auto program(Function function);

template <class T>
template <class Function>
auto Effect<T>::map(Function function) const {
  using U = std::remove_cvref_t<typename Continuation<T, Function>::result>;
  return Effect<U>(make_node<MapNode<T, U, Function>>(node_, std::move(function)));
}

template <class T>
template <class Function>
auto Effect<T>::bind(Function function) const {
  using Next = std::remove_cvref_t<typename Continuation<T, Function>::result>;
  static_assert(IsEffect<Next>::value,
                "bind goes on with a program: its function returns an Effect");
  return Next(make_node<BindNode<T, Function>>(node_, std::move(function)));
}

template <class T>
template <class U>
Effect<U> Effect<T>::then(Effect<U> next) const {
  return Effect<U>(make_node<ThenNode>(node_, next.node()));
}

template <class T>
template <class E>
Effect<T> Effect<T>::with_effect(E effect) const {
  if constexpr (IsEffect<E>::value)
    return Effect(make_node<KeepNode>(node_, effect.node()));
  else
    return with_effect(perform(std::move(effect)));
}

template <class T>
template <class Function>
Effect<T> Effect<T>::recover(Function function) const {
  static_assert(std::is_invocable_r_v<Effect, const Function&, std::exception_ptr>,
                "recover goes on with a program: Effect<T>(std::exception_ptr), not mutable");
  return Effect(make_node<RecoverNode<Function>>(node_, std::move(function)));
}

template <class T>
T Effect<T>::run(const Handlers& handlers, const RunOptions& options) const {
  Run run(handlers, options, RunMode::real);
  Machine machine(run);
  machine.execute(node_.borrow());
  if constexpr (!std::is_void_v<T>) return machine.value.take<T>();
}

template <class T>
DryRun<T> Effect<T>::dry_run(const Handlers& handlers) const {
  DryRun<T> found;
  Run run(handlers, {.trace = &found.trace}, RunMode::dry);
  Machine machine(run);
  try {
    machine.execute(node_.borrow());
  } catch (const DryRunStopped&) {
    return found;
  }
  found.complete = !run.stopped();
  if (found.complete && !machine.value.empty()) found.value = machine.value.take<Held<T>>();
  return found;
}

template <class T>
Effect<std::decay_t<T>> pure(T&& value) {
  using Stored = std::decay_t<T>;
  static_assert(std::is_copy_constructible_v<Stored>,
                "a program may run again: its values are copied");
  return Effect<Stored>(make_node<PureNode<Stored>>(std::forward<T>(value)));
}

inline Effect<void> pure() { return Effect<void>(make_node<PureNode<Nothing>>(Nothing{})); }

template <class E>
auto perform(E effect) {
  require_effect_type<E>();
  if constexpr (EffectType<E>)
    return Effect<typename E::result>(make_node<PerformNode<E>>(std::move(effect)));
}

template <class T, class Exception>
Effect<T> fail(Exception exception) {
  return Effect<T>(make_node<FailNode<Exception>>(std::move(exception)));
}

template <class Function>
auto program(Function function) {
  static_assert(std::is_invocable_v<const Function&, Perform>,
                "program takes a function of one parameter, `auto perform`, that is not mutable");
  using T = std::remove_cvref_t<std::invoke_result_t<const Function&, Perform>>;
  return Effect<T>(make_node<ProgramNode<T, Function>>(std::move(function)));
}

}  // namespace annal::effects
