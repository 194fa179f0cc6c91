// What the tests of the bus share: events in a line, and a subscriber that notes what it is told.
#pragma once

#include "annal/bus/bus.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace annal::test {

using Names = std::vector<std::string>;

inline Envelope event_of(std::string type, std::string stream = "document/orders/7",
                         std::string source = {}) {
  Envelope event;
  event.type = std::move(type);
  event.stream = std::move(stream);
  event.source = std::move(source);
  return event;
}

// Notes the type of each event it is told of, behind its own name: `ann:document.updated`. Not what
// the bus tells of itself.
inline EventHandler notes_in(Names& notes, std::string name) {
  return [&notes, name = std::move(name)](const Envelope& event) {
    if (event.source != "annal") notes.push_back(name + ':' + event.type);
  };
}

inline Names types_of(const std::vector<Envelope>& events) {
  Names types;
  for (const auto& event : events) types.push_back(event.type);
  return types;
}

inline TopicPattern everything() { return TopicPattern::of("*"); }

}  // namespace annal::test
