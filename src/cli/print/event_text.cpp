#include "print/event_text.hpp"

#include "annal/document/document.hpp"
#include "print/escape.hpp"

#include <algorithm>
#include <optional>

namespace annal::cli {
namespace {

constexpr std::size_t line_width = 200;  // where there is no terminal to say

std::optional<std::string> decoded(const Envelope& event,
                                   const std::vector<TypeDescription>& types) try {
  const auto type = std::find_if(types.begin(), types.end(), [&](const TypeDescription& known) {
    return known.type == event.type && known.schema_version == event.schema_version;
  });
  if (type == types.end()) return std::nullopt;
  return payload_to_json(type->fields, event.data);
} catch (const DecodeError&) {
  return std::nullopt;  // not what its description says
}

// What the event says, as one line.
std::string said(const Envelope& event, const std::vector<TypeDescription>& types) {
  if (event.purged) return "(purged)";
  std::optional<std::string> json;
  if (event.codec == Codec::json) json = event.data;
  if (event.codec == Codec::cereal) json = decoded(event, types);
  if (json) return escape_controls(*json, Lines::escaped);
  return "(" + std::to_string(event.data.size()) + " bytes of " + media_type(event) + ")";
}

std::size_t columns(const Output& out) { return out.is_terminal() ? out.width() : line_width; }

std::string joined(const std::vector<std::string>& texts) {
  std::string result;
  for (const auto& text : texts) result += (result.empty() ? "" : " ") + text;
  return result;
}

std::string times(const Envelope& event) {
  const std::string recorded = to_iso8601(event.recorded_at);
  if (event.happened_at() == event.recorded_at) return recorded;
  return recorded + ", occurred " + to_iso8601(event.happened_at());
}

// Of a message, say, whose other lines --json shows.
std::string first_line(const std::string& text) {
  const auto end = text.find('\n');
  return end == std::string::npos ? text : text.substr(0, end);
}

}  // namespace

std::string version_name(const Envelope& event) {
  const auto key = DocumentKey::from_stream(event.stream);
  return (key ? key->to_string() : event.stream) + "@v" + std::to_string(event.version.value);
}

std::string event_block(const Envelope& event, const std::vector<TypeDescription>& types,
                        const Output& out) {
  std::string text = out.styled(Style::yellow, "@" + std::to_string(event.position.value)) + ' ' +
                     out.styled(Style::bold, event.type) + ' ' +
                     out.styled(Style::cyan, escape_controls(version_name(event), Lines::escaped)) +
                     '\n';
  const auto line = [&](std::string_view label, const std::string& value) {
    if (value.empty()) return;
    const std::size_t used = label.size() + 3;
    const std::size_t room = columns(out) > used ? columns(out) - used : 0;
    text += "  " + out.styled(Style::dim, label) + ' ' +
            cut_to_width(escape_controls(value, Lines::escaped), room) + '\n';
  };
  line("recorded", times(event));
  line("source", event.source);
  line("tags", joined(event.tags));
  for (const auto& [key, value] : event.metadata)
    line(escape_controls(key, Lines::escaped), first_line(value));
  line("data", said(event, types));
  return text + '\n';
}

std::string event_line(const Envelope& event, const std::vector<TypeDescription>& types,
                       const Output& out) {
  const std::string name = escape_controls(version_name(event), Lines::escaped);
  const std::string position = "@" + std::to_string(event.position.value);
  const std::string plain =
      position + ' ' + to_iso8601(event.recorded_at) + ' ' + event.type + ' ' + name + ' ';
  const std::size_t used = display_width(plain);
  const std::size_t room = columns(out) > used ? columns(out) - used : 0;
  return out.styled(Style::yellow, position) + ' ' + to_iso8601(event.recorded_at) + ' ' +
         out.styled(Style::bold, event.type) + ' ' + out.styled(Style::cyan, name) + ' ' +
         cut_to_width(said(event, types), room) + '\n';
}

}  // namespace annal::cli
