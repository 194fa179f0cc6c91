// Documents and their differences as JSON, the same over HTTP and from the program.
#pragma once

#include "annal/server/json_object.hpp"
#include "annal/service/documents.hpp"

namespace annal::server {

// Everything about a document but its content.
JsonObject document_summary(const Document& document);

// The whole document.
JsonObject document_json(const Document& document);

// What changed between two points, put as they were asked for.
JsonObject diff_json(const DocumentKey& key, const Point& from, const Point& to,
                     const DocumentDiff& diff);

}  // namespace annal::server
