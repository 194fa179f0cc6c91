#include "annal/server/routes/route.hpp"

#include "annal/error.hpp"
#include "annal/server/entity_tag.hpp"
#include "annal/server/problem.hpp"

namespace annal::server {

Response json_answer(int status, const JsonObject& body) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = body.str();
  return response;
}

std::string document_path(const DocumentKey& key) {
  return "/v1/documents/" + percent_encode(key.collection) + '/' + percent_encode(key.id);
}

void link_next(Response& response, std::string_view path,
               const std::vector<QueryParameter>& query) {
  std::string target(path);
  char separator = '?';
  for (const auto& [name, value] : query) {
    target += separator + name + '=' + percent_encode(value);
    separator = '&';
  }
  response.headers.add("Link", '<' + target + ">; rel=\"next\"");
}

void refuse_body(const Request& request) {
  if (!request.body.empty()) throw InvalidInput("this request takes no body; send it without one");
}

Response not_found(const DocumentKey& key) {
  return problem(404, "document-not-found", "there is no document " + key.to_string());
}

Response gone(const DocumentGone& document) {
  JsonObject members;
  members.text("collection", document.key.collection)
      .text("id", document.key.id)
      .number("version", document.version)
      .number("position", document.position)
      .text_if_any("reason", document.reason);
  if (document.deleted_at) members.time("deleted_at", *document.deleted_at);
  if (document.purged)
    return problem(
        410, "document-purged",
        "what the document " + document.key.to_string() + " was at that point was purged", members);
  members.number("last_version", document.last_version);
  const std::string last = std::to_string(document.last_version.value);
  Response response = problem(410, "document-deleted",
                              "the document " + document.key.to_string() +
                                  " was deleted; its last version before that is " + last,
                              members);
  response.headers.add("Link", '<' + document_path(document.key) + "?at=@v" + last +
                                   ">; rel=\"predecessor-version\"");
  return response;
}

}  // namespace annal::server
