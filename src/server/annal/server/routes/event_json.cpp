#include "annal/server/routes/event_json.hpp"

#include "annal/event/json.hpp"

#include <algorithm>
#include <optional>

namespace annal::server {

namespace {

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = i; j < i + 3; ++j)
      group = group << 8 | (j < bytes.size() ? static_cast<unsigned char>(bytes[j]) : 0u);
    for (int shift = 18; shift >= 0; shift -= 6) text += digits[group >> shift & 63];
  }
  for (std::size_t missing = (3 - bytes.size() % 3) % 3; missing > 0; --missing)
    text[text.size() - missing] = '=';
  return text;
}

std::optional<std::string> readable(const Envelope& event,
                                    const std::vector<TypeDescription>& types) {
  if (event.codec == Codec::json && !check_json(event.data)) return event.data;
  if (event.codec != Codec::cereal) return std::nullopt;
  const auto type = std::find_if(types.begin(), types.end(), [&](const TypeDescription& known) {
    return known.type == event.type && known.schema_version == event.schema_version;
  });
  if (type == types.end()) return std::nullopt;
  try {
    return payload_to_json(type->fields, event.data);
  } catch (const DecodeError&) {
    return std::nullopt;  // not what its description says: shown as the bytes it is
  }
}

std::string metadata_json(const Metadata& metadata) {
  JsonObject object;
  for (const auto& [key, value] : metadata) object.text(key, value);
  return object.str();
}

}  // namespace

JsonObject envelope_json(const Envelope& event) {
  JsonObject object;
  object.number("position", event.position)
      .number("version", event.version)
      .text("id", event.id.to_string())
      .text("type", event.type)
      .number("schema_version", event.schema_version)
      .text("stream", event.stream)
      .time("occurred_at", event.happened_at())
      .time("recorded_at", event.recorded_at)
      .text_unless_empty("source", event.source)
      .text_unless_empty("correlation_id", event.correlation_id)
      .text_unless_empty("causation_id", event.causation_id)
      .json("tags", json_strings(event.tags))
      .json("metadata", metadata_json(event.metadata))
      .text("content_type", media_type(event))
      .text("hash", event.hash.to_hex());
  return object;
}

std::string event_json(const Envelope& event, const std::vector<TypeDescription>& types) {
  JsonObject object = envelope_json(event);
  if (const auto data = readable(event, types))
    object.json("data", *data);
  else
    object.text("data_base64", base64(event.data));
  return object.str();
}

}  // namespace annal::server
