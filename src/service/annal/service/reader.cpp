#include "annal/service/reader.hpp"

#include "annal/aggregate/events.hpp"
#include "annal/effects/effect.hpp"
#include "annal/effects/kinds.hpp"
#include "annal/error.hpp"
#include "annal/service/change.hpp"
#include "annal/service/rows.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace annal {
namespace {

constexpr std::size_t rows_at_once = 128;
constexpr std::size_t page_bytes = 8 * 1024 * 1024;

std::size_t bytes_of(const Document& document) {
  return document.state.title.size() + document.state.content.text.size();
}

void check_limit(std::size_t limit, std::size_t most, const char* what) {
  if (limit == 0 || limit > most)
    throw InvalidInput("a page of " + std::to_string(limit) + ' ' + what + ": ask for 1–" +
                       std::to_string(most));
}

// Rows of a collection, as a request of the log; `limit` is still to be set.
RecordRequest rows_of(const ListRequest& request) {
  RecordRequest rows;
  rows.space = rows::space;
  rows.prefix = request.collection + '/' + request.prefix;
  if (request.after) rows.after = request.collection + '/' + *request.after;
  return rows;
}

nlohmann::json as_json(const std::optional<Document>& document) {
  if (!document || !document->state.exists()) return nullptr;
  return {{"title", document->state.title},
          {"content", nlohmann::json::parse(document->state.content.text)}};
}

std::optional<Version> version_there(const std::optional<Document>& document) {
  if (!document || !document->state.exists()) return std::nullopt;
  return document->state.version;
}

}  // namespace

// Puts documents on a page until it is full.
class DocumentReader::Filling {
 public:
  Filling(ListPage& page, const ListRequest& request) : page_(page), request_(request) {}

  std::size_t room() const { return request_.limit - page_.documents.size() - page_.purged.size(); }

  // Returns false, and notes that there is more, if there is no room for it.
  bool take(const DocumentKey& key, Then then) {
    if (const auto* purged = std::get_if<PurgedThen>(&then)) return take(key, *purged);
    auto& document = std::get<std::optional<Document>>(then);
    if (!document) return true;
    if (document->state.is_purged()) return take(key, PurgedThen{{}, {}, true});
    if (document->state.is_deleted && !request_.include_deleted) return true;
    bytes_ += bytes_of(*document);
    if (room() == 0 || (bytes_ > page_bytes && !page_.documents.empty())) return end_page();
    page_.last = key.id;
    page_.documents.push_back(std::move(*document));
    return true;
  }

 private:
  bool take(const DocumentKey& key, const PurgedThen& purged) {
    if (purged.was_deleted && !request_.include_deleted) return true;
    if (room() == 0) return end_page();
    page_.last = key.id;
    page_.purged.push_back(key);
    return true;
  }

  bool end_page() {
    page_.more = true;
    return false;
  }

  ListPage& page_;
  const ListRequest& request_;
  std::size_t bytes_ = 0;
};

DocumentAnswer DocumentReader::now(const DocumentKey& key, const std::string& name) const {
  // What is read after asking for the head is at least as new as the head.
  const Position head = parts_.log.head();
  const auto row =
      effects::perform(effects::DatabaseRead{std::string(rows::space), name}).run(parts_.handlers);
  auto document = row ? rows::read(key, *row) : std::nullopt;
  Then then = document ? Then(std::move(document)) : without_row(key);
  const auto* there = std::get_if<std::optional<Document>>(&then);
  return answer(key, std::move(then), there && *there ? std::max(head, (*there)->position) : head);
}

DocumentAnswer DocumentReader::at(const DocumentKey& key, const Point& point) const {
  const Position position = resolve(point, parts_.log, key.stream());
  return answer(key, document_at(key, position), position);
}

DocumentAnswer DocumentReader::answer(const DocumentKey& key, Then then, Position at) const {
  if (const auto* purged = std::get_if<PurgedThen>(&then))
    return DocumentGone{key, purged->version, {}, {}, {}, purged->position, true};
  auto& document = std::get<std::optional<Document>>(then);
  if (!document) return DocumentNotFound{key};
  return answer(std::move(*document), at);
}

DocumentAnswer DocumentReader::answer(Document document, Position at) const {
  if (!document.state.is_deleted) return FoundDocument{std::move(document), at};
  if (document.state.is_purged())
    return DocumentGone{std::move(document.key),
                        document.state.version,
                        {},
                        document.state.deleted_at,
                        std::move(document.state.deletion_reason),
                        document.position,
                        true};
  const auto [deletion, last] = deletion_of(document);
  return DocumentGone{std::move(document.key),
                      deletion,
                      last,
                      document.state.deleted_at,
                      std::move(document.state.deletion_reason),
                      document.position};
}

// Behind a deletion there may be events of other kinds, and deletions of what is deleted already:
// neither says what can be read.
DocumentReader::Deletion DocumentReader::deletion_of(const Document& document) const {
  Deletion found;
  ReadRequest request;
  request.query = Query::of_stream(document.key.stream());
  request.direction = Direction::backwards;
  request.to_version = document.state.version;
  request.limit = 4;
  for (bool more = true; more;) {
    const auto page = parts_.log.read(request);
    for (const auto& event : page.events) {
      const auto said = event_of_type<document::Aggregate>(parts_.catalogue, event);
      if (said && std::holds_alternative<document::Deleted>(*said)) {
        if (found.version.value == 0) found.version = event.version;
        found.last_readable = {event.version.value - 1};
      } else if (said && found.version.value > 0) {
        return found;
      }
    }
    more = page.more && !page.events.empty();
    if (more) request.to_version = Version{page.events.back().version.value - 1};
  }
  return found;
}

