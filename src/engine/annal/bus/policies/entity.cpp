#include "annal/bus/policies/entity.hpp"

namespace annal {

ControlHandler require_entity() {
  return [](const Envelope& event, ControlContext&) {
    return event.stream.empty()
               ? ControlDecision::fail(
                     "an event of type " + event.type +
                     " is about an entity, and this one names none: give it a stream")
               : ControlDecision::proceed();
  };
}

}  // namespace annal
