// Handlers for a test that knows what is to be performed: which effects, in which order, and what each
// of them gives.
//
//   Script script;
//   script.expect(FindCustomer{7}, "ann").expect_failure(Charge{"ann", 500}, Transient("busy"));
//   sale.outcome(script.handlers());
//   EXPECT_EQ(script.rest(), "");
#pragma once

#include "annal/effects/handlers.hpp"
#include "annal/error.hpp"

#include <concepts>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace annal::effects {

// Another effect was performed than the next of the script. Says which, what was performed before, and
// what would have been next.
class ScriptMismatch : public Error {
 public:
  using Error::Error;
};

// Effects are compared by ==, or where they have none by what their describe() says.
//   threads   every member: any number of callers; effects that are performed at once come in any order
class Script {
 public:
  Script();

  // Next comes this effect, and gives the result.
  template <class E>
  Script& expect(E effect, Held<typename E::result> result = {}) {
    const auto kept = std::make_shared<Held<typename E::result>>(std::move(result));
    return add(std::move(effect), [kept]() -> typename E::result {
      if constexpr (!std::is_void_v<typename E::result>) return std::move(*kept);  // it comes once
    });
  }
  // Next comes this effect, and fails.
  template <class E, class Exception>
  Script& expect_failure(E effect, Exception exception) {
    return add(std::move(effect),
               [exception = std::move(exception)]() -> typename E::result { throw exception; });
  }

  // Handlers that follow the script; everything else is a mismatch.
  const Handlers& handlers() const { return handlers_; }
  // What was not performed yet, and what was performed instead even if the program swallowed it, a line
  // each; empty when the script is done.
  std::string rest() const;

 private:
  struct Step {
    EffectNumber number;
    std::string text;  // `charge(ann 500)`
    std::function<bool(const void* effect)> is_it;
    std::shared_ptr<const void> answer;  // a std::function<E::result()>
  };
  struct State {
    std::mutex mutex;
    std::deque<Step> steps;
    std::vector<std::string> performed, mismatches;
  };

  static std::string text_of(std::string_view name, const std::string& description) {
    return std::string(name) + '(' + description + ')';
  }
  // The step that is next, if it is this one; it is done then.
  //   throws    ScriptMismatch
  static Step take(State& state, EffectNumber number, const void* effect, const std::string& text);

  template <class E, class Answer>
  Script& add(E effect, Answer answer) {
    static_assert(std::equality_comparable<E> || DescribesItself<E>,
                  "an effect in a script is compared: give it an operator== or a describe()");
    using Function = std::function<typename E::result()>;
    Step step{effect_number<E>(), text_of(E::name, description(effect)), {}, {}};
    step.answer = std::make_shared<const Function>(std::move(answer));
    step.is_it = [effect = std::move(effect)](const void* performed) {
      const E& other = *static_cast<const E*>(performed);
      if constexpr (std::equality_comparable<E>)
        return effect == other;
      else
        return description(effect) == description(other);
    };
    if (!handlers_.handles<E>())
      handlers_.on<E>([state = state_](const E& performed) -> typename E::result {
        const Step next =
            take(*state, effect_number<E>(), &performed, text_of(E::name, description(performed)));
        return (*static_cast<const Function*>(next.answer.get()))();
      });
    std::lock_guard lock(state_->mutex);
    state_->steps.push_back(std::move(step));
    return *this;
  }

  std::shared_ptr<State> state_;
  Handlers handlers_;
};

}  // namespace annal::effects
