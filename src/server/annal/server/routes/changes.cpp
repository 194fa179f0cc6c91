// Changing documents: create, put, patch, delete, undelete, restore.
#include "annal/error.hpp"
#include "annal/event/json.hpp"
#include "annal/server/entity_tag.hpp"
#include "annal/server/json_body.hpp"
#include "annal/server/problem.hpp"
#include "annal/server/routes/outcome.hpp"
#include "annal/server/routes/route.hpp"

#include <algorithm>
#include <limits>

namespace annal::server {

namespace {

constexpr std::string_view merge_patch_type = "application/merge-patch+json";

// The preconditions of a change.
struct Conditions {
  ExpectedVersion expected = ExpectedVersion::any();
  bool must_exist = false;      // If-Match: *
  bool must_not_exist = false;  // If-None-Match: *
  bool given = false;
};

// No document has it. A condition that cannot hold asks for it, so that it is the service that
// refuses: after it has looked for an earlier request with the same idempotency key.
constexpr Version unreachable{std::numeric_limits<std::uint64_t>::max()};

// The version of a document that is there.
Version version_there(Context& context, const DocumentKey& key) {
  const auto answer = context.store.documents().get(key);
  const auto* found = std::get_if<FoundDocument>(&answer);
  return found ? found->document.state.version : unreachable;
}

Conditions conditions_of(Context& context, const Request& request, const DocumentKey& key) {
  Conditions conditions;
  const auto match = request.headers.find("If-Match");
  const auto none_match = request.headers.find("If-None-Match");
  conditions.given = match || none_match;
  if (match && none_match) throw InvalidInput("If-Match and If-None-Match exclude each other");
  if (none_match) {
    if (request.method != "PUT" || !TagCondition::parse(*none_match).any)
      throw InvalidInput(
          "If-None-Match on a change can only be `*`, on PUT; use If-Match for a version");
    conditions.must_not_exist = true;
  }
  if (!match) return conditions;

  const auto wanted = TagCondition::parse(*match);
  if (wanted.any) {
    conditions.must_exist = true;
    // The others refuse by themselves what is not there; these two bring it back.
    if (request.method == "POST")
      conditions.expected = ExpectedVersion::exactly(version_there(context, key));
  } else if (const auto version = wanted.only_version()) {
    conditions.expected = ExpectedVersion::exactly(*version);
  } else {
    const Version current = context.store.log().stream_version(key.stream());
    conditions.expected =
        ExpectedVersion::exactly(wanted.matches_strongly(current) ? current : unreachable);
  }
  return conditions;
}

Response not_there_to_replace(Context& context, const DocumentKey& key) {
  return problem(
      412, "version-conflict", "the document " + key.to_string() + " is not there to be replaced",
      JsonObject().number("current_version", context.store.log().stream_version(key.stream())));
}

std::optional<std::string> utf8_header(const Request& request, std::string_view name) {
  const auto value = request.headers.find(name);
  if (!value || value->empty()) return std::nullopt;
  if (!is_utf8(*value)) throw InvalidInput("the header " + std::string(name) + " is not UTF-8");
  return std::string(*value);
}

std::optional<std::string> editor_header(const Request& request) {
  return utf8_header(request, "Annal-Editor");
}

// The key as it was meant, in quotes (as the draft has it) or without.
std::optional<std::string> idempotency_key(const Request& request) {
  const auto value = request.headers.find("Idempotency-Key");
  if (!value) return std::nullopt;
  std::string_view key = *value;
  if (key.size() >= 2 && key.front() == '"' && key.back() == '"')
    key = key.substr(1, key.size() - 2);
  return std::string(key);
}

ChangeOptions options_of(const Call& call, const Conditions& conditions) {
  ChangeOptions options;
  options.expected = conditions.expected;
  options.idempotency_key = idempotency_key(call.request);
  options.source = "http";
  options.request_id = call.request_id;
  return options;
}

// The answer to a body of another media type than the one wanted, which may say `charset=utf-8`.
std::optional<Response> wrong_type(const Request& request, std::string_view wanted) {
  const std::string_view type = request.headers.find("Content-Type").value_or("");
  const auto semicolon = std::min(type.find(';'), type.size());
  std::string_view parameter = trim(type.substr(std::min(semicolon + 1, type.size())));
  if (equal_without_case(parameter, "charset=\"utf-8\"")) parameter = "charset=utf-8";
  if (equal_without_case(trim(type.substr(0, semicolon)), wanted) &&
      (parameter.empty() || equal_without_case(parameter, "charset=utf-8")))
    return std::nullopt;
  Response response = problem(415, "unsupported-media-type",
                              "the body must be sent as Content-Type: " + std::string(wanted));
  if (wanted == merge_patch_type) response.headers.add("Accept-Patch", std::string(wanted));
  return response;
}

Json content_of(const JsonBody& body) {
  const auto content = body.raw("content");
  if (!content) throw InvalidInput("the body has no member `content`");
  return {std::string(*content)};
}

Response answer_of(Context& context, const ChangeOutcome& outcome, const Conditions& conditions,
                   int status = 200) {
  if (const auto* change = std::get_if<Changed>(&outcome)) return changed(status, *change);
  return not_changed(context, outcome, conditions.given);
}

// 201 if the change made the document, also in the place of a deleted one.
int put_status(const ChangeOutcome& outcome) {
  const auto* change = std::get_if<Changed>(&outcome);
  return change && change->created ? 201 : 200;
}

template <class Refusal>
bool refused_as(const ChangeOutcome& outcome) {
  const auto* refused = std::get_if<Refused>(&outcome);
  return refused && std::holds_alternative<Refusal>(refused->reason);
}

// The id that an earlier request with the same idempotency key gave its document; nothing if the
// key was used for something else.
// Without it a repeated POST would differ from the first by its new id.
std::optional<DocumentKey> created_before(Context& context, const std::string& collection,
                                          const ChangeOutcome& outcome) {
  const auto* rejected = std::get_if<Rejected>(&outcome);
  const auto* mismatch = rejected ? std::get_if<IdempotencyMismatch>(&rejected->reason) : nullptr;
  if (!mismatch) return std::nullopt;
  const auto event = context.store.log().event_at(mismatch->first_used_at);
  if (!event || event->type != context.store.catalogue().of<document::Created>().name) return {};
  auto key = DocumentKey::from_stream(event->stream);
  return key && key->collection == collection ? key : std::nullopt;
}

Response post_document(Context& context, const Call& call) {
  call.parameters(context, {});
  if (auto response = wrong_type(call.request, "application/json")) return std::move(*response);
  const JsonBody body(call.request.body, {"title", "content", "author"});
  DocumentKey key = DocumentKey::of(call.names.at(0), context.ids.next().to_string());
  const Conditions conditions = conditions_of(context, call.request, key);
  if (conditions.given) throw InvalidInput("a new document has no version to put a condition on");

  document::Create command{body.text("title").value_or(""), content_of(body),
                           body.text("author").value_or(editor_header(call.request).value_or(""))};
  const ChangeOptions options = options_of(call, conditions);
  auto outcome = context.store.documents().create(key, command, options);
  if (auto before = created_before(context, key.collection, outcome))
    outcome = context.store.documents().create(*before, std::move(command), options);
  return answer_of(context, outcome, conditions, 201);
}

// Who writes: `author` and `editor` mean the same here, the author of a new document or the editor
// of one that is there.
std::string writer_of(const JsonBody& body, const Request& request) {
  const auto author = body.text("author");
  const auto editor = body.text("editor");
  if (author && editor && *author != *editor)
    throw InvalidInput("the body names both an author and an editor; name the one who writes");
  if (author) return *author;
  if (editor) return *editor;
  return editor_header(request).value_or("");
}

Response put_document(Context& context, const Call& call) {
  call.parameters(context, {});
  if (auto response = wrong_type(call.request, "application/json")) return std::move(*response);
  const DocumentKey key = call.document();
  const JsonBody body(call.request.body, {"title", "content", "author", "editor"});
  const Conditions conditions = conditions_of(context, call.request, key);

  auto& documents = context.store.documents();
  const ChangeOptions options = options_of(call, conditions);
  document::Create command{body.text("title").value_or(""), content_of(body),
                           writer_of(body, call.request)};
  if (conditions.must_not_exist)
    return answer_of(context, documents.create(key, std::move(command), options), conditions, 201);
  if (conditions.must_exist) {
    std::optional<std::string> editor;
    if (!command.author.empty()) editor = command.author;
    const auto outcome = documents.update(key, {command.title, command.content, editor}, options);
    if (refused_as<document::NotFound>(outcome) || refused_as<document::AlreadyDeleted>(outcome))
      return not_there_to_replace(context, key);
    return answer_of(context, outcome, conditions);
  }
  const auto outcome = documents.put(key, std::move(command), options);
  return answer_of(context, outcome, conditions, put_status(outcome));
}

Response patch_document(Context& context, const Call& call) {
  call.parameters(context, {});
  if (auto response = wrong_type(call.request, merge_patch_type)) return std::move(*response);
  const DocumentKey key = call.document();
  const JsonBody body(call.request.body, {"title", "content"});  // checks it, member by member
  const Conditions conditions = conditions_of(context, call.request, key);
  return answer_of(
      context,
      context.store.documents().patch(key, {{call.request.body}, editor_header(call.request)},
                                      options_of(call, conditions)),
      conditions);
}

Response delete_document(Context& context, const Call& call) {
  refuse_body(call.request);
  const auto parameters = call.parameters(context, {"reason"});
  const DocumentKey key = call.document();
  const Conditions conditions = conditions_of(context, call.request, key);
  const auto reason = parameters.one("reason");
  if (reason && !is_utf8(*reason)) throw InvalidInput("the parameter `reason` is not UTF-8");
  return answer_of(context,
                   context.store.documents().remove(key, {reason, editor_header(call.request)},
                                                    options_of(call, conditions)),
                   conditions);
}

Response undelete_document(Context& context, const Call& call) {
  refuse_body(call.request);
  call.parameters(context, {});
  const DocumentKey key = call.document();
  const Conditions conditions = conditions_of(context, call.request, key);
  return answer_of(context,
                   context.store.documents().undelete(key, {editor_header(call.request)},
                                                      options_of(call, conditions)),
                   conditions);
}

Response restore_document(Context& context, const Call& call) {
  call.parameters(context, {});
  if (auto response = wrong_type(call.request, "application/json")) return std::move(*response);
  const DocumentKey key = call.document();
  const JsonBody body(call.request.body, {"at", "editor"});
  const auto at = body.text("at");
  if (!at) throw InvalidInput("the body has no member `at`, the point to go back to");
  const Point point = point_of(*at, "at", context.store.clock().now());
  const Conditions conditions = conditions_of(context, call.request, key);
  auto editor = body.text("editor");
  if (!editor) editor = editor_header(call.request);
  const auto outcome = context.store.documents().restore(key, point, std::move(editor),
                                                         options_of(call, conditions), *at);
  if (refused_as<document::NotFound>(outcome))
    return problem(404, "document-not-found",
                   "there is no document " + key.to_string() + " at " + *at);
  return answer_of(context, outcome, conditions);
}

}  // namespace

std::vector<Route> change_routes() {
  return {{"POST", "/v1/documents/*", post_document},
          {"PUT", "/v1/documents/*/*", put_document},
          {"PATCH", "/v1/documents/*/*", patch_document},
          {"DELETE", "/v1/documents/*/*", delete_document},
          {"POST", "/v1/documents/*/*/undelete", undelete_document},
          {"POST", "/v1/documents/*/*/restore", restore_document}};
}

}  // namespace annal::server
