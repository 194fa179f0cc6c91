#include "annal/plan/plan_events.hpp"

#include "annal/event/codec.hpp"
#include "annal/event/json.hpp"

#include <algorithm>
#include <utility>

namespace annal::plan {
namespace {

constexpr std::string_view stream_prefix = "plan/";
constexpr std::string_view tag_prefix = "plan:";

std::string hex_of(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    hex += digits[static_cast<unsigned char>(byte) >> 4];
    hex += digits[static_cast<unsigned char>(byte) & 15];
  }
  return hex;
}

// What a row has room for, beside its texts.
constexpr std::size_t longest_payload = limits::record_bytes - 16 * 1024;

std::string json_of(const Envelope& event, const Catalogue& catalogue) {
  if (event.purged) return R"({"purged":true})";
  if (event.codec == Codec::json) return event.data;
  if (event.codec == Codec::bytes)
    return is_utf8(event.data) ? json_quote(event.data)
                               : "{\"hex\":\"" + hex_of(event.data) + "\"}";
  const FieldDescription* const fields = catalogue.fields(event);
  if (!fields)
    throw DecodeError(event.type + " in schema version " + std::to_string(event.schema_version) +
                      " is not in this program's catalogue: add it");
  return payload_to_json(*fields, event.data);
}

std::string payload_of(const Envelope& event, const Catalogue& catalogue) {
  std::string json = json_of(event, catalogue);
  if (json.size() <= longest_payload) return json;
  return "{\"bytes\":" + std::to_string(event.data.size()) + '}';
}

const std::string& text_in(const Record& record, const char* column) {
  return std::get<std::string>(record.columns.at(column));
}

PlanEvent event_in(const Record& record) {
  return {record.key,
          text_in(record, "event_type"),
          text_in(record, "plan_id"),
          text_in(record, "timestamp"),
          record.value,
          record.derived_at};
}

bool is_of(const PlanEvent& event, const std::vector<std::string>& types) {
  return types.empty() || std::find(types.begin(), types.end(), event.event_type) != types.end();
}

}  // namespace

std::optional<std::string> plan_of(const Envelope& event) {
  if (event.stream.starts_with(stream_prefix)) return event.stream.substr(stream_prefix.size());
  for (const auto& tag : event.tags)
    if (tag.starts_with(tag_prefix)) return tag.substr(tag_prefix.size());
  return std::nullopt;
}

Projection events_table(const Catalogue& catalogue) {
  Projection table;
  table.name = events_space;
  table.version = 1;
  table.spaces = {{std::string(events_space),
                   {{"event_type", ColumnKind::text, false},
                    {"plan_id", ColumnKind::text},
                    {"timestamp", ColumnKind::text, false}},
                   PlainTable{"event_id", "payload"}}};
  table.query =
      Query::of_types({TopicPattern::of("plan.>"), TopicPattern::of("decision.made"),
                       TopicPattern::of("tool.called"), TopicPattern::of("tool.completed"),
                       TopicPattern::of("subplan.>")});
  table.fold = [&catalogue](const Envelope& event, ProjectedRows& rows) {
    const auto plan = plan_of(event);
    if (!plan) return;
    rows.put(std::string(events_space), event.id.to_string(),
             {payload_of(event, catalogue),
              {{"event_type", event.type},
               {"plan_id", *plan},
               {"timestamp", to_iso8601(event.happened_at())}}});
  };
  return table;
}

std::vector<PlanEvent> list_by_plan(const EventLog& log, std::string_view plan,
                                    const std::vector<std::string>& types) {
  RecordRequest request;
  request.space = events_space;
  request.where = {{"plan_id", std::string(plan)}};
  request.limit = 1024;
  std::vector<PlanEvent> events;
  for (bool more = true; more;) {
    const RecordPage page = log.records(request);
    for (const Record& record : page.records)
      if (PlanEvent event = event_in(record); is_of(event, types))
        events.push_back(std::move(event));
    more = page.more;
    if (more) request.after = page.records.back().key;
  }
  // Ids follow the clock of who made them.
  std::sort(events.begin(), events.end(),
            [](const PlanEvent& a, const PlanEvent& b) { return a.position < b.position; });
  return events;
}

}  // namespace annal::plan
