#include "annal/task/task_rules.hpp"

#include "annal/bus/rules/sequence_rule.hpp"

namespace annal::task {

Rule stays_blocked(const Catalogue& catalogue, std::chrono::minutes within) {
  return rules::absence({.name = "task.stays_blocked",
                         .of = Query::of_types({TopicPattern::of("task.blocked")}),
                         .until = Query::of_types({TopicPattern::of("blocker.resolved"),
                                                   TopicPattern::of("task.progress"),
                                                   TopicPattern::of("task.completed")}),
                         .by = task_of,
                         .within = within,
                         .emit = [&catalogue, within](const Match& match) {
                           return catalogue.wrap(PatternDetected{
                               .pattern = "task_stays_blocked",
                               .task_id = match.key,
                               .description = "blocked since " + to_iso8601(match.from) +
                                              ", and nothing has freed it",
                               .duration_minutes = static_cast<std::uint64_t>(within.count())});
                         }});
}

}  // namespace annal::task
