// Who performs which effect. A handler that is replaced is destroyed once no run is under way.
//
//   annal::effects::Handlers handlers;
//   handlers.on<Charge>(
//       [&](const Charge& charge) { return bank.charge(charge.customer, charge.cents); });
//   auto test = handlers.overlay();  // shadows what it replaces, leaves the rest
//   test.on<Charge>([](const Charge&) { return std::string("receipt"); });
#pragma once

#include "annal/call/join_point.hpp"
#include "annal/call/replaceable.hpp"
#include "annal/effects/effect_type.hpp"
#include "annal/error.hpp"

#include <algorithm>
#include <concepts>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace annal::effects {

// A program performed an effect that nobody handles.
class MissingHandler : public Error {
 public:
  explicit MissingHandler(std::string_view effect);
  const std::string& effect() const { return effect_; }

 private:
  std::string effect_;
};

// A handler whose effect's type is known only by its number.
class AnyHandler {
 public:
  virtual ~AnyHandler() = default;
};

template <class E>
class TypedHandler : public AnyHandler {
 public:
  virtual typename E::result handle(const E& effect) const = 0;
  virtual typename E::result consume(E&& effect) const = 0;
};

// The handlers of one layer at one moment; never changed once made.
struct HandlerTable {
  std::vector<std::shared_ptr<const AnyHandler>> handlers;   // by effect number; null where none
  std::vector<std::shared_ptr<const AnyHandler>> stand_ins;  // likewise, for dry runs
  InterceptorChain interceptors;
};

// Handlers that lie over others, if there are any below.
struct HandlerLayer {
  Replaceable<HandlerTable> table{std::make_unique<HandlerTable>()};
  std::mutex changing;
  std::shared_ptr<HandlerLayer> below;
};

// The handlers a run works with: as they were when it began, however they change meanwhile. Lives
// no longer than the Handlers it was taken from.
class HandlerSnapshot {
 public:
  template <class E>
  const TypedHandler<E>* handler() const {
    return static_cast<const TypedHandler<E>*>(find(&HandlerTable::handlers, effect_number<E>()));
  }
  template <class E>
  const TypedHandler<E>* stand_in() const {
    return static_cast<const TypedHandler<E>*>(find(&HandlerTable::stand_ins, effect_number<E>()));
  }
  // Outermost first.
  const InterceptorChain& interceptors() const { return joined_ ? *joined_ : top_->interceptors; }
  // Whether any of them is not idle.
  bool surrounded() const {
    const auto& all = interceptors();
    return std::any_of(all.begin(), all.end(), [](const auto& each) { return !each->idle(); });
  }

 private:
  friend class Handlers;
  using Column = std::vector<std::shared_ptr<const AnyHandler>> HandlerTable::*;

  explicit HandlerSnapshot(const HandlerLayer& layer) : top_(layer.table.read()) {
    if (layer.below) add_below(*layer.below);
  }
  void add_below(const HandlerLayer& layer);

  const AnyHandler* find(Column column, EffectNumber number) const {
    const auto& top = (*top_).*column;
    if (number < top.size() && top[number]) return top[number].get();
    return below_.empty() ? nullptr : find_below(column, number);
  }
  const AnyHandler* find_below(Column column, EffectNumber number) const;

  Replaceable<HandlerTable>::Reading top_;
  std::vector<Replaceable<HandlerTable>::Reading> below_;
  std::unique_ptr<const InterceptorChain> joined_;  // of all layers, if there are several
};

//   threads   every member: any number of callers; handlers are called by every thread
//             that runs programs
class Handlers {
 public:
  Handlers();
  Handlers(Handlers&&) noexcept = default;
  Handlers& operator=(Handlers&&) noexcept = default;

  // Registers the function for this type of effect, in place of the one before.
  //   function  E::result(const E&), or E::result(E) to be given the effect itself where a program
  //             no longer needs it; may throw: the exception leaves the run
  template <class E, class Function>
  Handlers& on(Function function) {
    put(&HandlerTable::handlers, effect_number<E>(), wrap<E>(std::move(function)));
    return *this;
  }

  // What a dry run takes for the effect's result,
  // so that it can go on. Must do nothing to the world.
  template <class E, class Function>
  Handlers& on_dry_run(Function function) {
    put(&HandlerTable::stand_ins, effect_number<E>(), wrap<E>(std::move(function)));
    return *this;
  }

  // Removes this layer's handler; the one it shadowed, if any, comes to light.
  //   returns   whether there was one
  template <class E>
  bool remove() {
    return put(&HandlerTable::handlers, effect_number<E>(), nullptr);
  }

  template <class E>
  bool handles() const {
    return snapshot().handler<E>() != nullptr;
  }

  // A layer over these handlers: what is registered there shadows, what is not is looked up here,
  // also when it is changed later. It keeps what it lies on alive.
  Handlers overlay() const;

  // Surrounds every handler of this layer and those that come to light through it, the first
  // interceptor outermost and all of them inside those of the layer below. Replaces what was set
  // before. The join point is named `effect::<name>`, its arguments are the effect's description. A
  // run that begins while all of them are idle is not surrounded.
  void surround(InterceptorChain interceptors);

  HandlerSnapshot snapshot() const { return HandlerSnapshot(*layer_); }

 private:
  explicit Handlers(std::shared_ptr<HandlerLayer> below);

  template <class E, class Function>
  static std::shared_ptr<const AnyHandler> wrap(Function function);
  bool put(HandlerSnapshot::Column column, EffectNumber number,
           std::shared_ptr<const AnyHandler> handler);
  // Puts a changed copy of the layer's table in its place.
  template <class Change>
  void change(Change&& make);

  std::shared_ptr<HandlerLayer> layer_;
};

template <class E, class Function>
std::shared_ptr<const AnyHandler> Handlers::wrap(Function function) {
  require_effect_type<E>();
  using Result = typename E::result;
  static_assert(std::is_invocable_r_v<Result, Function&, E>,
                "a handler takes the effect and returns the effect's result");

  class FunctionHandler final : public TypedHandler<E> {
   public:
    explicit FunctionHandler(Function wrapped) : function_(std::move(wrapped)) {}
    Result handle(const E& effect) const override {
      if constexpr (std::is_invocable_r_v<Result, Function&, const E&>)
        return function_(effect);
      else
        return function_(E(effect));
    }
    Result consume(E&& effect) const override { return function_(std::move(effect)); }

   private:
    mutable Function function_;
  };
  return std::make_shared<FunctionHandler>(std::move(function));
}

}  // namespace annal::effects
