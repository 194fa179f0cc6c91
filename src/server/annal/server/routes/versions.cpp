// A document's history: its versions, and what changed between two points.
#include "annal/server/document_json.hpp"
#include "annal/server/problem.hpp"
#include "annal/server/routes/event_json.hpp"
#include "annal/server/routes/route.hpp"

namespace annal::server {

namespace {

constexpr std::size_t versions_limit = 1000;
constexpr std::size_t versions_a_page = 50;

// What a version's event says beside title and content.
struct Note {
  std::optional<std::string> editor, reason;
  std::optional<std::uint64_t> at_version;
};

Note note_of(const Catalogue& catalogue, const Envelope& event) try {
  if (event.purged) return {};
  if (auto created = catalogue.unwrap<document::Created>(event)) return {created->author, {}, {}};
  if (auto updated = catalogue.unwrap<document::Updated>(event)) return {updated->editor, {}, {}};
  if (auto patched = catalogue.unwrap<document::Patched>(event)) return {patched->editor, {}, {}};
  if (auto deleted = catalogue.unwrap<document::Deleted>(event))
    return {deleted->editor, deleted->reason, {}};
  if (auto restored = catalogue.unwrap<document::Restored>(event))
    return {restored->editor, {}, restored->at_version};
  if (auto purged = catalogue.unwrap<document::Purged>(event))
    return {purged->editor, purged->reason, {}};
  return {};
} catch (const DecodeError&) {
  return {};  // an event from elsewhere under one of these names: it is a version, but says nothing
}

std::string version_json(const Catalogue& catalogue, const Envelope& event) {
  const Note note = note_of(catalogue, event);
  JsonObject version = envelope_json(event);
  version.text_if_any("editor", note.editor).text_if_any("reason", note.reason);
  if (event.purged) version.flag("purged", true);
  if (note.at_version) version.number("at_version", *note.at_version);
  return version.str();
}

Response list_versions(Context& context, const Call& call) {
  refuse_body(call.request);
  const auto parameters = call.parameters(context, {"at", "before", "limit"});
  const DocumentKey key = call.document();
  const auto before = parameters.version("before");
  const auto at = parameters.point("at");
  const std::size_t limit = parameters.limit(versions_a_page, versions_limit);
  const HistoryPage page = context.store.documents().history(key, before, limit, at);
  if (page.events.empty() && context.store.log().stream_version(key.stream()).value == 0)
    return not_found(key);

  std::vector<std::string> versions;
  for (const auto& event : page.events)
    versions.push_back(version_json(context.store.catalogue(), event));
  Response response = json_answer(200, JsonObject()
                                           .text("collection", key.collection)
                                           .text("id", key.id)
                                           .json("versions", json_array(versions))
                                           .number("at", page.at)
                                           .flag("more", page.more));
  response.headers.add("Annal-Position", std::to_string(page.at.value));
  if (page.more && !page.events.empty()) {
    std::vector<QueryParameter> next = {
        {"before", std::to_string(page.events.back().version.value)},
        {"limit", std::to_string(limit)}};
    if (at) next.push_back({"at", '@' + std::to_string(page.at.value)});
    link_next(response, document_path(key) + "/versions", next);
  }
  return response;
}

Response diff_document(Context& context, const Call& call) {
  refuse_body(call.request);
  const auto parameters = call.parameters(context, {"from", "to"});
  const DocumentKey key = call.document();
  const auto from = parameters.point("from");
  if (!from) throw InvalidInput("the parameter `from` is missing, the point to compare with");
  const Point to = parameters.point("to").value_or(AtHead{});
  if (context.store.log().stream_version(key.stream()).value == 0) return not_found(key);

  const DocumentDiff diff = context.store.documents().diff(key, *from, to);
  Response response = json_answer(200, diff_json(key, *from, to, diff));
  response.headers.add("Annal-Position", std::to_string(diff.to.value));
  return response;
}

}  // namespace

std::vector<Route> version_routes() {
  return {{"GET", "/v1/documents/*/*/versions", list_versions},
          {"GET", "/v1/documents/*/*/diff", diff_document}};
}

}  // namespace annal::server
