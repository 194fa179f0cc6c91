#include "annal/event/envelope.hpp"

namespace annal {
namespace {

// The canonical bytes of a hash: integers little-endian, texts behind their 32-bit length.
class CanonicalBytes {
 public:
  void raw(std::string_view bytes) { bytes_.append(bytes); }
  void u8(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void u32(std::size_t value) { integer(value, 4); }
  void i64(std::int64_t value) { integer(static_cast<std::uint64_t>(value), 8); }
  void text(std::string_view value) {
    u32(value.size());
    raw(value);
  }
  void reserve(std::size_t size) { bytes_.reserve(size); }
  std::string_view view() const { return bytes_; }

 private:
  void integer(std::uint64_t value, int width) {
    for (int i = 0; i < width; ++i) u8(static_cast<std::uint8_t>(value >> 8 * i));
  }

  std::string bytes_;
};

template <class Array>
std::string_view view_of(const Array& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

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
  canonical.raw(view_of(metadata_digest(event).bytes));
  canonical.raw(view_of(sha256({view_of(event.salt), event.data}).bytes));
  return sha256({canonical.view()});
}

}  // namespace annal
