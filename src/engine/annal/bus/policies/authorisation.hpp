// Authorisation: who may cause which event.
//
//   auto owners = bus.control().add(
//       annal::refuse_if([](const annal::Envelope& event, const annal::ControlContext& context)
//                            -> std::optional<std::string> {
//         const auto user = context.values.find("user");
//         if (user != context.values.end() && may(user->second, event.stream)) return std::nullopt;
//         return "not yours";
//       }),
//       {.name = "owners", .priority = -100, .critical = true});
//
// Register these as critical, and with a low priority, so that they are asked first. What a
// predicate throws is ERROR in any case, never a passage: that needs no `critical`. But should even
// that answer fail, for lack of memory, a handler that is not critical is passed over.
#pragma once

#include "annal/bus/control.hpp"

#include <functional>
#include <optional>
#include <string>

namespace annal {

// Whether the event is allowed; or why it is not, nothing if it is.
//   threads   called by any number at once
using Allowed = std::function<bool(const Envelope& event, const ControlContext& context)>;
using WhyNot =
    std::function<std::optional<std::string>(const Envelope& event, const ControlContext& context)>;

// Handlers that answer FAIL, with the reason, to what is not allowed, and ERROR if the predicate
// throws.
//   throws    InvalidInput for no function
//   cost      the predicate's
//   threads   any number of callers
ControlHandler allow_if(Allowed allowed, std::string otherwise = "not allowed");
ControlHandler refuse_if(WhyNot why_not);

}  // namespace annal
