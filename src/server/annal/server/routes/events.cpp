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
QueryItem query_of(const Parameters& parameters) {
  QueryItem query;
  query.stream = parameters.one("stream");
  for (const auto& type : parameters.all("type")) query.types.push_back(TopicPattern::of(type));
  query.tags = parameters.all("tag");
  return query;
}

ReadRequest request_of(const Context& context, const Parameters& parameters) {
  const EventLog& log = context.store.log();
  ReadRequest request;
  const QueryItem query = query_of(parameters);
  request.query = query;
  request.limit = parameters.limit(events_a_page, events_limit);
  if (parameters.flag("backwards")) request.direction = Direction::backwards;
  const std::string stream = query.stream.value_or("");
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

// The same request, further on. Its bounds are positions now: what `@head~9` or `1 hour ago` means
// moves on between two pages.
std::vector<QueryParameter> next_page(const Call& call, const ReadRequest& request, Position last) {
  std::vector<QueryParameter> next;
  for (const auto& parameter : call.query)
    if (parameter.name != "after" && parameter.name != "from" && parameter.name != "to")
      next.push_back(parameter);
  const auto bound = [&](const char* name, std::uint64_t position) {
    next.push_back({name, '@' + std::to_string(position)});
  };
  if (request.direction == Direction::forwards) {
    bound("after", last.value);
    if (request.to) bound("to", request.to->value);
  } else {
    if (request.from) bound("from", request.from->value);
    bound("to", last.value - 1);
  }
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
  if (page.more && !page.events.empty())
    link_next(response, "/v1/events", next_page(call, request, page.events.back().position));
  return response;
}

}  // namespace

std::vector<Route> event_routes() { return {{"GET", "/v1/events", list_events}}; }

}  // namespace annal::server
