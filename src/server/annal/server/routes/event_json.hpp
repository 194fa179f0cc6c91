// Events as JSON.
#pragma once

#include "annal/event/catalogue.hpp"
#include "annal/event/envelope.hpp"
#include "annal/server/json_object.hpp"

#include <vector>

namespace annal::server {

// Everything around an event's data.
JsonObject envelope_json(const Envelope& event);

// Its data too: as JSON, by the description its type left in the store, in `data`; what no
// description explains is in `data_base64`.
std::string event_json(const Envelope& event, const std::vector<TypeDescription>& types);

}  // namespace annal::server
