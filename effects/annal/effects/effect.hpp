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

#include "annal/effects/branches.hpp"
#include "annal/effects/outcome.hpp"
#include "annal/effects/steps.hpp"

#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <source_location>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

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
  //   function  Effect<T>(std::exception_ptr), or Effect<T>(const Failure&)
  template <class Function>
  Effect recover(Function function) const;

  // Goes on with the other program, or with a value, where this one throws.
  Effect fallback(Effect other) const;
  template <class U>
  requires(!std::is_void_v<T> && std::is_convertible_v<U, Held<T>>) Effect fallback(U value)
  const { return fallback(Effect(make_node<PureNode<T>>(T(std::move(value))))); }

  // Fails where it takes longer. Where the run has a free worker it runs on that, and is asked to stop and
  // left behind when the time is up; otherwise that is found out when it is done.
  //   throws    EffectFailed (timeout), when it runs
  Effect timeout(std::chrono::nanoseconds limit,
                 const std::source_location& where = std::source_location::current()) const;

  // Performs the effects, in order, on this thread and those of the workers. May be called again, also
  // at the same time.
  //   throws    MissingHandler, what a handler throws, what a function of the program throws
  //   cost      one snapshot of the handlers, then about a virtual call an effect; no recursion,
  //             except for programs performed inside `program`
  T run(const Handlers& handlers, const RunOptions& options = {}) const;

  // The same, with what is thrown as a value: which effect failed, why, and where it is performed.
  Outcome<T> outcome(const Handlers& handlers, const RunOptions& options = {}) const;

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
//   where     for failures
template <class E>
auto perform(E effect, const std::source_location& where = std::source_location::current());

// The same under a policy of its own, in the place of every other.
//   throws    InvalidInput for what cannot be kept, or an effect without the key that is needed
template <class E>
auto perform(E effect, Policy policy,
             const std::source_location& where = std::source_location::current());

// All of the programs, and their values in order. Side by side where the run has workers, `at_most` at a
// time (0: as many as there are workers for), otherwise one after another. Where one fails the others
// are asked to stop, those that did not begin do not, and its failure is the whole's.
template <class T>
auto all(std::vector<Effect<T>> programs, std::size_t at_most = 0);
// Of different types: a tuple, with Nothing for void.
template <class... Ts>
requires(sizeof...(Ts) > 0) Effect<std::tuple<Held<Ts>...>> all(Effect<Ts>... programs);

// The value of the first that has one. The others are asked to stop, and waited for: give them a
// timeout where their handlers might not listen. Where all fail, so does this, as the first that did.
//   throws    EffectFailed (overloaded) where the run has no worker for each but one of them
template <class T>
Effect<T> race(std::vector<Effect<T>> programs);
template <class T, class... More>
requires(std::is_same_v<Effect<T>, Effect<More>>&&...) Effect<T> race(Effect<T> program,
                                                                      Effect<More>... others) {
  return race(std::vector<Effect<T>>{std::move(program), std::move(others)...});
}

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
  static_assert(std::is_invocable_r_v<Effect, const Function&, std::exception_ptr> ||
                    std::is_invocable_r_v<Effect, const Function&, const Failure&>,
                "recover goes on with a program: Effect<T>(std::exception_ptr) or "
                "Effect<T>(const Failure&), not mutable");
  return Effect(make_node<RecoverNode<Function>>(node_, std::move(function)));
}

template <class T>
Effect<T> Effect<T>::fallback(Effect other) const {
  return recover([other = std::move(other)](std::exception_ptr) { return other; });
}

template <class T>
Effect<T> Effect<T>::timeout(std::chrono::nanoseconds limit,
                             const std::source_location& where) const {
  return Effect(make_node<TimeoutNode>(node_, limit, where));
}

template <class T>
T Effect<T>::run(const Handlers& handlers, const RunOptions& options) const {
  Run run(handlers, options, RunMode::real);
  Machine machine(run);
  machine.execute(node_.borrow());
  if constexpr (!std::is_void_v<T>) return machine.value.take<T>();
}

template <class T>
Outcome<T> Effect<T>::outcome(const Handlers& handlers, const RunOptions& options) const {
  Run run(handlers, options, RunMode::real);
  Machine machine(run);
  try {
    machine.execute(node_.borrow());
    return machine.value.take<Held<T>>();
  } catch (...) {
    return run.failure(std::current_exception());
  }
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
auto perform(E effect, const std::source_location& where) {
  require_effect_type<E>();
  if constexpr (EffectType<E>)
    return Effect<typename E::result>(make_node<PerformNode<E>>(std::move(effect), where));
}

template <class T>
auto all(std::vector<Effect<T>> programs, std::size_t at_most) {
  Programs nodes;
  for (auto& program : programs) nodes.push_back(std::move(program).node());
  if constexpr (std::is_void_v<T>) {
    return Effect<void>(make_node<AllNode>(std::move(nodes), at_most, [](std::vector<Value>) {
      Value value;
      value.emplace<Nothing>();
      return value;
    }));
  } else {
    return Effect<std::vector<T>>(
        make_node<AllNode>(std::move(nodes), at_most, [](std::vector<Value> values) {
          std::vector<T> results;
          for (auto& each : values) results.push_back(each.template take<T>());
          Value value;
          value.emplace<std::vector<T>>(std::move(results));
          return value;
        }));
  }
}

template <class... Ts>
requires(sizeof...(Ts) > 0) Effect<std::tuple<Held<Ts>...>> all(Effect<Ts>... programs) {
  using Result = std::tuple<Held<Ts>...>;
  Programs nodes{std::move(programs).node()...};
  return Effect<Result>(make_node<AllNode>(std::move(nodes), 0, [](std::vector<Value> values) {
    auto at = values.begin();
    Value value;
    value.emplace<Result>(Result{(at++)->template take<Held<Ts>>()...});  // from left to right
    return value;
  }));
}

template <class T>
Effect<T> race(std::vector<Effect<T>> programs) {
  if (programs.empty()) throw InvalidInput("a race of no programs has no winner: give it some");
  Programs nodes;
  for (auto& program : programs) nodes.push_back(std::move(program).node());
  return Effect<T>(make_node<RaceNode>(std::move(nodes)));
}

template <class T, class Exception>
Effect<T> fail(Exception exception) {
  return Effect<T>(make_node<FailNode<Exception>>(std::move(exception)));
}

template <class E>
auto perform(E effect, Policy policy, const std::source_location& where) {
  require_effect_type<E>();
  if constexpr (EffectType<E>) {
    check_for<E>(policy);
    return Effect<typename E::result>(make_node<PerformNode<E>>(
        std::move(effect), where, std::make_shared<const Policy>(std::move(policy))));
  }
}

template <class Function>
auto program(Function function) {
  static_assert(std::is_invocable_v<const Function&, Perform>,
                "program takes a function of one parameter, `auto perform`, that is not mutable");
  using T = std::remove_cvref_t<std::invoke_result_t<const Function&, Perform>>;
  return Effect<T>(make_node<ProgramNode<T, Function>>(std::move(function)));
}

}  // namespace annal::effects
