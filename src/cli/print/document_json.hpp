// Documents as JSON, member for member as the HTTP API gives them.
#pragma once

#include "annal/server/json_object.hpp"
#include "annal/service/documents.hpp"

namespace annal::cli {

// Everything about a document but its content.
server::JsonObject document_summary(const Document& document);
// The whole document, and the position it was read at.
std::string document_json(const FoundDocument& found);

}  // namespace annal::cli
