#include "annal/service/document_service.hpp"

#include "annal/service/change.hpp"
#include "annal/service/derived.hpp"
#include "annal/service/purging.hpp"
#include "annal/service/recording.hpp"
#include "annal/service/service_aspects.hpp"

#include <utility>

namespace annal {
namespace {

struct OutcomeInAWord {
  std::string_view operator()(const Changed& changed) const {
    return changed.replayed ? "replayed" : "changed";
  }
  std::string_view operator()(const Appended& appended) const {
    return appended.replayed ? "replayed" : "changed";
  }
  std::string_view operator()(const Refused&) const { return "refused"; }
  std::string_view operator()(const StaleVersion&) const { return "stale"; }
  std::string_view operator()(const Rejected&) const { return "rejected"; }
  std::string_view operator()(const Unknown&) const { return "unknown"; }
  std::string_view operator()(const FoundDocument&) const { return "found"; }
  std::string_view operator()(const DocumentGone&) const { return "gone"; }
  std::string_view operator()(const DocumentNotFound&) const { return "not_found"; }
};

template <class Answer>
Answer noted(Answer answer) {
  note_outcome(std::visit(OutcomeInAWord{}, answer));
  return answer;
}

WeavingPoint method(Weaver& weaver, const char* name) {
  return weaver.point(std::string("DocumentService::") + name);
}

}  // namespace

DocumentService::State::State(const ServiceParts& made_of, Weaver& weaver)
    : parts(made_of),
      reader(parts),
      create(method(weaver, "create")),
      update(method(weaver, "update")),
      put(method(weaver, "put")),
      patch(method(weaver, "patch")),
      remove(method(weaver, "remove")),
      undelete(method(weaver, "undelete")),
      purge(method(weaver, "purge")),
      restore(method(weaver, "restore")),
      record(method(weaver, "record")),
      rebuild(method(weaver, "rebuild")),
      purge_superseded(method(weaver, "purge_superseded")),
      get(method(weaver, "get")),
      list(method(weaver, "list")),
      collections(method(weaver, "collections")),
      history(method(weaver, "history")),
      diff(method(weaver, "diff")),
      verify_rows(method(weaver, "verify_rows")) {}

ChangeOutcome DocumentService::State::change(const WeavingPoint& point, const DocumentKey& key,
                                             Proposal proposal, ChangeOptions options) const {
  if (options.request_id.empty()) options.request_id = parts.ids.next().to_string();
  const std::string request_id = options.request_id;
  const auto program = change_program(parts, key, std::move(proposal), std::move(options));
  return point.call(request_id, key.to_string(),
                    [&] { return noted(program.run(parts.handlers, {.request_id = request_id})); });
}

DocumentService::DocumentService(std::unique_ptr<State> state) : state_(std::move(state)) {}
DocumentService::~DocumentService() = default;

ChangeOutcome DocumentService::create(const DocumentKey& key, document::Create command,
                                      ChangeOptions options) {
  return state_->change(state_->create, key, proposals::command(key, std::move(command)),
                        std::move(options));
}

ChangeOutcome DocumentService::update(const DocumentKey& key, document::Update command,
                                      ChangeOptions options) {
  return state_->change(state_->update, key, proposals::command(key, std::move(command)),
                        std::move(options));
}

ChangeOutcome DocumentService::put(const DocumentKey& key, document::Create command,
                                   ChangeOptions options) {
  return state_->change(state_->put, key, proposals::put(key, std::move(command)),
                        std::move(options));
}

ChangeOutcome DocumentService::patch(const DocumentKey& key, document::Patch command,
                                     ChangeOptions options) {
  return state_->change(state_->patch, key, proposals::command(key, std::move(command)),
                        std::move(options));
}

ChangeOutcome DocumentService::remove(const DocumentKey& key, document::Delete command,
                                      ChangeOptions options) {
  return state_->change(state_->remove, key, proposals::command(key, std::move(command)),
                        std::move(options));
}

ChangeOutcome DocumentService::undelete(const DocumentKey& key, document::Undelete command,
                                        ChangeOptions options) {
  return state_->change(state_->undelete, key, proposals::command(key, std::move(command)),
                        std::move(options));
}

ChangeOutcome DocumentService::purge(const DocumentKey& key, document::Purge command,
                                     ChangeOptions options) {
  return state_->change(state_->purge, key, proposals::command(key, std::move(command)),
                        std::move(options));
}

ChangeOutcome DocumentService::restore(const DocumentKey& key, const Point& at,
                                       std::optional<std::string> editor, ChangeOptions options,
                                       std::string_view written) {
  return state_->change(state_->restore, key,
                        proposals::restore(state_->parts, key, at, std::move(editor), written),
                        std::move(options));
}

effects::Effect<ChangeOutcome> DocumentService::changing(const DocumentKey& key,
                                                         document::Command command,
                                                         ChangeOptions options) const {
  auto proposal = proposals::command(key, std::move(command));
  return change_program(state_->parts, key, std::move(proposal), std::move(options));
}

DocumentAnswer DocumentService::get(const DocumentKey& key) const {
  const auto name = key.to_string();
  return state_->get.call({}, name, [&] { return noted(state_->reader.now(key, name)); });
}

DocumentAnswer DocumentService::get(const DocumentKey& key, const Point& at) const {
  const auto arguments = [&] { return key.to_string() + ' ' + to_string(at); };
  return state_->get.call({}, arguments, [&] { return noted(state_->reader.at(key, at)); });
}

ListPage DocumentService::list(const ListRequest& request) const {
  return state_->list.call({}, request.collection, [&] { return state_->reader.list(request); });
}

std::vector<std::string> DocumentService::collections(std::optional<std::string> after,
                                                      std::size_t limit) const {
  return state_->collections.call({}, std::string_view(),
                                  [&] { return state_->reader.collections(after, limit); });
}

HistoryPage DocumentService::history(const DocumentKey& key, std::optional<Version> before,
                                     std::size_t limit, std::optional<Point> at) const {
  return state_->history.call({}, key.to_string(),
                              [&] { return state_->reader.history(key, before, limit, at); });
}

DocumentDiff DocumentService::diff(const DocumentKey& key, const Point& from,
                                   const Point& to) const {
  return state_->diff.call({}, key.to_string(), [&] { return state_->reader.diff(key, from, to); });
}

AppendOutcome DocumentService::record(Commit commit) {
  const std::string request_id = state_->parts.ids.next().to_string();
  const auto program =
      effects::program([&parts = state_->parts, &commit](effects::Perform perform) {
        return record_commit(parts, commit, perform);
      });
  return state_->record.call(request_id, std::string_view(), [&] {
    return noted(program.run(state_->parts.handlers, {.request_id = request_id}));
  });
}

std::uint64_t DocumentService::rebuild() {
  return state_->rebuild.call([&] { return rebuild_rows(state_->parts); });
}

SupersededVersions DocumentService::purge_superseded(const SupersededRequest& request) {
  return state_->purge_superseded.call(
      [&] { return annal::purge_superseded(state_->parts, request); });
}

std::vector<DocumentKey> DocumentService::verify_rows() const {
  return state_->verify_rows.call([&] { return differing_rows(state_->parts); });
}

}  // namespace annal
