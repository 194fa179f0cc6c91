// What is watched of AI coders: that they fail again and again, how long they took, and that they
// have run into limits.
//
//   annal::coder::add_to(catalogue);
//   for (const annal::Rule& rule : annal::coder::rules(catalogue)) …
#pragma once

#include "annal/bus/rules/rule.hpp"
#include "annal/coder/coder_events.hpp"

#include <vector>

namespace annal::coder {

// All of them are about the coder whose stream `coder/<id>` an event is in, or which its tag
// `coder:<id>` names; what they emit goes into the stream of the event that completed the match.
//   catalogue  knows the events of add_to; must outlive the rules and their runs

// `ai_coder.failure_alert` at each `ai_coder.failed` that is at least the third within 10 minutes.
Rule failure_alert(const Catalogue& catalogue);
// `ai_coder.completion_metrics` at `ai_coder.completed` less than 30 days after `ai_coder.created`.
Rule completion_metrics(const Catalogue& catalogue);
// `ai_coder.system_warning` at each `ai_coder.rate_limit`. The message is the provider's, if it has
// one and the data was not purged.
Rule rate_limit_warning(const Catalogue& catalogue);
// `ai_coder.system_warning` at each `ai_coder.resource_limit`, with what was used.
Rule resource_limit_warning(const Catalogue& catalogue);

// The four.
std::vector<Rule> rules(const Catalogue& catalogue);

}  // namespace annal::coder
