#include "annal/coder/coder_events.hpp"

namespace annal::coder {

void add_to(Catalogue& catalogue) {
  catalogue.add<Created>("ai_coder.created");
  catalogue.add<Completed>("ai_coder.completed");
  catalogue.add<Failed>("ai_coder.failed");
  catalogue.add<RateLimited>("ai_coder.rate_limit");
  catalogue.add<ResourceLimited>("ai_coder.resource_limit");
  catalogue.add<FailureAlert>("ai_coder.failure_alert");
  catalogue.add<CompletionMetrics>("ai_coder.completion_metrics");
  catalogue.add<SystemWarning>("ai_coder.system_warning");
}

std::optional<std::string> coder_of(const Envelope& event) {
  constexpr std::string_view stream_prefix = "coder/", tag_prefix = "coder:";
  if (event.stream.starts_with(stream_prefix)) return event.stream.substr(stream_prefix.size());
  for (const auto& tag : event.tags)
    if (tag.starts_with(tag_prefix)) return tag.substr(tag_prefix.size());
  return std::nullopt;
}

}  // namespace annal::coder
