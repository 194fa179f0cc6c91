// One effect on its way through its policy, its type known only here. For runs.
#pragma once

#include "annal/effects/context.hpp"
#include "annal/effects/effect_type.hpp"
#include "annal/effects/handlers.hpp"
#include "annal/effects/policy.hpp"
#include "annal/effects/value.hpp"
#include "annal/effects/workers.hpp"
#include "annal/event/randomness.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace annal::effects {

class GovernedCall {
 public:
  virtual ~GovernedCall() = default;

  virtual std::string_view name() const = 0;
  virtual std::optional<std::string> cache_key() const = 0;
  virtual std::optional<std::string> idempotency_key() const = 0;
  virtual std::string rate_key() const = 0;
  // Who performs it.
  virtual const std::shared_ptr<const AnyHandler>& handler() const = 0;

  // Performs it, with the others if there are any, and keeps the result.
  virtual void attempt(const EffectContext& context, const std::vector<GovernedCall*>& with) = 0;
  virtual bool has_batch_handler() const = 0;
  // Whether one call can perform it with the other.
  virtual bool goes_with(const GovernedCall& other) const = 0;

  virtual std::shared_ptr<const void> result() const = 0;
  virtual void set_result(std::shared_ptr<const void> result) = 0;
  // The same call, which keeps all that it uses.
  virtual std::shared_ptr<GovernedCall> detached() const = 0;

  unsigned attempts = 1;  // so far
};

// Calls the effect's handler, inside the interceptors.
template <class E, class Given>
typename E::result call_handler(const HandlerSnapshot& handlers, bool is_surrounded,
                                const TypedHandler<E>& handler, Given&& effect,
                                const EffectContext& context) {
  const auto call = [&](auto&& given) -> typename E::result {
    if constexpr (std::is_lvalue_reference_v<decltype(given)>)
      return handler.handle(given, context);
    else
      return handler.consume(std::move(given), context);
  };
  if (!is_surrounded) return call(std::forward<Given>(effect));
  const std::string text = description(effect);
  const JoinPoint point{
      .name = EffectPoint<E>::name, .request_id = context.request_id, .arguments = text};
  // By const reference: an interceptor may proceed more than once.
  return call_around(handlers.interceptors(), point,
                     [&]() -> typename E::result { return call(std::as_const(effect)); });
}

template <class E>
class TypedCall final : public GovernedCall {
  using Result = Held<typename E::result>;

 public:
  //   policy    must outlive it, but for copies that are detached
  TypedCall(const HandlerSnapshot& handlers, bool is_surrounded, const E& effect,
            const Policy& policy)
      : handlers_(&handlers),
        policy_(&policy),
        is_surrounded_(is_surrounded),
        handler_(handlers.shared_handler<E>()),
        batch_(handlers.batch_handler<E>()),
        effect_(&effect) {}

  std::string_view name() const override { return E::name; }
  std::optional<std::string> cache_key() const override {
    if constexpr (NamesItsCacheKey<E>)
      return effect_->cache_key();
    else
      return std::nullopt;
  }
  std::optional<std::string> idempotency_key() const override {
    if constexpr (NamesItsIdempotencyKey<E>)
      return effect_->idempotency_key();
    else
      return std::nullopt;
  }
  std::string rate_key() const override {
    if constexpr (NamesItsRateKey<E>)
      return effect_->rate_key();
    else
      return std::string(E::name);
  }
  const std::shared_ptr<const AnyHandler>& handler() const override { return handler_; }

  void attempt(const EffectContext& context, const std::vector<GovernedCall*>& with) override {
    if (with.empty()) return keep(context);
    std::vector<E> effects{*effect_};
    for (const GovernedCall* other : with)
      effects.push_back(*static_cast<const TypedCall*>(other)->effect_);
    auto results = call_together(effects, context);
    set_result(std::make_shared<const Result>(std::move(results.front())));
    for (std::size_t i = 0; i < with.size(); ++i)
      with[i]->set_result(std::make_shared<const Result>(std::move(results[i + 1])));
  }
  bool has_batch_handler() const override { return batch_ != nullptr; }
  bool goes_with(const GovernedCall& other) const override {
    const auto* same = dynamic_cast<const TypedCall*>(&other);
    return same != nullptr && same->batch_ == batch_ && same->handler_ == handler_ &&
           same->handlers_->interceptors() == handlers_->interceptors() &&
           policy_->agrees_with(*same->policy_);
  }

  std::shared_ptr<const void> result() const override { return result_; }
  void set_result(std::shared_ptr<const void> result) override {
    result_ = std::static_pointer_cast<const Result>(std::move(result));
  }
  // A copy: the result may be remembered, and given again.
  typename E::result take() const {
    if constexpr (!std::is_void_v<typename E::result>) return *result_;
  }

  std::shared_ptr<GovernedCall> detached() const override {
    auto copy = std::make_shared<TypedCall>(*this);
    copy->kept_handlers_ = std::make_shared<const HandlerSnapshot>(*handlers_);
    copy->kept_effect_ = std::make_shared<const E>(*effect_);
    copy->handlers_ = copy->kept_handlers_.get();
    copy->effect_ = copy->kept_effect_.get();
    return copy;
  }

 private:
  // One call, and so one join point.
  std::vector<Result> call_together(const std::vector<E>& effects, const EffectContext& context) {
    if (!is_surrounded_) return batch_->handle_all(effects, context);
    const std::string text = std::to_string(effects.size()) + " together";
    const JoinPoint point{
        .name = EffectPoint<E>::name, .request_id = context.request_id, .arguments = text};
    return call_around(handlers_->interceptors(), point,
                       [&] { return batch_->handle_all(effects, context); });
  }

  void keep(const EffectContext& context) {
    const auto& typed = static_cast<const TypedHandler<E>&>(*handler_);
    if constexpr (std::is_void_v<typename E::result>) {
      call_handler<E>(*handlers_, is_surrounded_, typed, *effect_, context);
      result_ = std::make_shared<const Result>();
    } else {
      result_ = std::make_shared<const Result>(
          call_handler<E>(*handlers_, is_surrounded_, typed, *effect_, context));
    }
  }

  const HandlerSnapshot* handlers_;
  const Policy* policy_;
  bool is_surrounded_;
  std::shared_ptr<const AnyHandler> handler_;
  const BatchHandler<E>* batch_;
  const E* effect_;
  std::shared_ptr<const Result> result_;
  std::shared_ptr<const HandlerSnapshot> kept_handlers_;  // by copies that are detached
  std::shared_ptr<const E> kept_effect_;
};

// Where a call is performed.
struct Surroundings {
  const EffectContext& context;  // of the run
  const RunTime& time;
  Workers* workers;        // null: there are none
  Randomness* randomness;  // null: the system's
};

// Takes the call through the stages of the policy; its result is kept in it.
//   throws    what the last attempt threw; EffectFailed where a stage refuses it
void govern(GovernedCall& call, const Policy& policy, const Surroundings& around);

}  // namespace annal::effects
