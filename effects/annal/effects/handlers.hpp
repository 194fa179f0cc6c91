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
#include "annal/effects/context.hpp"
#include "annal/effects/effect_type.hpp"
#include "annal/effects/policy.hpp"
#include "annal/effects/value.hpp"
#include "annal/error.hpp"

#include <algorithm>
#include <concepts>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
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
  // Whether it was made of a handler for several, and goes with it.
  virtual bool is_of_batch() const { return false; }
};

template <class E>
class TypedHandler : public AnyHandler {
 public:
  virtual typename E::result handle(const E& effect, const EffectContext& context) const = 0;
  virtual typename E::result consume(E&& effect, const EffectContext& context) const = 0;
};

// Performs several effects at once.
template <class E>
class BatchHandler : public AnyHandler {
 public:
  //   returns   a result each, in the order of the effects
  virtual std::vector<Held<typename E::result>> handle_all(const std::vector<E>& effects,
                                                           const EffectContext& context) const = 0;
};

// The handlers of one layer at one moment; never changed once made.
struct HandlerTable {
  template <class T>
  using ByNumber =
      std::vector<std::shared_ptr<const T>>;  // of the effect; null where there is none
  ByNumber<AnyHandler> handlers;
  ByNumber<AnyHandler> stand_ins;  // for dry runs
  ByNumber<AnyHandler> batches;
  ByNumber<Policy> policies;
  std::function<void(std::string_view effect, const std::string& description)> otherwise;
  InterceptorChain interceptors;
};

// Handlers that lie over others, if there are any below.
struct HandlerLayer : std::enable_shared_from_this<HandlerLayer> {
  Replaceable<HandlerTable> table{std::make_unique<HandlerTable>()};
  std::mutex changing;
  std::shared_ptr<HandlerLayer> below;
};

// The handlers a run works with: as they were when it began, however they change meanwhile. Lives
// no longer than the Handlers it was taken from, unless it is a copy.
class HandlerSnapshot {
 public:
  HandlerSnapshot(HandlerSnapshot&&) = default;
  HandlerSnapshot(const HandlerSnapshot& other)
      : layer_(other.layer_),
        kept_(layer_->shared_from_this()),
        top_(other.top_),
        below_(other.below_),
        joined_(other.joined_ ? std::make_unique<const InterceptorChain>(*other.joined_)
                              : nullptr) {}

  template <class E>
  const TypedHandler<E>* handler() const {
    return static_cast<const TypedHandler<E>*>(find(&HandlerTable::handlers, effect_number<E>()));
  }
  template <class E>
  std::shared_ptr<const AnyHandler> shared_handler() const {
    const auto* found = find_shared(&HandlerTable::handlers, effect_number<E>());
    return found != nullptr ? *found : nullptr;
  }
  template <class E>
  const BatchHandler<E>* batch_handler() const {
    return static_cast<const BatchHandler<E>*>(find_batch(effect_number<E>()));
  }
  template <class E>
  const Policy* policy() const {
    return find(&HandlerTable::policies, effect_number<E>());
  }
  // Whether any effect has a policy.
  bool has_policies() const {
    return !top_->policies.empty() ||
           std::any_of(below_.begin(), below_.end(),
                       [](const auto& table) { return !table->policies.empty(); });
  }
  template <class E>
  const TypedHandler<E>* stand_in() const {
    return static_cast<const TypedHandler<E>*>(find(&HandlerTable::stand_ins, effect_number<E>()));
  }
  // Of an effect that nobody handles. Throws MissingHandler, or what Handlers::otherwise does.
  [[noreturn]] void throw_missing(std::string_view effect, const std::string& description) const;
  // Outermost first.
  const InterceptorChain& interceptors() const { return joined_ ? *joined_ : top_->interceptors; }
  // Whether any of them is not idle.
  bool surrounded() const {
    const auto& all = interceptors();
    return std::any_of(all.begin(), all.end(), [](const auto& each) { return !each->idle(); });
  }

 private:
  friend class Handlers;
  template <class T>
  using Column = HandlerTable::ByNumber<T> HandlerTable::*;

  explicit HandlerSnapshot(const HandlerLayer& layer) : layer_(&layer), top_(layer.table.read()) {
    if (layer.below) add_below(*layer.below);
  }
  void add_below(const HandlerLayer& layer);

  // Of the layer whose handler performs one alone: what shadows that, shadows this.
  const AnyHandler* find_batch(EffectNumber number) const;
  template <class T>
  const T* find(Column<T> column, EffectNumber number) const {
    const auto* found = find_shared(column, number);
    return found != nullptr ? found->get() : nullptr;
  }
  // Null, or one that holds something.
  template <class T>
  const std::shared_ptr<const T>* find_shared(Column<T> column, EffectNumber number) const {
    const auto in = [&](const HandlerTable& table) -> const std::shared_ptr<const T>* {
      const auto& entries = table.*column;
      return number < entries.size() && entries[number] ? &entries[number] : nullptr;
    };
    if (const auto* found = in(*top_)) return found;
    for (const auto& table : below_)
      if (const auto* found = in(*table)) return found;
    return nullptr;
  }

