// What the bus tells of itself.
#include "annal/bus/bus_state.hpp"
#include "annal/bus/vocabulary.hpp"
#include "annal/log/commit.hpp"

#include <utility>

namespace annal {

namespace {

// By which one finds it with all else about the same entities: the event's own tags, and its stream.
std::vector<std::string> tags_of(const Envelope& about) {
  auto tags = about.tags;
  std::string stream = "stream:" + about.stream;
  if (!about.stream.empty() && stream.size() <= limits::name_bytes &&
      tags.size() < limits::event_tags)
    tags.push_back(std::move(stream));
  return tags;
}

}  // namespace

// They pass neither middleware nor control, which might want to say something about them again.
template <class Payload>
void Bus::State::tell_own(std::string_view type, std::string_view stream, const Payload& payload,
                          const Envelope& about) noexcept {
  try {
    const unsigned depth = next_depth();
    Envelope event;
    event.type = type;
    event.schema_version = bus_events_version;
    event.codec = Codec::cereal;
    event.data = encode(payload);
    event.stream = stream;  // its own: nothing is added to the history of what it is about
    event.source = "annal";
    event.tags = tags_of(about);
    event.correlation_id = about.correlation_id;
    if (!about.id.is_nil()) event.causation_id = about.id.to_string();
    fill_in(event, visit().desk(), clock.now());
    const auto report =
        pass_on({std::move(event), {}, true, depth, policy_of(std::string(type)), {}});
    if (report.not_recorded) warn_of_loss(std::string(type), report.why);
  } catch (...) {
    // Too many of them wait, or there is no memory: what they tell of must not fail for it.
  }
}

void Bus::State::publish_or_warn(Envelope event) noexcept {
  try {
    const std::string type = event.type;
    try {
      publish(std::move(event));
    } catch (const NotRecorded& loss) {
      warn_of_loss(type, loss.what());
    }
  } catch (...) {
    // Handlers publish in a circle, or there is no memory.
  }
}

// Nothing tells of the loss of a warning.
void Bus::State::warn_of_loss(const std::string& type, const std::string& what) noexcept {
  if (type == warning_raised) return;
  try {
    Envelope lost;
    lost.type = type;
    warn("recording", what, lost);
  } catch (...) {
    // There is no memory.
  }
}

void Bus::State::tell_decision(const ControlVerdict& verdict, const Envelope& event) noexcept {
  ControlDecided decided;
  decided.signal = to_string(verdict.signal);
  decided.by = verdict.by;
  decided.priority = verdict.priority;
  decided.reason = verdict.reason;
  decided.delay = static_cast<std::uint64_t>(verdict.delay.count());
  decided.attempt = verdict.attempt;
  decided.took = static_cast<std::uint64_t>(verdict.took.count());
  if (!event.id.is_nil()) decided.event_id = event.id.to_string();
  decided.event_type = event.type;
  if (!event.stream.empty()) decided.event_stream = event.stream;
  tell_own(control_decided, "annal/decisions", decided, event);
}

void Bus::State::warn(const std::string& subject, std::string message,
                      const Envelope& event) noexcept {
  WarningRaised warning;
  warning.message = std::move(message);
  warning.subject = subject;
  if (!event.id.is_nil()) warning.event_id = event.id.to_string();
  warning.event_type = event.type;
  if (!event.stream.empty()) warning.event_stream = event.stream;
  tell_own(warning_raised, "annal/warnings", warning, event);
}

}  // namespace annal
