#include "annal/bus/rules/rule.hpp"

#include <utility>

namespace annal {
namespace {

constexpr const char* caused_by_key = "caused_by";
constexpr std::size_t digest_bytes = 24;

std::string text_of(const std::vector<Ulid>& ids) {
  std::string text;
  for (const Ulid& id : ids) {
    if (!text.empty()) text += ' ';
    text += id.to_string();
  }
  return text;
}

std::string idempotency_key_of(const Match& match) {
  const Hash digest =
      sha256({match.rule, std::string_view("\0", 1), match.key, std::string_view("\0", 1),
              std::to_string(match.at.time_since_epoch().count()), std::string_view("\0", 1),
              match.event.id.to_string(), std::string_view("\0", 1), text_of(match.caused_by)});
  return rule_source(match.rule) + ':' + to_hex(std::span(digest.bytes).first(digest_bytes));
}

void fill_in(std::string& text, const std::string& otherwise) {
  if (text.empty()) text = otherwise;
}

}  // namespace

std::string rule_source(std::string_view rule_name) { return "rule:" + std::string(rule_name); }

std::optional<Emission> emission(const Rule& rule, const Match& match) {
  std::optional<Envelope> event = rule.emit(match);
  if (!event) return std::nullopt;
  fill_in(event->stream, match.event.stream);
  fill_in(event->source, rule_source(match.rule));
  fill_in(event->correlation_id, match.event.correlation_id);
  if (!match.event.id.is_nil()) fill_in(event->causation_id, match.event.id.to_string());
  if (!event->occurred_at) event->occurred_at = match.at;
  if (!event->meta(caused_by_key))
    event->metadata.emplace_back(caused_by_key, text_of(match.caused_by));
  return Emission{std::move(*event), idempotency_key_of(match)};
}

}  // namespace annal
