// Errors as clients see them: RFC 9457 problem details. None of them tells a path, a statement of
// SQL or anything else about the machine behind.
#pragma once

#include "annal/server/json_object.hpp"
#include "annal/server/message.hpp"

#include <exception>
#include <functional>
#include <string_view>

namespace annal::server {

// A problem of type `urn:annal:problem:<type>`; its title is the type in words.
//   members   what the problem carries beside type, title, status and detail
Response problem(int status, std::string_view type, std::string_view detail,
                 const JsonObject& members = {});

// 503: nothing more is written until the store is opened again.
Response storage_failed();

// What a fault in answering a request becomes. Faults of ours are told to `report` in full and to
// the client in general words.
Response problem_of(const std::exception& fault,
                    const std::function<void(std::string_view)>& report);

}  // namespace annal::server
