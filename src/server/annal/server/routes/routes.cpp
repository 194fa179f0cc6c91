#include "annal/server/routes/routes.hpp"

#include "annal/error.hpp"
#include "annal/failure_text.hpp"
#include "annal/server/guard.hpp"
#include "annal/server/problem.hpp"

#include <algorithm>
#include <optional>

namespace annal::server {

namespace {

constexpr std::size_t request_id_limit = 128;

std::vector<Route> all_routes() {
  std::vector<Route> routes;
  for (const auto& resource : {document_routes(), change_routes(), version_routes(), event_routes(),
                               health_routes(), ui_routes()})
    routes.insert(routes.end(), resource.begin(), resource.end());
  return routes;
}

// What stands in place of the pattern's `*`s; nothing if the path is another.
std::optional<std::vector<std::string>> match(std::string_view pattern,
                                              const std::vector<std::string>& path) {
  std::vector<std::string> names;
  std::size_t depth = 0;
  while (pattern.size() > 1 && depth < path.size()) {
    pattern.remove_prefix(1);  // the slash in front
    const auto end = std::min(pattern.find('/'), pattern.size());
    const std::string_view segment = pattern.substr(0, end);
    if (segment == "*")
      names.push_back(path[depth]);
    else if (segment != path[depth])
      return std::nullopt;
    pattern.remove_prefix(end);
    ++depth;
  }
  if (pattern.size() > 1 || depth < path.size()) return std::nullopt;
  return names;
}

Response unknown_route() {
  return problem(
      404, "unknown-route",
      "there is nothing at this address; documents are at /v1/documents/COLLECTION/ID, and a "
      "`/` inside of an id is written %2F");
}

// What is answered where the address is known and the method is not one of its own.
Response other_method(const Request& request, std::vector<std::string_view> methods) {
  const auto has = [&](std::string_view method) {
    return std::find(methods.begin(), methods.end(), method) != methods.end();
  };
  if (has("GET")) methods.push_back("HEAD");
  methods.push_back("OPTIONS");
  std::string allowed;
  for (const auto method : methods) allowed += (allowed.empty() ? "" : ", ") + std::string(method);

  Response response;
  if (request.method == "OPTIONS")
    response.status = 204;
  else
    response = problem(405, "method-not-allowed", "this address takes " + allowed);
  response.headers.add("Allow", allowed);
  if (has("PATCH")) response.headers.add("Accept-Patch", "application/merge-patch+json");
  return response;
}

// The client's own id for its request if it reads as one, else a new one.
std::string request_id_of(const Request& request, UlidGenerator& ids) {
  const auto given = request.headers.find("X-Request-Id");
  const bool usable =
      given && !given->empty() && given->size() <= request_id_limit &&
      std::all_of(given->begin(), given->end(), [](char c) { return c > 0x20 && c < 0x7f; });
  return usable ? std::string(*given) : ids.next().to_string();
}

}  // namespace

Routes::Routes(Store& store, Randomness& randomness, Report report)
    : store_(store),
      ids_(store.clock(), randomness),
      report_(std::move(report)),
      routes_(all_routes()) {}

Response Routes::answer(const Request& request) {
  std::string request_id;
  const Report report = [&](std::string_view fault) noexcept {
    try {
      if (report_) report_("request " + request_id + ": " + std::string(fault));
    } catch (...) {
      // Whoever is told of a fault does not make another of it.
    }
  };
  Response response;
  try {
    request_id = request_id_of(request, ids_);
    response = dispatch(request, request_id, report);
  } catch (const std::exception& fault) {
    response = problem_of(fault, report);
  } catch (...) {
    response = problem_of(Error(text_of_current_exception()), report);
  }
  response.headers.set("X-Request-Id", request_id);
  add_security_headers(response);
  return response;
}

Response Routes::dispatch(const Request& request, const std::string& request_id,
                          const Report& report) {
  std::string_view method = request.method;
  if (method == "HEAD") method = "GET";
  Target target = Target::parse(request.target);
  std::vector<std::string_view> methods;
  for (const Route& route : routes_) {
    auto names = match(route.pattern, target.segments);
    if (!names) continue;
    if (route.method != method) {
      methods.push_back(route.method);
      continue;
    }
    Context context{store_, ids_, report};
    return route.handler(context,
                         {request, request_id, std::move(*names), std::move(target.query)});
  }
  return methods.empty() ? unknown_route() : other_method(request, std::move(methods));
}

}  // namespace annal::server
