#include "annal/bus/policies/authorisation.hpp"

#include "annal/error.hpp"
#include "annal/failure_text.hpp"

#include <utility>

namespace annal {

ControlHandler refuse_if(WhyNot why_not) {
  if (!why_not) throw InvalidInput("the authorisation holds no function to call");
  return [why_not = std::move(why_not)](const Envelope& event, ControlContext& context) {
    try {
      auto reason = why_not(event, context);
      return reason ? ControlDecision::fail(std::move(*reason)) : ControlDecision::proceed();
    } catch (...) {  // nobody knows that it is allowed
      return ControlDecision::error("authorisation failed: " + text_of_current_exception());
    }
  };
}

ControlHandler allow_if(Allowed allowed, std::string otherwise) {
  if (!allowed) throw InvalidInput("the authorisation holds no function to call");
  return refuse_if(
      [allowed = std::move(allowed), otherwise = std::move(otherwise)](
          const Envelope& event, const ControlContext& context) -> std::optional<std::string> {
        if (allowed(event, context)) return std::nullopt;
        return otherwise;
      });
}

}  // namespace annal
