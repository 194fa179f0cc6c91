// The log itself, event by event.
#include "annal/error.hpp"
#include "annal/server/routes/event_json.hpp"
#include "annal/server/routes/route.hpp"

#include <algorithm>

namespace annal::server {

namespace {

constexpr std::size_t events_limit = 1000;
constexpr std::size_t events_a_page = 100;

// The stream the request names: `document/orders/7`.
Query query_of(const Parameters& parameters) {
  Query query;
  query.stream = parameters.one("stream");
  for (const auto& type : parameters.all("type")) query.types.push_back(TopicPattern::of(type));
  query.tags = parameters.all("tag");
  return query;
}

ReadRequest request_of(const Context& context, const Parameters& parameters) {
  const EventLog& log = context.store.log();
  ReadRequest request;
  request.query = query_of(parameters);
  request.limit = parameters.limit(events_a_page, events_limit);
  if (parameters.flag("backwards")) request.direction = Direction::backwards;
  const std::string stream = request.query.stream.value_or("");
  const auto position = [&](std::string_view name) -> std::optional<Position> {
    const auto point = parameters.point(name);
    if (!point) return std::nullopt;
    return resolve(*point, log, stream);
  };
  const auto from = position("from");
  const auto after = position("after");
  if (from && after) throw InvalidInput("the parameters `from` and `after` exclude each other");
  request.from = after ? next(*after) : from;
  request.to = position("to");
  return request;
}

// Nothing if there can be no further page.
std::optional<QueryParameter> bound_behind(const ReadRequest& request, const Page& page) {
  if (!page.more || page.events.empty()) return std::nullopt;
  const std::uint64_t last = page.events.back().position.value;
  if (request.direction == Direction::forwards)
    return QueryParameter{"after", '@' + std::to_string(last)};
  return QueryParameter{"to", '@' + std::to_string(last - 1)};
}

// The same request, further on.
std::vector<QueryParameter> next_page(const Call& call, const ReadRequest& request,
                                      const QueryParameter& bound) {
  std::vector<QueryParameter> next;
  for (const auto& parameter : call.query) {
    const bool replaced = request.direction == Direction::forwards
                              ? parameter.name == "after" || parameter.name == "from"
                              : parameter.name == "to";
    if (!replaced) next.push_back(parameter);
  }
  next.push_back(bound);
  return next;
}

Response list_events(Context& context, const Call& call) {
  refuse_body(call.request);
  const auto parameters = call.parameters(
      context, {"after", "backwards", "from", "limit", "stream", "tag", "to", "type"});
  const ReadRequest request = request_of(context, parameters);
  Page page;
  if (request.from && request.to && *request.from > *request.to)
    page.head = context.store.log().head();  // an empty range, not a fault
  else
    page = context.store.log().read(request);

  const auto types = context.store.log().type_descriptions();
  std::vector<std::string> events;
  for (const auto& event : page.events) events.push_back(event_json(event, types));
  Response response = json_answer(200, JsonObject()
                                           .json("events", json_array(events))
                                           .number("head", page.head)
                                           .flag("more", page.more));
  response.headers.add("Annal-Position", std::to_string(page.head.value));
  if (const auto bound = bound_behind(request, page))
    link_next(response, "/v1/events", next_page(call, request, *bound));
  return response;
}

}  // namespace

std::vector<Route> event_routes() { return {{"GET", "/v1/events", list_events}}; }

}  // namespace annal::server
