// One line of an exported log: an event, or the description of a type, as a CloudEvent in JSON.
// Source: docs/reference/cloudevents.md;
// the CloudEvents specification 1.0.2 and its JSON event format
#pragma once

#include "annal/event/catalogue.hpp"
#include "annal/log/event_log.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace annal::interchange {

// The types a file or a log describes, by name and schema version.
using TypeBook = std::map<std::pair<std::string, std::uint32_t>, FieldDescription>;

// What the last event of a commit says about all of it.
struct CommitSeal {
  Hash hash;
  Hash previous;  // of the commit before; all zero before the first
  std::optional<std::string> idempotency_key;
  std::optional<Hash> request_hash;
};

struct CloudEvent {
  Envelope event;                  // its hash is that of what it says
  Position commit;                 // the last one of its commit
  std::optional<CommitSeal> seal;  // of the event at that position
};

// What is wrong with a line, and at which of its bytes, from 0, it was noticed.
struct LineFault {
  std::size_t offset = 0;
  std::string reason;
};

// Without line feeds. Payloads are readable where the book has their type and nothing gets lost.
//   commit    its last position
//   seal      where the event is at that position
std::string to_line(const Envelope& event, Position commit, const std::optional<CommitSeal>& seal,
                    const TypeBook& types);
std::string to_line(const TypeDescription& type);

using Line = std::variant<CloudEvent, TypeDescription>;

// Throws LineFault, also for an event whose hash is not the one it was exported with.
Line from_line(std::string_view line, const TypeBook& types);

// A type's fields as JSON, and back.
std::string description_to_json(const FieldDescription& description);
// Nothing unless the text, which is checked JSON, names kinds of fields; whether they can be so is
// for fault() to say.
std::optional<FieldDescription> description_from_json(std::string_view json);

}  // namespace annal::interchange
