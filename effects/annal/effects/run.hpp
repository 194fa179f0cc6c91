// One execution of a program: which handlers it works with,
// what it records, whether it is a dry run.
#pragma once

#include "annal/effects/context.hpp"
#include "annal/effects/effect_type.hpp"
#include "annal/effects/failure.hpp"
#include "annal/effects/governed_call.hpp"
#include "annal/effects/handlers.hpp"
#include "annal/effects/run_time.hpp"
#include "annal/effects/trace.hpp"
#include "annal/effects/value.hpp"
#include "annal/effects/workers.hpp"

#include <chrono>
#include <exception>
#include <optional>
#include <source_location>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace annal::effects {

struct RunOptions {
  Trace* trace = nullptr;            // added to; must outlive the run
  std::string_view request_id = {};  // given to interceptors and handlers; must outlive the run
  std::stop_token stop = {};         // handlers see it; no effect begins once it was asked for
  Workers* workers = nullptr;        // for what can be done side by side; must outlive the run
  // These outlive the workers, which may still use them for what a timeout left behind, and so does the
  // clock of the trace.
  const RunTime* time = nullptr;     // null: the machine's
  Randomness* randomness = nullptr;  // of pauses; null: the system's
};

enum class RunMode { real, dry };

// Leaves a dry run at the first result that nobody can know. No std::exception: a program that
// handles errors lets it pass.
struct DryRunStopped {};

class Run {
 public:
  Run(const Handlers& handlers, const RunOptions& options, RunMode mode)
      : Run(handlers.snapshot(), options, mode, {}) {}
  // For a part of a run: with the handlers as they were when that began.
  //   deadline  of the time
  Run(HandlerSnapshot handlers, const RunOptions& options, RunMode mode,
      std::optional<std::chrono::nanoseconds> deadline)
      : handlers_(std::move(handlers)),
        options_(options),
        context_{.stop = options.stop, .deadline = deadline, .request_id = options.request_id},
        mode_(mode),
        surrounded_(mode == RunMode::real && handlers_.surrounded()),
        plain_(mode == RunMode::real && options.trace == nullptr && !surrounded_ &&
               !handlers_.has_policies()),
        stoppable_(options.stop.stop_possible()) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Performs the effect, an lvalue by const reference,
  // an rvalue so that its handler may move from it.
  //   throws    MissingHandler, or what the handler throws; EffectFailed once the run was asked to
  //             stop; DryRunStopped where a dry run lacks the result
  //   policy    null: that of the handlers, or of the effect
  template <class E, class Effect = std::remove_cvref_t<E>>
  typename Effect::result perform(E&& effect, const std::source_location& where,
                                  const Policy* policy = nullptr) {
    if (mode_ == RunMode::dry) return perform_dry<Effect>(effect, policy);
    attempts_ = 1;
    try {
      refuse_if_asked_to_stop();
      if constexpr (!NamesItsPolicy<Effect> && !NamesItsIdempotencyKey<Effect>)
        if (plain_ && policy == nullptr)
          return handle(required<Effect>(&effect), std::forward<E>(effect));
      return perform_observed<Effect>(std::forward<E>(effect),
                                      policy ? policy : policy_for<Effect>(handlers_));
    } catch (...) {
      note_failure(Effect::name, where);
      throw;
    }
  }

  // Throws MissingHandler now rather than when the effect is performed; a dry run lists it then.
  template <class E>
  void require() const {
    if (!dry()) required<E>();
  }

  // What a dry run knows of the effect's result: nothing, unless it has a stand-in.
  template <class E>
  std::optional<typename E::result> imagine(const E& effect, const Policy* policy = nullptr) {
    refuse_if_stopped();
    note_dry(effect, policy);
    const TypedHandler<E>* stand_in = handlers_.stand_in<E>();
    if (stand_in == nullptr) return std::nullopt;
    return stand_in->handle(effect, context_);
  }

  bool dry() const { return mode_ == RunMode::dry; }
  bool stopped() const { return stopped_; }
  // Ends a dry run; nothing more is listed, even if the program swallows what is thrown.
  [[noreturn]] void stop();

  // What is known of an exception that leaves the run, or is recovered from.
  Failure failure(std::exception_ptr thrown) const;
  // What a part of the run that is done knows of an exception.
  void learn(Failure failure) { failed_ = std::move(failure); }

  const RunOptions& options() const { return options_; }
  const RunTime& time() const { return options_.time != nullptr ? *options_.time : machine_time(); }
  const HandlerSnapshot& handlers() const { return handlers_; }
  const EffectContext& context() const { return context_; }

