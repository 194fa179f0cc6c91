// The kinds of nodes a program is made of, one for each way to make or continue an Effect.
#pragma once

#include "annal/effects/node.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

namespace annal::effects {

template <class T>
struct IsEffect : std::false_type {};

// A function that takes the value of a program, which for void is no parameter at all.
template <class T, class Function>
struct Continuation {
  static_assert(std::is_invocable_v<const Function&, T>,
                "the function takes the program's value and is not mutable: programs run again");
  using result = std::invoke_result_t<const Function&, T>;
  static result call(const Function& function, Value& value) {
    return std::invoke(function, value.take<T>());
  }
};

template <class Function>
struct Continuation<void, Function> {
  static_assert(std::is_invocable_v<const Function&>,
                "the program gives no value: the function takes none, and is not mutable");
  using result = std::invoke_result_t<const Function&>;
  static result call(const Function& function, Value& value) {
    value.reset();
    return std::invoke(function);
  }
};

template <class T>
class PureNode final : public Node {
 public:
  template <class U>
  explicit PureNode(U&& value) : value_(std::forward<U>(value)) {}
  NodePointer start(NodePointer, Machine& machine) const override {
    machine.value.emplace<T>(value_);
    return {};
  }

 private:
  T value_;
};

template <class Exception>
class FailNode final : public Node {
 public:
  explicit FailNode(Exception exception) : exception_(std::move(exception)) {}
  NodePointer start(NodePointer, Machine&) const override {
    if constexpr (std::is_same_v<Exception, std::exception_ptr>)
      std::rethrow_exception(exception_);
    else
      throw Exception(exception_);
  }

 private:
  Exception exception_;
};

template <class E>
class PerformNode final : public Node {
 public:
  PerformNode(E effect, const std::source_location& where,
              std::shared_ptr<const Policy> policy = nullptr)
      : effect_(std::move(effect)), where_(where), policy_(std::move(policy)) {}
  NodePointer start(NodePointer, Machine& machine) const override {
    using Result = typename E::result;
    if constexpr (std::is_void_v<Result>) {
      machine.run().perform(effect_, where_, policy_.get());
      machine.value.emplace<Nothing>();
    } else if (machine.run().dry()) {
      machine.value.reset();
      if (auto known = machine.run().imagine(effect_, policy_.get()))
        machine.value.emplace<Result>(std::move(*known));
    } else {
      machine.value.emplace<Result>(machine.run().perform(effect_, where_, policy_.get()));
    }
    return {};
  }

 private:
  E effect_;
  std::source_location where_;
  std::shared_ptr<const Policy> policy_;
};

// A node that something has to run before.
class SourcedNode : public Node {
 public:
  explicit SourcedNode(NodePointer source) : source_(std::move(source)) {}
  NodePointer start(NodePointer self, Machine& machine) const override {
    machine.push(std::move(self));
    return source_.borrow();
  }

 private:
  NodePointer source_;
};

template <class T, class U, class Function>
class MapNode final : public SourcedNode {
 public:
  MapNode(NodePointer source, Function function)
      : SourcedNode(std::move(source)), function_(std::move(function)) {}
  NodePointer resume(NodePointer, Machine& machine) const override {
    if (machine.value.empty()) return {};  // a dry run: unknown stays unknown
    if constexpr (std::is_void_v<U>) {
      Continuation<T, Function>::call(function_, machine.value);
      machine.value.emplace<Nothing>();
    } else {
      machine.value.emplace<U>(Continuation<T, Function>::call(function_, machine.value));
    }
    return {};
  }

 private:
  Function function_;
};

template <class T, class Function>
class BindNode final : public SourcedNode {
 public:
  BindNode(NodePointer source, Function function)
      : SourcedNode(std::move(source)), function_(std::move(function)) {}
  NodePointer resume(NodePointer, Machine& machine) const override {
    if (machine.value.empty()) machine.run().stop();
    return Continuation<T, Function>::call(function_, machine.value).node();
  }

 private:
  Function function_;
};

class ThenNode final : public SourcedNode {
 public:
  ThenNode(NodePointer source, NodePointer next)
      : SourcedNode(std::move(source)), next_(std::move(next)) {}
  NodePointer resume(NodePointer, Machine& machine) const override {
    machine.value.reset();
    return next_;
  }

 private:
  NodePointer next_;
};

class KeepNode final : public SourcedNode {
 public:
  KeepNode(NodePointer source, NodePointer also)
      : SourcedNode(std::move(source)), also_(std::move(also)) {}
  NodePointer resume(NodePointer self, Machine& machine) const override {
    machine.keep_value(std::move(self));
    return also_.borrow();
  }

 private:
  NodePointer also_;
};

template <class Function>
class RecoverNode final : public SourcedNode {
 public:
  RecoverNode(NodePointer source, Function function)
      : SourcedNode(std::move(source)), function_(std::move(function)) {}
  NodePointer resume(NodePointer, Machine&) const override { return {}; }
  bool recovers() const override { return true; }
  NodePointer recover(std::exception_ptr thrown, Machine& machine) const override {
    if constexpr (std::is_invocable_v<const Function&, const Failure&>)
      return std::invoke(function_, machine.run().failure(std::move(thrown))).node();
    else
      return std::invoke(function_, std::move(thrown)).node();
  }

 private:
  Function function_;
};

// What a direct-style program performs effects with; valid while the program runs.
class Perform {
 public:
  explicit Perform(Run& run) : run_(&run) {}

  // The effect's result, or a program's value.
  //   throws    as Effect::run
  template <class E>
  auto operator()(E effect,
                  const std::source_location& where = std::source_location::current()) const {
    if constexpr (IsEffect<E>::value) {
      return value_of<typename E::value_type>(effect.node());
    } else {
      require_effect_type<E>();
      if constexpr (EffectType<E>) return run_->perform(std::move(effect), where);
    }
  }

  // Under a policy of its own, in the place of every other.
  template <class E>
  auto operator()(E effect, const Policy& policy,
                  const std::source_location& where = std::source_location::current()) const {
    require_effect_type<E>();
    if constexpr (EffectType<E>) {
      check_for<E>(policy);
      return run_->perform(std::move(effect), where, &policy);
    }
  }

  // For an effect that is performed later, when it would be too late to find that nobody does.
  //   throws    MissingHandler; not in a dry run, which lists it in its place
  template <class E>
  void require() const {
    run_->require<E>();
  }

 private:
  template <class T>
  T value_of(const NodePointer& program) const {
    Machine machine(*run_);
    machine.execute(program.borrow());
    if constexpr (!std::is_void_v<T>) {
      if (machine.value.empty()) run_->stop();
      return machine.value.take<T>();
    }
  }

  Run* run_;
};

template <class T, class Function>
class ProgramNode final : public Node {
 public:
  explicit ProgramNode(Function function) : function_(std::move(function)) {}
  NodePointer start(NodePointer, Machine& machine) const override {
    const Perform perform(machine.run());
    if constexpr (std::is_void_v<T>) {
      std::invoke(function_, perform);
      machine.value.emplace<Nothing>();
    } else {
      machine.value.emplace<T>(std::invoke(function_, perform));
    }
    return {};
  }

 private:
  Function function_;
};

}  // namespace annal::effects
