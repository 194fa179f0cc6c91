// What the bus tells of itself: events of its own, which pass no middleware and no control.
#pragma once

#include "annal/event/catalogue.hpp"

#include <cereal/cereal.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace annal {

// `warning.raised`: something went wrong that was borne: an event was not recorded as its policy says,
// an observer takes too long, a control handler failed and was passed over.
struct WarningRaised {
  std::string message;
  std::optional<std::string> subject;     // who or what it is about: an observer, a rule
  std::optional<std::string> event_id;    // the event it is about
  std::optional<std::string> event_type;  // that event's
  std::optional<std::string> event_stream;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(message), CEREAL_NVP(subject), CEREAL_NVP(event_id), CEREAL_NVP(event_type),
            CEREAL_NVP(event_stream));
  }
  friend bool operator==(const WarningRaised&, const WarningRaised&) = default;
};

// `control.decided`: a control handler said something other than PROCEED.
struct ControlDecided {
  std::string signal;  // `skip`, `retry`, `fallback`, `fail`, `error`
  std::string by;      // the handler
  std::int32_t priority = 0;
  std::string reason;
  std::uint64_t delay = 0;    // of a retry, milliseconds
  std::uint32_t attempt = 1;  // how often it had been asked about
  std::uint64_t took = 0;     // all of this asking, nanoseconds
  std::string event_id;       // of the event it is about; empty if it had none yet
  std::string event_type;
  std::optional<std::string> event_stream;  // its entity

  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(signal), CEREAL_NVP(by), CEREAL_NVP(priority), CEREAL_NVP(reason),
            CEREAL_NVP(delay), CEREAL_NVP(attempt), CEREAL_NVP(took), CEREAL_NVP(event_id),
            CEREAL_NVP(event_type), CEREAL_NVP(event_stream));
  }
  friend bool operator==(const ControlDecided&, const ControlDecided&) = default;
};

// The types under which they travel. A catalogue need not list them for the bus to tell of itself;
// whoever subscribes to them typed lists them.
inline constexpr std::string_view warning_raised = "warning.raised";
inline constexpr std::string_view control_decided = "control.decided";
inline constexpr std::uint32_t bus_events_version = 2;  // of both; 1 did not say of which stream
void add_bus_events(Catalogue& catalogue);

}  // namespace annal
