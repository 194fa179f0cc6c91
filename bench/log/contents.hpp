// Documents for the measurements.
#pragma once

#include "annal/service/documents.hpp"

#include <string>

namespace annal::bench {

std::string content(int number);  // about 280 bytes of JSON

// Events of a document, for a commit of many.
Envelope created(const Catalogue& catalogue, const DocumentKey& key, int number);
Envelope updated(const Catalogue& catalogue, const DocumentKey& key, int number);  // its content

// Throws if the change was not made.
void require(const ChangeOutcome& outcome);

}  // namespace annal::bench
