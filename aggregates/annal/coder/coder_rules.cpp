#include "annal/coder/coder_rules.hpp"

#include "annal/bus/rules/count_rule.hpp"
#include "annal/bus/rules/sequence_rule.hpp"

#include <cmath>
#include <functional>
#include <utility>

namespace annal::coder {
namespace {

Query events_named(std::string_view type) { return Query::of_types({TopicPattern::of(type)}); }

// One warning for each event of the type.
Rule warning_at(std::string type, std::string kind, const Catalogue& catalogue,
                std::function<std::string(const Envelope&)> message) {
  return rules::count(
      {.name = "ai_coder." + kind + "_warning",
       .of = events_named(type),
       .by = coder_of,
       .at_least = 1,
       .window = std::chrono::seconds(1),
       .emit = [&catalogue, kind, message = std::move(message)](const Match& match) {
         return catalogue.wrap(
             SystemWarning{.kind = kind, .coder_id = match.key, .message = message(match.event)});
       }});
}

std::string whole(double number) { return std::to_string(std::llround(number)); }

}  // namespace

Rule failure_alert(const Catalogue& catalogue) {
  return rules::count({.name = "ai_coder.failure_alert",
                       .of = events_named("ai_coder.failed"),
                       .by = coder_of,
                       .at_least = 3,
                       .window = std::chrono::minutes(10),
                       .emit = [&catalogue](const Match& match) {
                         return catalogue.wrap(
                             FailureAlert{.coder_id = match.key, .failure_count = match.count});
                       }});
}

Rule completion_metrics(const Catalogue& catalogue) {
  return rules::completion(
      {.name = "ai_coder.completion_metrics",
       .start = events_named("ai_coder.created"),
       .end = events_named("ai_coder.completed"),
       .by = coder_of,
       .within = std::chrono::hours(30 * 24),
       .emit = [&catalogue](const Match& match) {
         return catalogue.wrap(
             CompletionMetrics{.coder_id = match.key,
                               .duration = static_cast<std::uint64_t>(match.duration().count())});
       }});
}

Rule rate_limit_warning(const Catalogue& catalogue) {
  return warning_at("ai_coder.rate_limit", "rate_limit", catalogue,
                    [&catalogue](const Envelope& event) -> std::string {
                      if (event.purged) return "rate limit reached";
                      const auto limited = catalogue.unwrap<RateLimited>(event).value();
                      return limited.error_message.value_or("rate limit of " + limited.provider +
                                                            " reached with " + limited.model);
                    });
}

Rule resource_limit_warning(const Catalogue& catalogue) {
  return warning_at("ai_coder.resource_limit", "resource_limit", catalogue,
                    [&catalogue](const Envelope& event) -> std::string {
                      if (event.purged) return "resource limit reached";
                      const auto used = catalogue.unwrap<ResourceLimited>(event).value();
                      return "resource limit reached: " + whole(used.memory_mb) + " MB memory, " +
                             whole(used.cpu_percent) + " % CPU, " + whole(used.disk_usage_mb) +
                             " MB disk";
                    });
}

std::vector<Rule> rules(const Catalogue& catalogue) {
  return {failure_alert(catalogue), completion_metrics(catalogue), rate_limit_warning(catalogue),
          resource_limit_warning(catalogue)};
}

}  // namespace annal::coder
