// A line of JSON as an event of the log.
#include "annal/event/json.hpp"
#include "annal/interchange/base64.hpp"
#include "annal/interchange/cloud_event.hpp"
#include "annal/interchange/number.hpp"

#include <algorithm>

namespace annal::interchange {
namespace {

// A payload may be nested in structures around JSON as deep as any,
// and stands in the line's object.
constexpr std::size_t line_depth_limit = 4 * json_depth_limit;

constexpr std::size_t note_digits = 10;  // of a stub's note and its checksum

std::optional<Codec> codec_named(std::string_view name) {
  if (name == "bytes") return Codec::bytes;
  if (name == "cereal") return Codec::cereal;
  if (name == "json") return Codec::json;
  return std::nullopt;
}

std::optional<Salt> salt_from_hex(std::string_view text) {
  const auto padded = Hash::from_hex(std::string(text) + std::string(32, '0'));
  if (text.size() != 32 || !padded) return std::nullopt;
  Salt salt{};
  std::copy_n(padded->bytes.begin(), salt.size(), salt.begin());
  return salt;
}

// The members of one line, asked for by name.
class Attributes {
 public:
  explicit Attributes(std::string_view line) : line_(line) {
    if (const auto fault = check_json(line, line_depth_limit))
      throw LineFault{fault->offset, "no JSON: " + fault->reason};
    if (!json_trimmed(line).starts_with('{')) throw LineFault{0, "a JSON object is expected"};
    members_ = json_members(line);
  }

  const std::string_view* find(std::string_view name) const {
    for (const auto& member : members_)
      if (member.key == name) return &member.value;
    return nullptr;
  }

  std::optional<std::string> text(std::string_view name) const {
    const auto* value = find(name);
    if (!value) return std::nullopt;
    if (!json_trimmed(*value).starts_with('"')) fail(name, "is no string");
    return json_unquote(json_trimmed(*value));
  }

  std::string needed(std::string_view name) const {
    auto value = text(name);
    if (!value) fail(name, "is missing: only events exported by annal can be imported");
    return std::move(*value);
  }

  // What a reading function makes of a needed text.
  template <class Read>
  auto needed(std::string_view name, const Read& read, const char* expected) const {
    const std::string value = needed(name);
    auto result = read(std::string_view(value));
    if (!result) fail(name, "should be " + std::string(expected));
    return *result;
  }

  [[noreturn]] void fail(std::string_view name, const std::string& what) const {
    const auto* value = find(name);
    throw LineFault{value ? static_cast<std::size_t>(value->data() - line_.data()) : 0,
                    std::string(name) + ' ' + what};
  }

