#include "annal/server/routes/event_json.hpp"

#include "annal/event/json.hpp"
#include "annal/interchange/base64.hpp"

#include <algorithm>
#include <optional>

namespace annal::server {

namespace {

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
  if (event.purged) return object.flag("purged", true).str();
  if (const auto data = readable(event, types))
    object.json("data", *data);
  else
    object.text("data_base64", interchange::to_base64(event.data));
  return object.str();
}

}  // namespace annal::server
