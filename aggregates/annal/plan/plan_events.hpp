// What happened to each plan, as a table that any SQLite tool can select from:
//
//   SELECT timestamp, event_type, payload FROM plan_events WHERE plan_id = '01J…' ORDER BY id;
//
// with the columns id, event_id, event_type, plan_id, timestamp and payload (JSON), and the log's own
// derived_at, the event's position, and derived_time.
//
//   annal::Projector events(log, annal::plan::events_table(catalogue));
//   for (const auto& event : annal::plan::list_by_plan(log, "01J…")) …
#pragma once

#include "annal/event/catalogue.hpp"
#include "annal/projection/projection.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace annal::plan {

inline constexpr std::string_view events_space = "plan_events";

// `plan.…`, `decision.made`, `tool.called`, `tool.completed` and `subplan.…`, of the plan whose stream
// `plan/<id>` they are in, or which their tag `plan:<id>` names; those of no plan are left out.
//   catalogue  knows the types among them that are written with cereal; must outlive the projection.
//              An event it does not know halts the projection. Data that is no JSON becomes a
//              string if it is UTF-8, otherwise {"hex":"…"}; what would be longer than 2 MiB less
//              16 KiB becomes {"bytes":N}. Of two events with one id the later has the row
Projection events_table(const Catalogue& catalogue);

// Of which plan an event is, if of one.
std::optional<std::string> plan_of(const Envelope& event);

// A row of the table.
struct PlanEvent {
  std::string event_id, event_type, plan_id, timestamp, payload;
  Position position;
  friend bool operator==(const PlanEvent&, const PlanEvent&) = default;
};

// The events of a plan in the order of the log, of any of the types if there are any.
//   throws    InvalidInput if nobody has kept the table yet
//   cost      one look-up, and a row for each event of the plan
std::vector<PlanEvent> list_by_plan(const EventLog& log, std::string_view plan,
                                    const std::vector<std::string>& types = {});

}  // namespace annal::plan
