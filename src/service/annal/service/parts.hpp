// What every part of the document service works with.
#pragma once

#include "annal/bus/bus.hpp"
#include "annal/effects/handlers.hpp"
#include "annal/event/catalogue.hpp"
#include "annal/event/ulid.hpp"
#include "annal/log/event_log.hpp"
#include "annal/service/log_lines.hpp"

namespace annal {

struct ServiceParts {
  EventLog& log;
  Bus& bus;
  const Catalogue& catalogue;
  effects::Handlers& handlers;
  UlidGenerator& ids;
  const LogLines& lines;
  bool read_only = false;
};

}  // namespace annal
