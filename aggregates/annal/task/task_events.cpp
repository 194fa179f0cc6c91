#include "annal/task/task_events.hpp"

namespace annal::task {

void add_to(Catalogue& catalogue) {
  catalogue.add<Blocked>("task.blocked");
  catalogue.add<BlockerResolved>("blocker.resolved");
  catalogue.add<PatternDetected>("pattern.detected");
}

std::optional<std::string> task_of(const Envelope& event) {
  constexpr std::string_view stream_prefix = "task/", tag_prefix = "task:";
  if (event.stream.starts_with(stream_prefix)) return event.stream.substr(stream_prefix.size());
  for (const auto& tag : event.tags)
    if (tag.starts_with(tag_prefix)) return tag.substr(tag_prefix.size());
  return std::nullopt;
}

}  // namespace annal::task
