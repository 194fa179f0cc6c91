// What a resource's file is made of: functions from a call to an answer, listed with the method and
// the pattern they answer to. Each file lists its own; routes.cpp lists the files.
#pragma once

#include "annal/event/ulid.hpp"
#include "annal/server/json_object.hpp"
#include "annal/server/message.hpp"
#include "annal/server/parameters.hpp"
#include "annal/service/store.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace annal::server {

struct Context {
  Store& store;
  UlidGenerator& ids;
  const std::function<void(std::string_view)>& report;  // of faults of ours
};

struct Call {
  const Request& request;
  std::string request_id;
  std::vector<std::string> names;  // what stood in place of the pattern's `*`s
  std::vector<QueryParameter> query;

  Parameters parameters(const Context& context,
                        const std::vector<std::string_view>& allowed) const {
    return Parameters(query, allowed, context.store.clock().now());
  }
  // The document the first two names are. Throws InvalidInput.
  DocumentKey document() const { return DocumentKey::of(names.at(0), names.at(1)); }
};

using Handler = Response (*)(Context& context, const Call& call);

struct Route {
  std::string_view method;
  std::string_view pattern;  // segments; `*` stands for any one
  Handler handler;
};

std::vector<Route> document_routes();
std::vector<Route> change_routes();
std::vector<Route> version_routes();
std::vector<Route> event_routes();
std::vector<Route> health_routes();
std::vector<Route> ui_routes();

Response json_answer(int status, const JsonObject& body);
// `/v1/documents/orders/a%2Fb`
std::string document_path(const DocumentKey& key);
// A `Link: <path?name=value&…>; rel="next"`; the query's values are encoded here.
void link_next(Response& response, std::string_view path, const std::vector<QueryParameter>& query);
// Throws InvalidInput: for routes that take no body.
void refuse_body(const Request& request);

Response not_found(const DocumentKey& key);   // 404
Response gone(const DocumentGone& document);  // 410, with a link to what it was last

}  // namespace annal::server
