// Document rows and snapshots follow from the log: making them again, and checking that they do.
#pragma once

#include "annal/service/documents.hpp"
#include "annal/service/parts.hpp"

#include <cstdint>
#include <vector>

namespace annal {

// Makes every row and snapshot of documents again.
// Rows are replaced one by one, never missing meanwhile.
//   returns   the number of documents, deleted ones included
//   throws    StorageError if the log does not take the rows
//   cost      reads the log once and then every document's events;
//             keeps every document's name in memory
std::uint64_t rebuild_rows(const ServiceParts& parts);

// Every document that has a row or an event, in the order of the keys.
//   cost      reads the log once
std::vector<DocumentKey> documents_of(const ServiceParts& parts);

// Compares every row with the fold of its events, snapshots left aside.
//   returns   documents whose rows differ, are missing, or should not be there,
//             in the order of their keys
//   cost      as rebuild_rows
std::vector<DocumentKey> differing_rows(const ServiceParts& parts);

}  // namespace annal
