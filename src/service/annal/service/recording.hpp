// Commits made elsewhere, taken into the log with the document rows that follow from them.
#pragma once

#include "annal/effects/steps.hpp"
#include "annal/log/commit.hpp"
#include "annal/service/parts.hpp"

namespace annal {

// Adds rows and snapshots to the commit, and performs DatabaseWrite.
AppendOutcome record_commit(const ServiceParts& parts, const Commit& commit,
                            const effects::Perform& perform);

}  // namespace annal