  const HandlerLayer* layer_;
  std::shared_ptr<const HandlerLayer> kept_;  // by copies
  Replaceable<HandlerTable>::Reading top_;
  std::vector<Replaceable<HandlerTable>::Reading> below_;
  std::unique_ptr<const InterceptorChain> joined_;  // of all layers, if there are several
};

template <class E>
concept NamesItsPolicy = requires {
  { E::policy() } -> std::convertible_to<Policy>;
};

// What may be performed again, later and elsewhere.
template <class E>
concept Governable =
    std::is_copy_constructible_v<E> && std::is_copy_constructible_v<Held<typename E::result>>;

// Throws InvalidInput for a policy that effects of the type cannot keep.
template <class E>
void check_for(const Policy& policy) {
  static_assert(Governable<E>, "an effect under a policy is copied, and so is its result");
  check(policy, E::name);
  const auto need = [](const std::string& key, const std::string& what) {
    throw InvalidInput("the policy of " + std::string(E::name) + ' ' + what +
                       ": give the effect a `" + key);
  };
  if (policy.cache && !NamesItsCacheKey<E>)
    need("std::string cache_key() const` and `static constexpr bool idempotent = true`",
         "remembers its results");
  if (policy.deduplicate && !NamesItsIdempotencyKey<E>)
    need("std::string idempotency_key() const`", "performs the same one once");
}

// The nearest: of the uppermost layer that has one, or the effect's own; null where there is none.
template <class E>
const Policy* policy_for(const HandlerSnapshot& handlers) {
  if (const Policy* policy = handlers.policy<E>()) return policy;
  if constexpr (NamesItsPolicy<E>) {
    static const Policy own = [] {
      Policy policy = E::policy();
      check_for<E>(policy);
      return policy;
    }();
    return &own;
  }
  return nullptr;
}

//   threads   every member: any number of callers; handlers are called by every thread
//             that runs programs
class Handlers {
 public:
  Handlers();
  Handlers(Handlers&&) noexcept = default;
  Handlers& operator=(Handlers&&) noexcept = default;

  // Registers the function for this type of effect, in place of the one before.
  //   function  E::result(const E&), or E::result(E) to be given the effect itself where a program
  //             no longer needs it; either with a const EffectContext& behind it; may throw: the
  //             exception leaves the run
  template <class E, class Function>
  Handlers& on(Function function) {
    put(&HandlerTable::handlers, effect_number<E>(), wrap<E>(std::move(function)));
    return *this;
  }

  // Registers the function for several effects of the type at once, which a policy's queue gathers. Of
  // one alone it is asked, too, where this layer has no other handler.
  //   function  std::vector<E::result>(std::span<const E>), a result each in order; nothing where they
  //             have none; with a const EffectContext& behind it if it likes
  template <class E, class Function>
  Handlers& on_batch(Function function);

  // Performs effects of the type so from now on, where a program does not say otherwise.
  //   throws    InvalidInput for what cannot be kept, or an effect without the key that is needed
  template <class E>
  Handlers& govern(Policy policy);
  // What becomes of an effect of the type, outermost first:
  // `charge, at least once: retry 3 times from 50 ms → timeout 2000 ms → handler`.
  template <class E>
  std::string explain() const;

  // What a dry run takes for the effect's result,
  // so that it can go on. Must do nothing to the world.
  template <class E, class Function>
  Handlers& on_dry_run(Function function) {
    put(&HandlerTable::stand_ins, effect_number<E>(), wrap<E>(std::move(function)));
    return *this;
  }

  // Is told of an effect that nobody handles, and throws what says more than MissingHandler.
  Handlers& otherwise(
      std::function<void(std::string_view effect, const std::string& description)> function);

  // Removes this layer's handlers of one and of several; the one it shadowed, if any, comes to light.
  //   returns   whether there was one
  template <class E>
  bool remove() {
    put<AnyHandler>(&HandlerTable::batches, effect_number<E>(), nullptr);
    return put<AnyHandler>(&HandlerTable::handlers, effect_number<E>(), nullptr);
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
  //   returns   whether there was one before
  template <class T>
  bool put(HandlerTable::ByNumber<T> HandlerTable::*column, EffectNumber number,
           std::shared_ptr<const T> entry) {
    bool there_was_one = false;
    change([&](HandlerTable& table) {
      auto& entries = table.*column;
      if (number >= entries.size()) entries.resize(number + 1);
      there_was_one = entries[number] != nullptr;
      entries[number] = std::move(entry);
    });
    return there_was_one;
  }
  // Puts a changed copy of the layer's table in its place.
  template <class Change>
  void change(Change&& make) {
    {
      std::lock_guard lock(layer_->changing);
      auto table = std::make_unique<HandlerTable>(*layer_->table.read());
      make(*table);
      layer_->table.replace(std::move(table));
    }
    layer_->table.destroy_replaced();
  }

  std::shared_ptr<HandlerLayer> layer_;
};

// A function as a handler.
template <class E, class Function>
class FunctionHandler final : public TypedHandler<E> {
  using Result = typename E::result;
  static constexpr bool knows_context =
      std::is_invocable_r_v<Result, Function&, E, const EffectContext&>;
  static constexpr bool looks_only =
      std::is_invocable_r_v<Result, Function&, const E&, const EffectContext&> ||
      std::is_invocable_r_v<Result, Function&, const E&>;
  static_assert(
      knows_context || std::is_invocable_r_v<Result, Function&, E>,
      "a handler takes the effect, and a const EffectContext& if it likes, and returns the "
      "effect's result");

