// An event of the log as a line of JSON.
#include "annal/event/json.hpp"
#include "annal/interchange/base64.hpp"
#include "annal/interchange/cloud_event.hpp"

#include <algorithm>

namespace annal::interchange {
namespace {

constexpr std::string_view hexadecimal = "0123456789ABCDEF";

// Field names can make the JSON of a payload many times its size; with this much of it, and a
// megabyte of metadata escaped twice, a line stays within what an import reads.
constexpr std::size_t readable_limit = 8 * 1024 * 1024;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool may_stand_in_uri(char c) {
  return is_letter_or_digit(c) ||
         std::string_view("-._~/?@!$&'()*+,;=").find(c) != std::string_view::npos;
}

// True for texts that every reader takes for a URI reference: a path, or a scheme and what follows.
bool is_uri_reference(std::string_view text) {
  const auto colon = text.find(':');
  if (colon != text.npos) {
    const auto scheme = text.substr(0, colon);
    const bool is_scheme = !scheme.empty() && !(scheme[0] >= '0' && scheme[0] <= '9') &&
                           std::all_of(scheme.begin(), scheme.end(), is_letter_or_digit);
    if (!is_scheme || colon + 1 == text.size()) return false;
    text.remove_prefix(colon + 1);
  }
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c == ':' || may_stand_in_uri(c);
  }) && (colon != text.npos || text.find(':') == text.npos);
}

// What stands for a source that is none.
std::string uri_reference(std::string_view text) {
  if (text.empty()) return "annal";
  std::string escaped;
  for (const char c : text) {
    if (is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      escaped += c;
    } else {
      escaped += '%';
      escaped += hexadecimal[static_cast<unsigned char>(c) >> 4];
      escaped += hexadecimal[static_cast<unsigned char>(c) & 15];
    }
  }
  return escaped;
}

std::string_view to_string(Codec codec) {
  switch (codec) {
    case Codec::cereal:
      return "cereal";
    case Codec::json:
      return "json";
    case Codec::bytes:
      break;
  }
  return "bytes";
}

std::string tags_text(const std::vector<std::string>& tags) {
  std::string text = "[";
  for (const auto& tag : tags) text += (text.size() > 1 ? "," : "") + json_quote(tag);
  return text + ']';
}

std::string metadata_text(const Metadata& metadata) {
  std::string text = "{";
  for (const auto& [key, value] : metadata)
    text += (text.size() > 1 ? "," : "") + json_quote(key) + ':' + json_quote(value);
  return text + '}';
}

// The payload as JSON that stands on one line and leads back to the very bytes.
std::optional<std::string> readable(const Envelope& event, const TypeBook& types) {
  if (event.purged) return std::nullopt;
  std::string json;
  if (event.codec == Codec::json) {
    json = event.data;
  } else {
    const auto type = types.find({event.type, event.schema_version});
    if (event.codec != Codec::cereal || type == types.end()) return std::nullopt;
    try {
      json = payload_to_json(type->second, event.data);
      if (payload_from_json(type->second, json) != event.data) return std::nullopt;
    } catch (const DecodeError&) {
      return std::nullopt;
    }
  }
  if (json.size() > readable_limit || json.find_first_of("\n\r") != json.npos) return std::nullopt;
  return json;
}

// The members of the object, one after another.
class Members {
 public:
  void text(std::string_view name, std::string_view value) { raw(name, json_quote(value)); }
  void text_unless_empty(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  void number(std::string_view name, std::uint64_t value) { text(name, std::to_string(value)); }
  void raw(std::string_view name, std::string_view json) {
    line_ += line_.empty() ? "{\"" : ",\"";
    line_.append(name).append("\":").append(json);
  }
  std::string line() && { return std::move(line_) + '}'; }

 private:
  std::string line_;
};

std::string to_hex(const Stub& stub, const Hash& event_hash) {
  std::string text = stub.data.to_hex() + stub.metadata.to_hex();
  if (stub.note == 0) return text;
  const std::string checksum = note_checksum(event_hash, stub.note);
  text += annal::to_hex({&stub.note, 1});
  return text +
         annal::to_hex({reinterpret_cast<const std::uint8_t*>(checksum.data()), checksum.size()});
}

void add_time(Members& members, Timestamp time) {
  const std::string text = to_iso8601(time);
  if (parse_iso8601(text) == time)
    members.text("time", text);
  else  // outside of the years people write
    members.text("annaltime", std::to_string(time.time_since_epoch().count()));
}

}  // namespace

std::string to_line(const Envelope& event, Position commit, const std::optional<CommitSeal>& seal,
                    const TypeBook& types) {
  const auto json = readable(event, types);
  const bool has_own_source = is_uri_reference(event.source);
  Members members;
  members.text("specversion", "1.0");
  members.text("id", event.id.to_string());
  members.text("source", has_own_source ? event.source : uri_reference(event.source));
  if (!has_own_source) members.text("annalsource", event.source);
  members.text("type", event.type);
  members.text("subject", event.stream);
  if (event.occurred_at) add_time(members, *event.occurred_at);
  members.text("datacontenttype",
               json && event.codec == Codec::cereal ? "application/json" : media_type(event));
  members.text_unless_empty("annalcontenttype", event.content_type);
  members.text("annalcodec", to_string(event.codec));
  members.raw("annalschema", std::to_string(event.schema_version));
  members.number("annalposition", event.position.value);
  members.number("annalversion", event.version.value);
  members.text("annalrecorded", to_iso8601(event.recorded_at));
  members.text_unless_empty("correlationid", event.correlation_id);
  members.text_unless_empty("causationid", event.causation_id);
  if (!event.tags.empty()) members.text("annaltags", tags_text(event.tags));
  if (!event.metadata.empty()) members.text("annalmeta", metadata_text(event.metadata));
  if (event.purged)
    members.text("annalpurged", to_hex(*event.purged, event.hash));
  else
    members.text("annalsalt", annal::to_hex(event.salt));
  members.text("annalhash", event.hash.to_hex());
  members.number("annalcommit", commit.value);
  if (seal) {
    members.text("annalprevious", seal->previous.to_hex());
    members.text("annalseal", seal->hash.to_hex());
    if (seal->idempotency_key) members.text("annalkey", *seal->idempotency_key);
    if (seal->request_hash) members.text("annalrequest", seal->request_hash->to_hex());
  }
  if (json)
    members.raw("data", *json);
  else if (!event.purged)
    members.text("data_base64", to_base64(event.data));
  return std::move(members).line();
}

std::string to_line(const TypeDescription& type) {
  Members data;
  data.text("type", type.type);
  data.raw("schema", std::to_string(type.schema_version));
  data.raw("fields", description_to_json(type.fields));
  Members members;
  members.text("specversion", "1.0");
  members.text("id", type.type + '/' + std::to_string(type.schema_version));
  members.text("source", "annal");
  members.text("type", "annal.type");
  members.text("datacontenttype", "application/json");
  members.raw("data", std::move(data).line());
  return std::move(members).line();
}

}  // namespace annal::interchange