 private:
  // Throws MissingHandler, or whatever says more.
  template <class E>
  const TypedHandler<E>& required(const E* effect = nullptr) const {
    const TypedHandler<E>* handler = handlers_.handler<E>();
    if (handler == nullptr)
      handlers_.throw_missing(E::name, effect != nullptr ? description(*effect) : std::string());
    return *handler;
  }

  template <class E>
  typename E::result handle(const TypedHandler<E>& handler, const E& effect) const {
    return handler.handle(effect, context_);
  }
  template <class E>
  typename E::result handle(const TypedHandler<E>& handler, E&& effect) const {
    return handler.consume(std::move(effect), context_);
  }

  template <class E>
  typename E::result perform_dry(const E& effect, const Policy* policy) {
    if constexpr (std::is_void_v<typename E::result>) {
      note_dry(effect, policy);
    } else {
      auto result = imagine(effect, policy);
      if (!result) stop();
      return std::move(*result);
    }
  }

  template <class E>
  void note_dry(const E& effect, const Policy* policy) {
    refuse_if_stopped();
    if (options_.trace == nullptr) return;
    const bool handled = handlers_.handler<E>() != nullptr;
    if (policy == nullptr) policy = policy_for<E>(handlers_);
    const std::size_t place = options_.trace->begin(E::name, description(effect));
    options_.trace->plan(place, delivery_of<E>(), policy ? policy->to_string() : std::string());
    options_.trace->end(place, handled ? EffectOutcome::not_performed : EffectOutcome::missing,
                        handled ? std::string() : MissingHandler(E::name).what());
  }

  template <class E, class Given>
  typename E::result perform_observed(Given&& effect, const Policy* policy);
  template <class E, class Given>
  typename E::result perform_governed(Given&& effect, const Policy* policy);

  void refuse_if_stopped() const;
  void refuse_if_asked_to_stop() const {
    if (stoppable_ && context_.stop.stop_requested()) throw_cancelled();
  }
  [[noreturn]] static void throw_cancelled();
  // From inside a catch block: the effect is the one that failed, unless that is known already.
  void note_failure(std::string_view effect, const std::source_location& where);
  // Ends the traced effect as failed or missing, likewise.
  void trace_failure(std::size_t place);

  HandlerSnapshot handlers_;
  RunOptions options_;
  EffectContext context_;
  std::optional<Failure> failed_;  // the newest
  unsigned attempts_ = 1;          // of the effect that has just been performed
  RunMode mode_;
  bool surrounded_;  // as it was when the run began
  bool plain_;       // nobody watches: an effect costs its handler's look-up and call
  bool stoppable_;
  bool stopped_ = false;
};

template <class E, class Given>
typename E::result Run::perform_observed(Given&& effect, const Policy* policy) {
  if (options_.trace == nullptr) return perform_governed<E>(std::forward<Given>(effect), policy);
  const std::size_t place = options_.trace->begin(E::name, description(effect));
  try {
    if constexpr (std::is_void_v<typename E::result>) {
      perform_governed<E>(std::forward<Given>(effect), policy);
      options_.trace->end(place, EffectOutcome::ok, {}, attempts_);
    } else {
      typename E::result result = perform_governed<E>(std::forward<Given>(effect), policy);
      options_.trace->end(place, EffectOutcome::ok, {}, attempts_);
      return result;
    }
  } catch (...) {
    trace_failure(place);
    throw;
  }
}

template <class E, class Given>
typename E::result Run::perform_governed(Given&& effect, const Policy* policy) {
  const TypedHandler<E>& handler = required<E>(&effect);
  std::string key;
  std::optional<EffectContext> keyed;
  if constexpr (NamesItsIdempotencyKey<E>) {
    key = effect.idempotency_key();
    keyed.emplace(context_).key = key;
  }
  const EffectContext& context = keyed ? *keyed : context_;
  if (policy == nullptr)
    return call_handler<E>(handlers_, surrounded_, handler, std::forward<Given>(effect), context);
  if constexpr (Governable<E>) {
    TypedCall<E> call(handlers_, surrounded_, effect, *policy);
    const Surroundings around{context, time(), options_.workers, options_.randomness};
    try {
      govern(call, *policy, around);
    } catch (...) {
      attempts_ = call.attempts;
      throw;
    }
    attempts_ = call.attempts;
    return call.take();
  } else {
    throw Error("no effect that cannot be copied has a policy");  // govern and perform see to it
  }
}

}  // namespace annal::effects
