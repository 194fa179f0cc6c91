#include "annal/event/envelope.hpp"

#include "annal/event/canonical_bytes.hpp"

namespace annal {
namespace {

Hash data_digest(const Envelope& event) { return sha256({view_of(event.salt), event.data}); }

Hash metadata_digest(const Envelope& event) {
  CanonicalBytes metadata;
  metadata.u32(event.metadata.size());
  for (const auto& [key, value] : event.metadata) {
    metadata.text(key);
    metadata.text(value);
  }
  return sha256({view_of(event.salt), metadata.view()});
}

}  // namespace

std::optional<std::string> Envelope::meta(const std::string& key) const {
  for (const auto& [name, value] : metadata)
    if (name == key) return value;
  return std::nullopt;
}

std::size_t bytes_of(const Envelope& event) {
  std::size_t bytes = event.data.size();
  for (const auto& [key, value] : event.metadata) bytes += key.size() + value.size();
  return bytes;
}

std::string media_type(const Envelope& event) {
  if (!event.content_type.empty()) return event.content_type;
  switch (event.codec) {
    case Codec::cereal:
      return "application/vnd.annal.cereal";
    case Codec::json:
      return "application/json";
    case Codec::bytes:
      break;
  }
  return "application/octet-stream";
}

void purge(Envelope& event, std::uint8_t note) {
  if (event.purged) return;
  event.purged = {data_digest(event), metadata_digest(event), note};
  event.data.clear();
  event.metadata.clear();
  event.salt = {};
}

std::string note_checksum(const Hash& event_hash, std::uint8_t note) {
  using namespace std::string_view_literals;
  CanonicalBytes canonical;
  canonical.raw("annal.stub.1\0"sv);
  canonical.raw(view_of(event_hash.bytes));
  canonical.u8(note);
  return std::string(view_of(sha256({canonical.view()}).bytes).substr(0, 4));
}

Hash event_hash(const Envelope& event) {
  using namespace std::string_view_literals;
  CanonicalBytes canonical;
  canonical.reserve(512);
  canonical.raw("annal.event.1\0"sv);
  canonical.raw(view_of(event.id.bytes));
  canonical.text(event.type);
  canonical.u32(event.schema_version);
  canonical.u8(static_cast<std::uint8_t>(event.codec));
  canonical.text(event.content_type);
  canonical.text(event.stream);
  canonical.u8(event.occurred_at.has_value());
  if (event.occurred_at) canonical.i64(event.occurred_at->time_since_epoch().count());
  canonical.text(event.source);
  canonical.text(event.correlation_id);
  canonical.text(event.causation_id);
  canonical.u32(event.tags.size());
  for (const auto& tag : event.tags) canonical.text(tag);
  canonical.raw(view_of((event.purged ? event.purged->metadata : metadata_digest(event)).bytes));
  canonical.raw(view_of((event.purged ? event.purged->data : data_digest(event)).bytes));
  return sha256({canonical.view()});
}

}  // namespace annal