 public:
  explicit FunctionHandler(Function function) : function_(std::move(function)) {}
  Result handle(const E& effect, const EffectContext& context) const override {
    if constexpr (looks_only)
      return call(effect, context);
    else
      return call(E(effect), context);
  }
  Result consume(E&& effect, const EffectContext& context) const override {
    return call(std::move(effect), context);
  }

 private:
  template <class Given>
  Result call(Given&& effect, const EffectContext& context) const {
    if constexpr (knows_context)
      return function_(std::forward<Given>(effect), context);
    else
      return function_(std::forward<Given>(effect));
  }

  mutable Function function_;
};

// A function as a handler of several effects.
template <class E, class Function>
class FunctionBatchHandler final : public BatchHandler<E> {
  using Result = typename E::result;
  using Results = std::conditional_t<std::is_void_v<Result>, void, std::vector<Held<Result>>>;
  using Given = std::span<const E>;
  static constexpr bool knows_context =
      std::is_invocable_r_v<Results, Function&, Given, const EffectContext&>;
  static_assert(
      knows_context || std::is_invocable_r_v<Results, Function&, Given>,
      "a handler of several effects takes a std::span<const E>, and a const EffectContext& if "
      "it likes, and returns a std::vector of results");

 public:
  explicit FunctionBatchHandler(Function function) : function_(std::move(function)) {}
  std::vector<Held<Result>> handle_all(const std::vector<E>& effects,
                                       const EffectContext& context) const override {
    if constexpr (std::is_void_v<Result>) {
      call(effects, context);
      return std::vector<Nothing>(effects.size());
    } else {
      std::vector<Result> results = call(effects, context);
      if (results.size() != effects.size())
        throw Error("the handler of several '" + std::string(E::name) + "' was given " +
                    std::to_string(effects.size()) + " and returned " +
                    std::to_string(results.size()) + " results: return one each, in order");
      return results;
    }
  }

 private:
  Results call(Given effects, const EffectContext& context) const {
    if constexpr (knows_context)
      return function_(effects, context);
    else
      return function_(effects);
  }

  mutable Function function_;
};

// One alone, by a handler for several.
template <class E>
class AloneOfBatch final : public TypedHandler<E> {
  using Result = typename E::result;

 public:
  explicit AloneOfBatch(std::shared_ptr<const BatchHandler<E>> together)
      : together_(std::move(together)) {}
  Result handle(const E& effect, const EffectContext& context) const override {
    auto results = together_->handle_all({effect}, context);
    if constexpr (!std::is_void_v<Result>) return Result(std::move(results.front()));
  }
  Result consume(E&& effect, const EffectContext& context) const override {
    return handle(effect, context);
  }
  bool is_of_batch() const override { return true; }

 private:
  std::shared_ptr<const BatchHandler<E>> together_;
};

template <class E, class Function>
Handlers& Handlers::on_batch(Function function) {
  require_effect_type<E>();
  auto together = std::make_shared<FunctionBatchHandler<E, Function>>(std::move(function));
  const auto alone = std::make_shared<AloneOfBatch<E>>(together);
  change([&](HandlerTable& table) {
    const EffectNumber number = effect_number<E>();
    for (auto* entries : {&table.handlers, &table.batches})
      if (number >= entries->size()) entries->resize(number + 1);
    table.batches[number] = together;
    auto& handler = table.handlers[number];
    if (!handler || handler->is_of_batch()) handler = alone;
  });
  return *this;
}

template <class E>
Handlers& Handlers::govern(Policy policy) {
  check_for<E>(policy);
  put<Policy>(&HandlerTable::policies, effect_number<E>(),
              std::make_shared<const Policy>(std::move(policy)));
  return *this;
}

template <class E>
std::string Handlers::explain() const {
  const auto now = snapshot();
  const Policy* policy = policy_for<E>(now);
  std::string text = policy != nullptr ? policy->to_string() : std::string();
  if (!text.empty()) text += " → ";
  return std::string(E::name) + ", " + std::string(effects::to_string(delivery_of<E>())) + ": " +
         text + (now.handler<E>() != nullptr ? "handler" : "nobody handles it");
}

template <class E, class Function>
std::shared_ptr<const AnyHandler> Handlers::wrap(Function function) {
  require_effect_type<E>();
  return std::make_shared<FunctionHandler<E, Function>>(std::move(function));
}

}  // namespace annal::effects
