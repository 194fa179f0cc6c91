// What performs the service's effects unless the program says otherwise.
#pragma once

#include "annal/effects/handlers.hpp"
#include "annal/log/event_log.hpp"
#include "annal/service/log_lines.hpp"

namespace annal {

// DatabaseWrite appends, DatabaseRead looks up; Logging and Notification write lines. In a dry run
// DatabaseRead looks up too, and DatabaseWrite tells what would be answered.
void add_default_handlers(effects::Handlers& handlers, EventLog& log, const LogLines& lines);

}  // namespace annal
