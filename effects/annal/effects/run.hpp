// One execution of a program: which handlers it works with,
// what it records, whether it is a dry run.
#pragma once

#include "annal/call/join_point.hpp"
#include "annal/effects/effect_type.hpp"
#include "annal/effects/handlers.hpp"
#include "annal/effects/trace.hpp"
#include "annal/effects/value.hpp"

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace annal::effects {

struct RunOptions {
  Trace* trace = nullptr;            // added to; must outlive the run
  std::string_view request_id = {};  // given to interceptors; must outlive the run
};

enum class RunMode { real, dry };

// Leaves a dry run at the first result that nobody can know. No std::exception: a program that
// handles errors lets it pass.
struct DryRunStopped {};

class Run {
 public:
  Run(const Handlers& handlers, const RunOptions& options, RunMode mode)
      : handlers_(handlers.snapshot()),
        options_(options),
        mode_(mode),
        surrounded_(mode == RunMode::real && handlers_.surrounded()),
        plain_(mode == RunMode::real && options.trace == nullptr && !surrounded_) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Performs the effect, an lvalue by const reference,
  // an rvalue so that its handler may move from it.
  //   throws    MissingHandler, or what the handler throws;
  //             DryRunStopped where a dry run lacks the result
  template <class E, class Effect = std::remove_cvref_t<E>>
  typename Effect::result perform(E&& effect) {
    if (plain_) return handle(required<Effect>(), std::forward<E>(effect));
    if (mode_ == RunMode::real) return perform_observed<Effect>(std::forward<E>(effect));
    if constexpr (std::is_void_v<typename Effect::result>) {
      note_dry(effect);
    } else {
      auto result = imagine(effect);
      if (!result) stop();
      return std::move(*result);
    }
  }

  // Throws MissingHandler now rather than when the effect is performed; a dry run lists it then.
  template <class E>
  void require() const {
    if (!dry()) required<E>();
  }

  // What a dry run knows of the effect's result: nothing, unless it has a stand-in.
  template <class E>
  std::optional<typename E::result> imagine(const E& effect) {
    refuse_if_stopped();
    note_dry(effect);
    const TypedHandler<E>* stand_in = handlers_.stand_in<E>();
    if (stand_in == nullptr) return std::nullopt;
    return stand_in->handle(effect);
  }

  bool dry() const { return mode_ == RunMode::dry; }
  bool stopped() const { return stopped_; }
  // Ends a dry run; nothing more is listed, even if the program swallows what is thrown.
  [[noreturn]] void stop();

 private:
  template <class E>
  const TypedHandler<E>& required() const {
    const TypedHandler<E>* handler = handlers_.handler<E>();
    if (handler == nullptr) throw MissingHandler(E::name);
    return *handler;
  }

  template <class E>
  static typename E::result handle(const TypedHandler<E>& handler, const E& effect) {
    return handler.handle(effect);
  }
  template <class E>
  static typename E::result handle(const TypedHandler<E>& handler, E&& effect) {
    return handler.consume(std::move(effect));
  }

  template <class E>
  void note_dry(const E& effect) {
    refuse_if_stopped();
    if (options_.trace == nullptr) return;
    const bool handled = handlers_.handler<E>() != nullptr;
    const std::size_t place = options_.trace->begin(E::name, description(effect));
    options_.trace->end(place, handled ? EffectOutcome::not_performed : EffectOutcome::missing,
                        handled ? std::string() : MissingHandler(E::name).what());
  }

  template <class E, class Given>
  typename E::result perform_observed(Given&& effect);
  template <class E, class Given>
  typename E::result perform_surrounded(const TypedHandler<E>& handler, Given&& effect);

  void refuse_if_stopped() const;
  // Ends the traced effect as failed or missing, from inside a catch block.
  void note_failure(std::size_t place);

  HandlerSnapshot handlers_;
  RunOptions options_;
  RunMode mode_;
  bool surrounded_;  // as it was when the run began
  bool plain_;       // nobody watches: an effect costs its handler's look-up and call
  bool stopped_ = false;
};

template <class E, class Given>
typename E::result Run::perform_observed(Given&& effect) {
  if (options_.trace == nullptr)
    return perform_surrounded(required<E>(), std::forward<Given>(effect));
  const std::size_t place = options_.trace->begin(E::name, description(effect));
  try {
    if constexpr (std::is_void_v<typename E::result>) {
      perform_surrounded(required<E>(), std::forward<Given>(effect));
      options_.trace->end(place, EffectOutcome::ok);
    } else {
      typename E::result result = perform_surrounded(required<E>(), std::forward<Given>(effect));
      options_.trace->end(place, EffectOutcome::ok);
      return result;
    }
  } catch (...) {
    note_failure(place);
    throw;
  }
}

template <class E, class Given>
typename E::result Run::perform_surrounded(const TypedHandler<E>& handler, Given&& effect) {
  if (!surrounded_) return handle(handler, std::forward<Given>(effect));
  const std::string text = description(effect);
  const JoinPoint point{
      .name = EffectPoint<E>::name, .request_id = options_.request_id, .arguments = text};
  // By const reference: an interceptor may proceed more than once.
  return call_around(handlers_.interceptors(), point,
                     [&]() -> typename E::result { return handler.handle(effect); });
}

}  // namespace annal::effects
