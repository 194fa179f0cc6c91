#include "annal/log/query.hpp"

#include <algorithm>

namespace annal {

namespace {

template <class Range, class Text>
std::string joined(const Range& range, std::string_view separator, Text text) {
  std::string line;
  for (const auto& each : range) {
    if (!line.empty()) line += separator;
    line += text(each);
  }
  return line;
}

std::string text_of(const QueryItem& item) {
  std::string line = item.stream.value_or("events");
  if (!item.types.empty())
    line += " of " + joined(item.types, " or ", [](const auto& type) { return type.text(); });
  if (!item.tags.empty())
    line += " with " + joined(item.tags, " and ", [](const auto& tag) { return tag; });
  return line;
}

bool means_everything(const QueryItem& item) {
  const auto everything = [](const TopicPattern& type) { return type.matches_everything(); };
  return !item.stream && item.tags.empty() &&
         (item.types.empty() || std::any_of(item.types.begin(), item.types.end(), everything));
}

}  // namespace

bool QueryItem::matches(const Envelope& event) const {
  const auto carried = [&](const std::string& tag) {
    return std::find(event.tags.begin(), event.tags.end(), tag) != event.tags.end();
  };
  return (!stream || *stream == event.stream) && matches_any(types, event.type) &&
         std::all_of(tags.begin(), tags.end(), carried);
}

bool Query::matches(const Envelope& event) const {
  return items.empty() || std::any_of(items.begin(), items.end(),
                                      [&](const QueryItem& item) { return item.matches(event); });
}

bool Query::means_everything() const {
  return items.empty() || std::any_of(items.begin(), items.end(), [](const QueryItem& item) {
           return annal::means_everything(item);
         });
}

const std::string* Query::only_stream() const {
  return items.size() == 1 && items.front().stream ? &*items.front().stream : nullptr;
}

std::string Query::to_string() const {
  return items.empty() ? "any event" : joined(items, ", or ", text_of);
}

}  // namespace annal
