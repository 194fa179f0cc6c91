#include "annal/bus/vocabulary.hpp"

namespace annal {

namespace {

struct WarningRaisedV1 {
  std::string message;
  std::optional<std::string> subject, event_id, event_type;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(message), CEREAL_NVP(subject), CEREAL_NVP(event_id), CEREAL_NVP(event_type));
  }
};

struct ControlDecidedV1 {
  std::string signal, by;
  std::int32_t priority = 0;
  std::string reason;
  std::uint64_t delay = 0;
  std::uint32_t attempt = 1;
  std::uint64_t took = 0;
  std::string event_id, event_type;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(signal), CEREAL_NVP(by), CEREAL_NVP(priority), CEREAL_NVP(reason),
            CEREAL_NVP(delay), CEREAL_NVP(attempt), CEREAL_NVP(took), CEREAL_NVP(event_id),
            CEREAL_NVP(event_type));
  }
};

}  // namespace

void add_bus_events(Catalogue& catalogue) {
  catalogue.add<WarningRaised>(warning_raised, bus_events_version)
      .upcast<WarningRaisedV1>(1, [](WarningRaisedV1 old) {
        return WarningRaised{old.message, old.subject, old.event_id, old.event_type, {}};
      });
  catalogue.add<ControlDecided>(control_decided, bus_events_version)
      .upcast<ControlDecidedV1>(1, [](ControlDecidedV1 old) {
        return ControlDecided{old.signal,  old.by,   old.priority, old.reason,     old.delay,
                              old.attempt, old.took, old.event_id, old.event_type, {}};
      });
}

}  // namespace annal
