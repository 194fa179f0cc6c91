// An aggregate's events on their way into envelopes and back, and past a bus's middleware and control.
#pragma once

#include "annal/aggregate/contract.hpp"
#include "annal/bus/bus.hpp"
#include "annal/event/catalogue.hpp"
#include "annal/log/commit.hpp"

#include <optional>
#include <string>
#include <type_traits>
#include <typeindex>
#include <utility>
#include <variant>
#include <vector>

namespace annal {

// An envelope around whichever event it is.
template <Aggregate A>
Envelope wrap_event(const Catalogue& catalogue, const typename A::Event& event) {
  return std::visit([&](const auto& payload) { return catalogue.wrap(payload); }, event);
}

// An empty event of the aggregate's of the envelope's type, which is what can be said of a stub;
// nothing for an event of another kind.
template <Aggregate A>
std::optional<typename A::Event> event_of_type(const Catalogue& catalogue,
                                               const Envelope& envelope) {
  using Event = typename A::Event;
  std::optional<Event> found;
  const EventType* type = catalogue.find(envelope.type);
  if (!type) return found;
  const auto attempt = [&]<std::size_t index>(std::integral_constant<std::size_t, index>) {
    if (type->cpp_type == typeid(std::variant_alternative_t<index, Event>))
      found.emplace(std::in_place_index<index>);
  };
  [&]<std::size_t... indices>(std::index_sequence<indices...>) {
    (attempt(std::integral_constant<std::size_t, indices>{}), ...);
  }
  (std::make_index_sequence<std::variant_size_v<Event>>{});
  return found;
}

// The aggregate's event in an envelope; nothing for an event of another kind.
//   throws    DecodeError if it is of one of the aggregate's types but does not decode; DataPurged
//             if it is a stub of one
template <Aggregate A>
std::optional<typename A::Event> unwrap_event(const Catalogue& catalogue,
                                              const Envelope& envelope) {
  auto event = event_of_type<A>(catalogue, envelope);
  if (event)
    std::visit(
        [&](auto& payload) {
          payload = *catalogue.unwrap<std::decay_t<decltype(payload)>>(envelope);
        },
        *event);
  return event;
}

// An event as it will be recorded, and what it says.
template <Aggregate A>
struct AdmittedEvent {
  Envelope envelope;
  typename A::Event event;
};

// Lets middleware and control see the events of one command. One event dropped, skipped, refused,
// spoilt or no longer decodable rejects them all.
//   bus       whose middleware and control; null for none
//   about     what every event of the command has in common: stream, source, tags, …
template <Aggregate A>
std::variant<std::vector<AdmittedEvent<A>>, Rejected> admit_events(
    const Bus* bus, const Catalogue& catalogue, const std::vector<typename A::Event>& events,
    const Envelope& about) {
  std::vector<AdmittedEvent<A>> admitted;
  for (const auto& event : events) {
    Envelope envelope = about;
    Envelope wrapped = wrap_event<A>(catalogue, event);
    envelope.type = std::move(wrapped.type);
    envelope.schema_version = wrapped.schema_version;
    envelope.codec = wrapped.codec;
    envelope.data = std::move(wrapped.data);
    auto admission =
        bus ? bus->admit(std::move(envelope)) : Bus::Admission{std::move(envelope), {}, {}};
    if (!admission.event)
      return Rejected{Vetoed{admission.by, admission.why, admission.failed, admission.skipped}};
    try {
      auto said = unwrap_event<A>(catalogue, *admission.event);
      if (!said) return Rejected{Vetoed{"middleware", "made it an event of another kind"}};
      admitted.push_back({std::move(*admission.event), std::move(*said)});
    } catch (const DecodeError& error) {
      return Rejected{Vetoed{"middleware", error.what()}};
    }
  }
  return admitted;
}

}  // namespace annal
