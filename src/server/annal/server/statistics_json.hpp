// What a log says of itself, as the program and the server show it.
#pragma once

#include "annal/log/event_log.hpp"
#include "annal/server/json_object.hpp"

namespace annal::server {

// Statistics and subscriptions of the log. What only the process that writes can know is left out
// elsewhere.
//   cost      that of EventLog::statistics and kept_subscriptions
JsonObject statistics_json(const EventLog& log);

}  // namespace annal::server