 private:
  std::string_view line_;
  std::vector<JsonMember> members_;
};

std::uint32_t schema_of(const Attributes& attributes, std::string_view value) {
  const auto schema = parse_number<std::uint32_t>(json_trimmed(value));
  if (!schema || *schema == 0) attributes.fail("annalschema", "should be a number from 1");
  return *schema;
}

std::optional<std::uint64_t> number_from_1(std::string_view text) {
  const auto number = parse_number<std::uint64_t>(text);
  return number == 0u ? std::nullopt : number;
}

std::optional<Timestamp> occurred_at(const Attributes& attributes) {
  if (attributes.find("time"))
    return attributes.needed("time", parse_iso8601, "a time such as 2026-01-02T03:04:05Z");
  if (!attributes.find("annaltime")) return std::nullopt;
  return Timestamp{std::chrono::microseconds{
      attributes.needed("annaltime", parse_number<std::int64_t>, "a number of microseconds")}};
}

std::vector<std::string> tags_of(const Attributes& attributes) {
  std::vector<std::string> tags;
  const auto text = attributes.text("annaltags");
  if (!text) return tags;
  if (check_json(*text) || !text->starts_with('['))
    attributes.fail("annaltags", "should be a JSON array");
  for (const auto element : json_elements(*text)) {
    if (!json_trimmed(element).starts_with('"'))
      attributes.fail("annaltags", "should hold strings");
    tags.push_back(json_unquote(json_trimmed(element)));
  }
  return tags;
}

Metadata metadata_of(const Attributes& attributes) {
  Metadata metadata;
  const auto text = attributes.text("annalmeta");
  if (!text) return metadata;
  if (check_json(*text) || !text->starts_with('{'))
    attributes.fail("annalmeta", "should be a JSON object");
  for (const auto& [key, value] : json_members(*text)) {
    if (!json_trimmed(value).starts_with('"')) attributes.fail("annalmeta", "should hold strings");
    metadata.emplace_back(key, json_unquote(json_trimmed(value)));
  }
  return metadata;
}

std::string data_of(const Attributes& attributes, const Envelope& event, const TypeBook& types) {
  const auto* data = attributes.find("data");
  if (!data) return attributes.needed("data_base64", from_base64, "base 64");
  if (attributes.find("data_base64")) attributes.fail("data_base64", "stands beside data");
  switch (event.codec) {
    case Codec::json:
      return std::string(*data);
    case Codec::bytes:
      attributes.fail("data", "should be data_base64: the event holds bytes");
    case Codec::cereal:
      break;
  }
  const auto type = types.find({event.type, event.schema_version});
  if (type == types.end())
    attributes.fail("data", "is of " + event.type + ", version " +
                                std::to_string(event.schema_version) +
                                ", which no line before describes");
  try {
    return payload_from_json(type->second, *data);
  } catch (const DecodeError& error) {
    attributes.fail("data", std::string("is no ") + event.type + ": " + error.what());
  }
}

// Without what stands behind the digests and the note.
std::optional<Stub> stub_from_hex(std::string_view text) {
  constexpr std::size_t width = 64;
  if (text.size() != 2 * width && text.size() != 2 * width + note_digits) return std::nullopt;
  const auto data = Hash::from_hex(text.substr(0, width));
  const auto metadata = Hash::from_hex(text.substr(width, width));
  const auto note = std::string(text.substr(2 * width)) + std::string(width, '0');
  const auto padded = Hash::from_hex(note.substr(0, width));
  if (!data || !metadata || !padded) return std::nullopt;
  return Stub{*data, *metadata, padded->bytes.front()};
}

// Whether a note is the one that was left with the event, whose hash is known by now.
bool is_noted(std::string_view text, const Envelope& event) {
  const std::string checksum = note_checksum(event.hash, event.purged->note);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(checksum.data());
  return event.purged->note == 0 || text.ends_with(to_hex({bytes, checksum.size()}));
}

// Nothing else may pretend to be what was purged.
Stub stub_of(const Attributes& attributes) {
  for (const char* gone : {"data", "data_base64", "annalmeta", "annalsalt"})
    if (attributes.find(gone)) attributes.fail(gone, "stands in an event that was purged");
  return attributes.needed("annalpurged", stub_from_hex, "128 or 138 hexadecimal digits");
}

std::optional<CommitSeal> seal_of(const Attributes& attributes, const Envelope& event,
                                  Position commit) {
  if (event.position != commit) return std::nullopt;
  CommitSeal seal;
  seal.hash = attributes.needed("annalseal", Hash::from_hex, "64 hexadecimal digits");
  seal.previous = attributes.needed("annalprevious", Hash::from_hex, "64 hexadecimal digits");
  seal.idempotency_key = attributes.text("annalkey");
  if (attributes.find("annalrequest"))
    seal.request_hash = attributes.needed("annalrequest", Hash::from_hex, "64 hexadecimal digits");
  return seal;
}

CloudEvent event_of(const Attributes& attributes, const TypeBook& types) {
  const auto* position_text = "a number from 1, in quotes";
  CloudEvent line;
  Envelope& event = line.event;
  event.id = attributes.needed("id", Ulid::parse, "a ULID");
  event.type = attributes.needed("type");
  event.stream = attributes.needed("subject");
  event.source = attributes.find("annalsource") ? attributes.needed("annalsource")
                                                : attributes.needed("source");
  event.occurred_at = occurred_at(attributes);
  event.content_type = attributes.text("annalcontenttype").value_or("");
  event.codec = attributes.needed("annalcodec", codec_named, "bytes, cereal or json");
  const auto* schema = attributes.find("annalschema");
  event.schema_version = schema_of(attributes, schema ? *schema : "");
  event.position.value = attributes.needed("annalposition", number_from_1, position_text);
  event.version.value = attributes.needed("annalversion", number_from_1, position_text);
  event.recorded_at =
      attributes.needed("annalrecorded", parse_iso8601, "a time such as 2026-01-02T03:04:05Z");
  event.correlation_id = attributes.text("correlationid").value_or("");
  event.causation_id = attributes.text("causationid").value_or("");
  event.tags = tags_of(attributes);
  if (attributes.find("annalpurged")) {
    event.purged = stub_of(attributes);
  } else {
    event.metadata = metadata_of(attributes);
    event.salt = attributes.needed("annalsalt", salt_from_hex, "32 hexadecimal digits");
    event.data = data_of(attributes, event, types);
  }
  event.hash = event_hash(event);
  if (event.hash != attributes.needed("annalhash", Hash::from_hex, "64 hexadecimal digits"))
    attributes.fail("annalhash", "is not the hash of this event, which is " + event.hash.to_hex() +
                                     ": the line was changed after its export");
  if (event.purged && !is_noted(attributes.needed("annalpurged"), event))
    attributes.fail("annalpurged", "has a note that was changed after its export");
  line.commit.value = attributes.needed("annalcommit", number_from_1, position_text);
  line.seal = seal_of(attributes, event, line.commit);
  return line;
}

TypeDescription type_of(const Attributes& attributes) {
  const auto* data = attributes.find("data");
  TypeDescription type;
  bool has_fields = false;
  for (const auto& [key, value] : json_members(data ? *data : "")) {
    if (key == "type" && json_trimmed(value).starts_with('"'))
      type.type = json_unquote(json_trimmed(value));
    if (key == "schema")
      type.schema_version = parse_number<std::uint32_t>(json_trimmed(value)).value_or(0);
    if (key != "fields") continue;
    if (auto fields = description_from_json(value)) {
      type.fields = std::move(*fields);
      has_fields = true;
    }
  }
  if (type.type.empty() || type.schema_version == 0 || !has_fields)
    attributes.fail("data", "should describe a type: its type, schema and fields");
  if (const auto why = fault(type)) attributes.fail("data", "cannot be taken: " + *why);
  return type;
}

}  // namespace

Line from_line(std::string_view line, const TypeBook& types) {
  const Attributes attributes(line);
  if (attributes.needed("specversion") != "1.0")
    attributes.fail("specversion", "should be 1.0, the version of CloudEvents");
  if (!attributes.find("annalposition") && attributes.needed("type") == "annal.type")
    return type_of(attributes);
  return event_of(attributes, types);
}

}  // namespace annal::interchange
