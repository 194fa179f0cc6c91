// Asking one control handler about one event, as the bus does.
#pragma once

#include "annal/bus/control.hpp"

#include <ostream>
#include <string>

namespace annal {

inline void PrintTo(ControlSignal signal, std::ostream* out) { *out << to_string(signal); }

}  // namespace annal

namespace annal::test {

inline Envelope event_in(std::string stream, std::string type = "mail.requested") {
  Envelope event;
  event.type = std::move(type);
  event.stream = std::move(stream);
  return event;
}

inline ControlDecision ask(const ControlHandler& handler,
                           const Envelope& event = event_in("mail/1"), unsigned attempt = 1) {
  ControlContext context{.attempt = attempt};
  return handler(event, context);
}

inline ControlSignal signal_of(const ControlHandler& handler,
                               const Envelope& event = event_in("mail/1"), unsigned attempt = 1) {
  return ask(handler, event, attempt).signal();
}

}  // namespace annal::test
