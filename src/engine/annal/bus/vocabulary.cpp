#include "annal/bus/vocabulary.hpp"

namespace annal {

void add_bus_events(Catalogue& catalogue) {
  catalogue.add<WarningRaised>(warning_raised);
  catalogue.add<ControlDecided>(control_decided);
}

}  // namespace annal
