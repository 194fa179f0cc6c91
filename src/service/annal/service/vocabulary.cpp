#include "annal/service/vocabulary.hpp"

namespace annal {

void add_service_events(Catalogue& catalogue) {
  catalogue.add<ErrorRaised>("error.raised");
  catalogue.add<CommandExecuted>("command.executed");
  catalogue.add<QueryExecuted>("query.executed");
}

}  // namespace annal
