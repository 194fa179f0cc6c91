// The envelope: everything annal knows about one event, before and after it is recorded.
#pragma once

#include "annal/event/hash.hpp"
#include "annal/event/position.hpp"
#include "annal/event/ulid.hpp"
#include "annal/time/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace annal {

// How `data` is encoded. The numbers are part of the file format.
enum class Codec : std::uint8_t {
  bytes = 0,   // opaque; content_type says what they are
  cereal = 1,  // cereal's portable binary, little-endian
  json = 2,    // JSON text
};

// Key and value, in the order they were given; keys are unique.
using Metadata = std::vector<std::pair<std::string, std::string>>;

// What is left of an event's data and metadata once they were purged: what its hash is made of.
struct Stub {
  Hash data;      // SHA-256(salt ‖ data)
  Hash metadata;  // SHA-256(salt ‖ metadata, as the event's hash has it)
  // What whoever purged it tells those who fold it; 0: nothing. The hash does not cover it, so it is
  // kept with a checksum.
  std::uint8_t note = 0;
  friend bool operator==(const Stub&, const Stub&) = default;
};

// A caller fills in stream, type and data and what else it knows; the log fills in the rest.
// An event that was never recorded has position 0 and version 0.
struct Envelope {
  Ulid id;                           // given by the log when nil
  std::string type;                  // a topic, `document.updated`
  std::uint32_t schema_version = 1;  // of the type's payload, from 1
  Codec codec = Codec::bytes;
  std::string content_type;              // media type of data; may be empty for cereal and json
  std::string stream;                    // `kind/…`, at most 1024 bytes
  Version version;                       // place in the stream; given by the log
  Position position;                     // place in the log; given by the log
  std::optional<Timestamp> occurred_at;  // when it happened, the source's word
  Timestamp recorded_at{};               // when the log took it; given by the log
  std::string source;                    // who says so: a component, a host; may be empty
  std::string correlation_id;            // what it belongs to; may be empty
  std::string causation_id;              // the event or effect that caused it; may be empty
  std::vector<std::string> tags;         // `key:value`, at most 32, each 3–256 bytes
  std::string data;                      // at most 1 MiB
  Metadata metadata;                     // counts towards the event's 1 MiB
  Salt salt{};                           // given by the log when all zero
  Hash hash;                             // event_hash; given by the log
  // Present in a stub: data, metadata and salt are gone for ever, and empty.
  std::optional<Stub> purged;

  Timestamp happened_at() const { return occurred_at.value_or(recorded_at); }
  // The value of a metadata key, or nothing.
  std::optional<std::string> meta(const std::string& key) const;
};

// The metadata under which a bus notes how deep the chain of causes is that an event ends. It is the
// bus's alone: what others say there counts for nothing.
inline constexpr std::string_view depth_key = "annal-depth";

// What counts towards the limits: data and metadata.
std::size_t bytes_of(const Envelope& event);

// The media type under which an event's data travels: content_type, or what its codec implies.
std::string media_type(const Envelope& event);

// Leaves of the event its stub, which has the same hash.
//   cost      two SHA-256 runs; nothing for a stub
void purge(Envelope& event, std::uint8_t note = 0);

// The checksum of a note: the first 4 bytes of a SHA-256 over it and the event's hash.
std::string note_checksum(const Hash& event_hash, std::uint8_t note);

// The hash of everything the event's author said: id, type, schema version, codec, content type,
// stream, occurred_at, source, correlation, causation, tags, and salted digests of metadata and
// data. Position, version and recorded_at belong to the commit's hash.
//   cost      three SHA-256 runs: ≈ 2 µs, and 3 ns a byte of data without SHA instructions
// Source: docs/decisions/0006-hashes.md
Hash event_hash(const Envelope& event);

}  // namespace annal