DocumentReader::Then DocumentReader::document_at(const DocumentKey& key, Position position) const {
  return document_at(key, position, parts_.log.record(rows::space, key.to_string()));
}

DocumentReader::Then DocumentReader::document_at(const DocumentKey& key, Position position,
                                                 const std::optional<Record>& row) const {
  if (row && row->derived_at <= position)
    if (auto document = rows::read(key, *row)) return document;
  return document_of(key, past_.at(key.stream(), position));
}

std::optional<Document> DocumentReader::known_at(const DocumentKey& key, Position position) const {
  auto then = document_at(key, position);
  if (auto* document = std::get_if<std::optional<Document>>(&then)) return std::move(*document);
  throw DataPurged(
      key.to_string() + " at @" + std::to_string(position.value) + ": what it was then was purged",
      {std::get<PurgedThen>(then).position.value});
}

DocumentReader::Then DocumentReader::without_row(const DocumentKey& key) const {
  return document_of(key, load_without_row(parts_, key));
}

DocumentReader::Then DocumentReader::document_of(const DocumentKey& key, Folded folded) {
  if (!folded.is_known())
    return PurgedThen{folded.version, folded.position, folded.state.is_deleted};
  if (folded.state.version.value == 0) return std::nullopt;
  return Document{key, std::move(folded.state), folded.position};
}

ListPage DocumentReader::list(const ListRequest& request) const {
  check_collection(request.collection);
  check_limit(request.limit, 1000, "documents");
  if (!request.at) return list_now(request);
  const Position at = resolve(*request.at, parts_.log);
  return list_then(request, at);
}

// Everything on a page is as it was at one position: what comes after the log has grown is left to
// the next page.
ListPage DocumentReader::list_now(const ListRequest& request) const {
  ListPage page;
  Filling filling(page, request);
  auto rows = rows_of(request);
  if (!request.include_deleted) rows.where["deleted"] = 0;
  for (bool first = true;; first = false) {
    rows.limit = std::min(rows_at_once, filling.room() + 1);
    auto found = parts_.log.records(rows);
    if (first) page.at = found.head;
    if (found.head != page.at) {
      page.more = !found.records.empty();
      return page;
    }
    for (const auto& row : found.records) {
      const auto key = DocumentKey::split(row.key);
      auto document = rows::read(key, row);
      Then now = document ? Then(std::move(document)) : without_row(key);
      if (!filling.take(key, std::move(now))) return page;
    }
    if (!found.more) return page;
    rows.after = found.records.back().key;
  }
}

ListPage DocumentReader::list_then(const ListRequest& request, Position at) const {
  ListPage page;
  page.at = at;
  Filling filling(page, request);
  auto rows = rows_of(request);
  rows.limit = rows_at_once;
  for (;;) {
    auto found = parts_.log.records(rows);
    for (const auto& row : found.records) {
      const auto key = DocumentKey::split(row.key);
      if (!filling.take(key, document_at(key, at, row))) return page;
    }
    if (!found.more) return page;
    rows.after = found.records.back().key;
  }
}

std::vector<std::string> DocumentReader::collections(const std::optional<std::string>& after,
                                                     std::size_t limit) const {
  check_limit(limit, 1000, "collections");
  // `0` follows `/`: beyond `orders0` there is no document of `orders` any more.
  const auto beyond = [](const std::string& collection) { return collection + '0'; };
  RecordRequest request;
  request.space = rows::space;
  request.limit = 1;
  if (after) request.after = beyond(*after);
  std::vector<std::string> names;
  while (names.size() < limit) {
    const auto found = parts_.log.records(request);
    if (found.records.empty()) break;
    names.push_back(DocumentKey::split(found.records.front().key).collection);
    request.after = beyond(names.back());
  }
  return names;
}

HistoryPage DocumentReader::history(const DocumentKey& key, std::optional<Version> before,
                                    std::size_t limit, const std::optional<Point>& at) const {
  check_limit(limit, 1000, "events");
  HistoryPage history;
  ReadRequest request;
  request.query = Query::of_stream(key.stream());
  request.direction = Direction::backwards;
  request.limit = limit;
  if (at) request.to = history.at = resolve(*at, parts_.log, *request.query.only_stream());
  if (before) {
    if (before->value <= 1) {
      if (!at) history.at = parts_.log.head();
      return history;
    }
    request.to_version = Version{before->value - 1};
  }
  auto page = parts_.log.read(request);
  if (!at) history.at = page.head;
  history.events = std::move(page.events);
  history.more = page.more;
  return history;
}

DocumentDiff DocumentReader::diff(const DocumentKey& key, const Point& from,
                                  const Point& to) const {
  DocumentDiff diff;
  diff.from = resolve(from, parts_.log, key.stream());
  diff.to = resolve(to, parts_.log, key.stream());
  const auto before = known_at(key, diff.from);
  const auto after = known_at(key, diff.to);
  diff.from_version = version_there(before);
  diff.to_version = version_there(after);
  diff.patch = nlohmann::json::diff(as_json(before), as_json(after)).dump();
  return diff;
}

}  // namespace annal
