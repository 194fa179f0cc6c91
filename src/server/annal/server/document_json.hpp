// A document as JSON, the same over HTTP and from the program.
#pragma once

#include "annal/server/json_object.hpp"
#include "annal/service/documents.hpp"

namespace annal::server {

// Everything about a document but its content.
JsonObject document_summary(const Document& document);

// The whole document, and the position it was read at.
JsonObject document_json(const FoundDocument& found);

}  // namespace annal::server
