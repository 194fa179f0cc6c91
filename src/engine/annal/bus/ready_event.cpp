#include "annal/bus/ready_event.hpp"

#include "annal/bus/bus.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace annal {

void note_in(Envelope& event, std::string_view key, std::string value) {
  const auto known = std::find_if(event.metadata.begin(), event.metadata.end(),
                                  [&](const auto& note) { return note.first == key; });
  if (known == event.metadata.end())
    event.metadata.emplace_back(std::string(key), std::move(value));
  else
    known->second = std::move(value);
}

void note_depth(Envelope& event, unsigned depth) {
  std::erase_if(event.metadata, [](const auto& note) { return note.first == depth_key; });
  if (depth > 1) event.metadata.emplace_back(std::string(depth_key), std::to_string(depth));
}

unsigned recorded_depth(const Envelope& event) {
  const auto text = event.metadata.empty() ? std::nullopt : event.meta(std::string(depth_key));
  unsigned depth = 1;
  if (text) std::from_chars(text->data(), text->data() + text->size(), depth);
  return std::clamp(depth, 1u, Bus::causation_limit);  // whoever noted it
}

}  // namespace annal
