// What a change's outcome becomes as an answer.
#pragma once

#include "annal/server/routes/route.hpp"

namespace annal::server {

// A change that was made.
//   status    201 adds the document's Location
Response changed(int status, const Changed& change);

// Every other outcome: refused, stale, rejected, unknown.
//   conditional  the request carried a precondition, so a conflict is 412 and not 409
Response not_changed(Context& context, const ChangeOutcome& outcome, bool conditional);

}  // namespace annal::server
