#include "annal/server/routes/outcome.hpp"

#include "annal/server/entity_tag.hpp"
#include "annal/server/problem.hpp"

namespace annal::server {

namespace {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

Response try_again(Response response) {
  response.headers.add("Retry-After", "1");
  return response;
}

Response conflict(bool conditional, const std::string& detail, Version current) {
  return problem(conditional ? 412 : 409, "version-conflict", detail,
                 JsonObject().number("current_version", current));
}

Response refused_gone(Context& context, const DocumentKey& key) {
  const auto answer = context.store.documents().get(key);
  if (const auto* deleted = std::get_if<DocumentGone>(&answer)) return gone(*deleted);
  return problem(409, "version-conflict", "the document was changed at the same time; try again");
}

// An empty patch is no error: nothing was recorded, the version stays.
Response nothing_to_change(const Refused& refused) {
  Response response = json_answer(200, JsonObject()
                                           .text("collection", refused.key.collection)
                                           .text("id", refused.key.id)
                                           .number("version", refused.version)
                                           .flag("changed", false));
  response.headers.add("ETag", entity_tag(refused.version));
  return response;
}

Response refused_answer(Context& context, const Refused& refused, bool conditional) {
  const std::string name = "the document " + refused.key.to_string();
  return std::visit(
      Overloaded{
          [&](const document::AlreadyExists&) {
            return conflict(conditional, name + " exists already", refused.version);
          },
          [&](const document::NotFound&) { return not_found(refused.key); },
          [&](const document::AlreadyDeleted&) { return refused_gone(context, refused.key); },
          [&](const document::NotDeleted&) {
            return problem(409, "document-not-deleted", name + " is not deleted",
                           JsonObject().number("current_version", refused.version));
          },
          [&](const document::AlreadyPurged&) { return refused_gone(context, refused.key); },
          [&](const document::NothingToChange&) { return nothing_to_change(refused); },
          [&](const document::InvalidContent& content) {
            return problem(422, "invalid-content", name + ": " + content.what);
          },
          [&](const document::TooBig& big) {
            return problem(413, "document-too-large",
                           name + " would be larger than a document may be",
                           JsonObject().number("size", big.size).number("limit", big.limit));
          }},
      refused.reason);
}

// What a fault of middleware or control says is not meant for clients.
Response gate_failed(Context& context, const Rejected& rejected) {
  context.report(rejected.message());
  return problem(
      500, "internal-error",
      "what this server asks before it records has a fault, and nothing was recorded; its "
      "log names the request by its X-Request-Id");
}

Response rejected_answer(Context& context, const Rejected& rejected, bool conditional) {
  return std::visit(
      Overloaded{
          [&](const VersionConflict& stale) {
            return conflict(conditional, rejected.message(), stale.actual);
          },
          [&](const RecordConflict&) {
            return problem(409, "version-conflict",
                           "the document was changed at the same time; try again");
          },
          // Conditions that a program has put on the service's commits.
          [&](const QueryConflict&) {
            return problem(409, "version-conflict", rejected.message());
          },
          [&](const TrackingConflict&) {
            return problem(409, "version-conflict", rejected.message());
          },
          [&](const IdempotencyMismatch& mismatch) {
            return problem(422, "idempotency-key-reused",
                           "the Idempotency-Key was used for another request; use a new one",
                           JsonObject().number("first_used_at", mismatch.first_used_at));
          },
          [&](const TooLarge& large) {
            return problem(413, "document-too-large", rejected.message(),
                           JsonObject().number("size", large.size).number("limit", large.limit));
          },
          [&](const Malformed&) { return problem(400, "invalid-input", rejected.message()); },
          [&](const Busy&) {
            return try_again(problem(503, "busy", "too many changes are waiting; try again"));
          },
          [&](const DiskFull&) {
            return problem(507, "disk-full", "the store's disk is full; reading goes on");
          },
          [&](const Vetoed& veto) {
            if (veto.failed) return gate_failed(context, rejected);
            return problem(422, veto.skipped ? "skipped" : "vetoed", rejected.message(),
                           JsonObject().text("by", veto.by).text("reason", veto.reason));
          },
          [&](const Closed&) {
            return problem(503, "store-closed",
                           "the store takes no changes; it was opened read-only, "
                           "is closing or has failed");
          }},
      rejected.reason);
}

}  // namespace

Response changed(int status, const Changed& change) {
  Response response = json_answer(status, JsonObject()
                                              .text("collection", change.key.collection)
                                              .text("id", change.key.id)
                                              .number("version", change.version)
                                              .number("position", change.position)
                                              .time("recorded_at", change.recorded_at)
                                              .text("durability", to_string(change.durability))
                                              .text("commit", change.commit.to_hex())
                                              .flag("changed", true));
  response.headers.add("ETag", entity_tag(change.version));
  response.headers.add("Annal-Position", std::to_string(change.position.value));
  if (change.replayed) response.headers.add("Idempotent-Replayed", "true");
  if (status == 201) response.headers.add("Location", document_path(change.key));
  return response;
}

Response not_changed(Context& context, const ChangeOutcome& outcome, bool conditional) {
  if (const auto* refused = std::get_if<Refused>(&outcome))
    return refused_answer(context, *refused, conditional);
  if (const auto* stale = std::get_if<StaleVersion>(&outcome))
    return conflict(conditional,
                    "the document " + stale->key.to_string() + " is not of the version asked for",
                    stale->actual);
  if (const auto* rejected = std::get_if<Rejected>(&outcome))
    return rejected_answer(context, *rejected, conditional);
  context.report("outcome unknown: " + std::get<Unknown>(outcome).what);
  return try_again(
      problem(503, "outcome-unknown",
              "the change may or may not have been recorded; send it again with the same "
              "Idempotency-Key to learn which"));
}

}  // namespace annal::server
