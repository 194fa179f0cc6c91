// Puts aspects around calls by name while the program runs, and takes them away again.
//
//   annal::Weaver weaver;
//   weaver.add("logging", std::make_shared<annal::LoggingAspect>(sink));
//   weaver.apply("logging", "DocumentService::*");
//   auto total = weaver.weave("Cart::total", [](const Cart& cart) { return cart.sum(); });
//   weaver.remove("logging", "DocumentService::*");
#pragma once

#include "annal/aspects/arguments.hpp"
#include "annal/call/join_point.hpp"
#include "annal/call/replaceable.hpp"

#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace annal {

// A place where aspects may surround a call: a name, and whatever is applied to it at the time of
// the call. A copy is the same point. May outlive its weaver; it then stays as it was.
//   cost      one relaxed load where nothing is applied
//   threads   any number of callers
class WeavingPoint {
 public:
  std::string_view name() const { return state_->name; }
  bool woven() const { return state_->woven.load(std::memory_order_relaxed); }

  // Calls the function inside what is applied, and returns what it returns.
  //   throws    what the function or an aspect throws
  template <class Function>
  std::invoke_result_t<Function&> call(
      Function&& function, std::source_location where = std::source_location::current()) const {
    return call({}, std::string_view(), std::forward<Function>(function), where);
  }

  //   request_id  may be empty
  //   arguments   text, or a function that makes it; it is called only where an aspect is applied
  template <class Arguments, class Function>
  std::invoke_result_t<Function&> call(
      std::string_view request_id, const Arguments& arguments, Function&& function,
      std::source_location where = std::source_location::current()) const {
    if (!woven()) return std::invoke(function);
    if constexpr (std::is_invocable_v<const Arguments&>) {
      const std::string text(std::invoke(arguments));
      return call_woven(request_id, text, function, where);
    } else {
      return call_woven(request_id, arguments, function, where);
    }
  }

 private:
  friend class Weaver;
  struct State {
    explicit State(std::string point_name) : name(std::move(point_name)) {}

    const std::string name;
    std::atomic<bool> woven = false;
    std::atomic<std::uint64_t> calls = 0;
    Replaceable<InterceptorChain> chain{std::make_unique<InterceptorChain>()};
  };

  explicit WeavingPoint(std::shared_ptr<State> state) : state_(std::move(state)) {}

  template <class Function>
  std::invoke_result_t<Function&> call_woven(std::string_view request_id,
                                             std::string_view arguments, Function& function,
                                             std::source_location where) const {
    const auto chain = state_->chain.read();
    const JoinPoint point{.name = state_->name,
                          .request_id = request_id,
                          .arguments = arguments,
                          .call = state_->calls.fetch_add(1, std::memory_order_relaxed) + 1,
                          .where = where};
    return call_around(*chain, point, function);
  }

  std::shared_ptr<State> state_;
};

// What applies where. Patterns name a target exactly,
// or with `*` for any text: `DocumentService::*`.
//   threads   every member: any number of callers, also from inside an aspect; a call under way
//             finishes with the aspects it began with
class Weaver {
 public:
  Weaver();
  ~Weaver();
  Weaver(const Weaver&) = delete;
  Weaver& operator=(const Weaver&) = delete;

  // Makes the aspect known under a name; it surrounds nothing yet.
  //   throws    ConfigurationError if the name is empty or taken, or there is no aspect
  void add(std::string aspect, std::shared_ptr<Interceptor> interceptor);

  // Surrounds every point the pattern names, now and later. Around one point the aspect of the
  // lowest order is outermost, of equal ones that applied first; an aspect surrounds a point once,
  // however many patterns name it. Applying it again to the same pattern gives it the new order.
  //   throws    ConfigurationError if no aspect has that name or the pattern is empty
  void apply(std::string_view aspect, std::string_view target, int order = 0);

  // Takes the aspect off the pattern it was applied to. A scope's application stays as long as the
  // scope.
  //   returns   whether it was applied to it
  bool remove(std::string_view aspect, std::string_view target);

  // Takes the aspect off everything and forgets it.
  //   returns   whether it was known
  bool remove(std::string_view aspect);

  // The names of the aspects known, as added.
  std::vector<std::string> aspects() const;

  // The names of the aspects around a target, the outermost first.
  std::vector<std::string> applied_to(std::string_view target) const;

  // The point of that name; keep it, and an idle call costs one load.
  WeavingPoint point(std::string_view name);

  // A function that runs the callable, as const, inside what is applied to the name at the time of
  // the call. Arguments that are text, numbers or describe themselves are shown to the aspects.
  // They are forwarded: an aspect that proceeds again calls with what the first time left of them.
  template <class Function>
  auto weave(std::string_view name, Function function) {
    return [point = point(name), function = std::move(function)]<class... Arguments>(
               Arguments&&... arguments) -> decltype(auto) {
      const auto call = [&]() -> decltype(auto) {
        return std::invoke(function, std::forward<Arguments>(arguments)...);
      };
      return point.call(
          {}, [&] { return arguments_text(arguments...); }, call);
    };
  }

  // Calls the function inside what is applied to `point.name`; `point.call` is filled in.
  //   cost      a look-up by name beyond that of WeavingPoint::call where any aspect is applied
  template <class Function>
  std::invoke_result_t<Function&> call(const JoinPoint& point, Function&& function) {
    if (!anything_applied_.load(std::memory_order_relaxed)) return std::invoke(function);
    return this->point(point.name)
        .call(point.request_id, point.arguments, std::forward<Function>(function), point.where);
  }

  // An interceptor for chains kept elsewhere (effect handlers): runs what is applied to the name of
  // the join point it is given, and fills in `call`. May outlive the weaver; it then stays as it
  // was.
  //   prefix    what the names it will be given begin with: it is idle while nothing is applied to
  //             such names
  //   cost      idle: one relaxed load; otherwise a look-up by name
  std::shared_ptr<Interceptor> interceptor(std::string prefix = {});

 private:
  friend class ScopedAspect;
  std::uint64_t begin_scope(std::string_view aspect, std::string_view target, int order);
  void end_scope(std::uint64_t scope);

  struct State;
  std::shared_ptr<State> state_;
  const std::atomic<bool>& anything_applied_;  // of the state
};

// An aspect applied for as long as this lives, whoever else applies it to the same pattern.
class ScopedAspect {
 public:
  ScopedAspect(Weaver& weaver, std::string_view aspect, std::string_view target, int order = 0);
  ~ScopedAspect();
  ScopedAspect(const ScopedAspect&) = delete;
  ScopedAspect& operator=(const ScopedAspect&) = delete;

 private:
  Weaver& weaver_;
  std::uint64_t scope_;
};

}  // namespace annal
