// Whether the server can answer and how it fares, for whatever watches it.
#include "annal/server/problem.hpp"
#include "annal/server/routes/route.hpp"
#include "annal/server/statistics_json.hpp"

namespace annal::server {

namespace {

// Reading goes on in a store that has failed, but it is not well. One that is damaged somewhere serves
// what is sound in it: the damage is for people to see to.
Response health(Context& context, const Call& call) {
  refuse_body(call.request);
  call.parameters(context, {});
  const EventLog& log = context.store.log();
  if (!log.failure().empty()) return storage_failed();
  return json_answer(200, JsonObject()
                              .text("status", log.scrubbed().clean() ? "ok" : "damaged")
                              .number("head", log.head())
                              .text("durability", to_string(log.durability()))
                              .flag("read_only", context.store.read_only()));
}

Response stats(Context& context, const Call& call) {
  refuse_body(call.request);
  call.parameters(context, {});
  return json_answer(200, statistics_json(context.store.log()));
}

}  // namespace

std::vector<Route> health_routes() {
  return {{"GET", "/healthz", health}, {"GET", "/v1/stats", stats}};
}

}  // namespace annal::server
