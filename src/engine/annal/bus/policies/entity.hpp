// Validation: an event is about something.
//
//   auto validation = bus.control().add(
//       annal::require_entity(),
//       {.name = "entity", .priority = -100, .interest = annal::TopicPattern::of("ai_coder.>")});
#pragma once

#include "annal/bus/control.hpp"

namespace annal {

// A handler that answers FAIL to an event that names no stream. What is recorded has one in any case;
// transient events need none, unless it is asked for.
//   cost      a look at the stream's length
//   threads   called by any number at once
ControlHandler require_entity();

}  // namespace annal
