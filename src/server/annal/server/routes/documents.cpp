// Reading: collections, the documents of one, one document.
#include "annal/server/document_json.hpp"
#include "annal/server/entity_tag.hpp"
#include "annal/server/problem.hpp"
#include "annal/server/routes/route.hpp"

#include <algorithm>

namespace annal::server {

namespace {

constexpr std::size_t collections_limit = 500;
constexpr std::size_t documents_limit = 1000;
constexpr std::size_t documents_a_page = 100;

Response document_answer(const FoundDocument& found) {
  Response response = json_answer(200, document_json(found.document));
  response.headers.add("ETag", entity_tag(found.document.state.version));
  response.headers.add("Annal-Position", std::to_string(found.at.value));
  return response;
}

// The answer if a precondition keeps the document from being sent.
std::optional<Response> unmet(const Request& request, const FoundDocument& found) {
  const Version version = found.document.state.version;
  if (const auto wanted = request.headers.find("If-Match");
      wanted && !TagCondition::parse(*wanted).matches_strongly(version))
    return problem(412, "version-conflict", "the document is not of the version asked for",
                   JsonObject().number("current_version", version));
  const auto known = request.headers.find("If-None-Match");
  if (!known || !TagCondition::parse(*known).matches_weakly(version)) return std::nullopt;
  Response response;
  response.status = 304;
  response.headers.add("ETag", entity_tag(version));
  response.headers.add("Annal-Position", std::to_string(found.at.value));
  return response;
}

Response answer_of(const Request& request, const DocumentAnswer& answer) {
  if (const auto* missing = std::get_if<DocumentNotFound>(&answer)) return not_found(missing->key);
  if (const auto* deleted = std::get_if<DocumentGone>(&answer)) return gone(*deleted);
  const auto& found = std::get<FoundDocument>(answer);
  if (auto response = unmet(request, found)) return std::move(*response);
  return document_answer(found);
}

Response get_document(Context& context, const Call& call) {
  refuse_body(call.request);
  const auto at = call.parameters(context, {"at"}).point("at");
  const auto& documents = context.store.documents();
  return answer_of(call.request,
                   at ? documents.get(call.document(), *at) : documents.get(call.document()));
}

Response get_version(Context& context, const Call& call) {
  refuse_body(call.request);
  call.parameters(context, {});
  const Parameters path({{"version", call.names.at(2)}}, {"version"}, {});
  return answer_of(call.request, context.store.documents().get(
                                     call.document(), AtVersion{*path.version("version")}));
}

Response list_collections(Context& context, const Call& call) {
  refuse_body(call.request);
  const auto parameters = call.parameters(context, {"after", "limit"});
  const std::size_t limit = parameters.limit(documents_a_page, collections_limit);
  auto names = context.store.documents().collections(parameters.one("after"), limit + 1);
  const bool more = names.size() > limit;
  names.resize(std::min(names.size(), limit));

  std::vector<std::string> collections;
  for (const auto& name : names) collections.push_back(JsonObject().text("name", name).str());
  Response response = json_answer(
      200, JsonObject().json("collections", json_array(collections)).flag("more", more));
  if (more)
    link_next(response, "/v1/collections",
              {{"after", names.back()}, {"limit", std::to_string(limit)}});
  return response;
}

std::vector<std::string> ids_of(const std::vector<DocumentKey>& keys) {
  std::vector<std::string> ids;
  for (const auto& key : keys) ids.push_back(key.id);
  return ids;
}

Response list_documents(Context& context, const Call& call) {
  refuse_body(call.request);
  const auto parameters = call.parameters(context, {"after", "at", "deleted", "limit", "prefix"});
  ListRequest request;
  request.collection = call.names.at(0);
  check_collection(request.collection);
  request.after = parameters.one("after");
  request.prefix = parameters.one("prefix").value_or("");
  request.include_deleted = parameters.flag("deleted");
  request.limit = parameters.limit(documents_a_page, documents_limit);
  request.at = parameters.point("at");
  const ListPage page = context.store.documents().list(request);

  std::vector<std::string> documents;
  for (const auto& document : page.documents) documents.push_back(document_summary(document).str());
  JsonObject answer;
  answer.text("collection", request.collection)
      .json("documents", json_array(documents))
      .number("at", page.at)
      .flag("more", page.more);
  if (!page.purged.empty()) answer.json("purged", json_strings(ids_of(page.purged)));
  Response response = json_answer(200, answer);
  response.headers.add("Annal-Position", std::to_string(page.at.value));
  if (page.more && !page.last.empty()) {
    std::vector<QueryParameter> next = {{"after", page.last},
                                        {"limit", std::to_string(request.limit)}};
    if (!request.prefix.empty()) next.push_back({"prefix", request.prefix});
    if (request.include_deleted) next.push_back({"deleted", "true"});
    if (request.at) next.push_back({"at", '@' + std::to_string(page.at.value)});
    link_next(response, "/v1/documents/" + percent_encode(request.collection), next);
  }
  return response;
}

}  // namespace

std::vector<Route> document_routes() {
  return {{"GET", "/v1/collections", list_collections},
          {"GET", "/v1/documents/*", list_documents},
          {"GET", "/v1/documents/*/*", get_document},
          {"GET", "/v1/documents/*/*/versions/*", get_version}};
}

}  // namespace annal::server
