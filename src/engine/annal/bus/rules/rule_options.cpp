#include "annal/bus/rules/rule_options.hpp"

namespace annal::rules {

KeyOf by_stream() {
  return [](const Envelope& event) -> std::optional<std::string> { return event.stream; };
}

KeyOf by_tag(std::string tag_key) {
  return [prefix = std::move(tag_key) + ':'](const Envelope& event) -> std::optional<std::string> {
    for (const auto& tag : event.tags)
      if (tag.starts_with(prefix)) return tag.substr(prefix.size());
    return std::nullopt;
  };
}

KeyOf all_together() {
  return [](const Envelope&) -> std::optional<std::string> { return std::string(); };
}

}  // namespace annal::rules
