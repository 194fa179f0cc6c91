#include "annal/service/reader.hpp"

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

DocumentAnswer answer(Document document, Position at) {
  if (!document.state.is_deleted) return FoundDocument{std::move(document), at};
  auto& state = document.state;
  return DocumentGone{std::move(document.key),          state.version,
                      Version{state.version.value - 1}, state.deleted_at,
                      std::move(state.deletion_reason), document.position};
}

// Rows of a collection, as a request of the log; `limit` is still to be set.
RecordRequest rows_of(const ListRequest& request) {
  RecordRequest rows;
  rows.space = rows::space;
  rows.prefix = request.collection + '/' + request.prefix;
  if (request.after) rows.after = request.collection + '/' + *request.after;
  return rows;
}

// Puts documents on a page until it is full.
class Filling {
 public:
  Filling(ListPage& page, std::size_t limit) : page_(page), limit_(limit) {}

  // Returns false, and notes that there is more, if there is no room for it.
  bool take(Document document) {
    bytes_ += bytes_of(document);
    const bool full =
        page_.documents.size() == limit_ || (bytes_ > page_bytes && !page_.documents.empty());
    if (full)
      page_.more = true;
    else
      page_.documents.push_back(std::move(document));
    return !full;
  }

 private:
  ListPage& page_;
  std::size_t limit_;
  std::size_t bytes_ = 0;
};

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

DocumentAnswer DocumentReader::now(const DocumentKey& key, const std::string& name) const {
  // What is read after asking for the head is at least as new as the head.
  const Position head = parts_.log.head();
  const auto row =
      effects::perform(effects::DatabaseRead{std::string(rows::space), name}).run(parts_.handlers);
  if (!row) return DocumentNotFound{key};
  auto document = document_of(key, *row);
  const Position at = std::max(head, document.position);
  return answer(std::move(document), at);
}

DocumentAnswer DocumentReader::at(const DocumentKey& key, const Point& point) const {
  const Position position = resolve(point, parts_.log, key.stream());
  auto document = document_at(key, position);
  if (!document) return DocumentNotFound{key};
  return answer(std::move(*document), position);
}

std::optional<Document> DocumentReader::document_at(const DocumentKey& key,
                                                    Position position) const {
  const auto name = key.to_string();
  const auto row = parts_.log.record(rows::space, name);
  if (row && row->derived_at <= position) return document_of(key, *row);
  auto folded = past_.at(key.stream(), position);
  if (folded.state.version.value == 0) return std::nullopt;
  return Document{key, std::move(folded.state), folded.position};
}

Document DocumentReader::document_of(DocumentKey key, const Record& row) const {
  if (auto document = rows::read(key, row)) return std::move(*document);
  auto current = load_current(parts_, key);
  return {std::move(key), std::move(current.state), current.position};
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
  Filling filling(page, request.limit);
  auto rows = rows_of(request);
  if (!request.include_deleted) rows.where["deleted"] = 0;
  for (bool first = true;; first = false) {
    rows.limit = std::min(rows_at_once, request.limit - page.documents.size() + 1);
    auto found = parts_.log.records(rows);
    if (first) page.at = found.head;
    if (found.head != page.at) {
      page.more = !found.records.empty();
      return page;
    }
    for (const auto& row : found.records)
      if (!filling.take(document_of(rows::key_of(row.key), row))) return page;
    if (!found.more) return page;
    rows.after = found.records.back().key;
  }
}

ListPage DocumentReader::list_then(const ListRequest& request, Position at) const {
  ListPage page;
  page.at = at;
  Filling filling(page, request.limit);
  auto rows = rows_of(request);
  rows.limit = rows_at_once;
  for (;;) {
    auto found = parts_.log.records(rows);
    for (const auto& row : found.records) {
      auto document = document_at(rows::key_of(row.key), at);
      if (!document || (document->state.is_deleted && !request.include_deleted)) continue;
      if (!filling.take(std::move(*document))) return page;
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
    names.push_back(rows::key_of(found.records.front().key).collection);
    request.after = beyond(names.back());
  }
  return names;
}

HistoryPage DocumentReader::history(const DocumentKey& key, std::optional<Version> before,
                                    std::size_t limit, const std::optional<Point>& at) const {
  check_limit(limit, 1000, "events");
  HistoryPage history;
  ReadRequest request;
  request.query.stream = key.stream();
  request.direction = Direction::backwards;
  request.limit = limit;
  if (at) request.to = history.at = resolve(*at, parts_.log, *request.query.stream);
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
  const auto before = document_at(key, diff.from);
  const auto after = document_at(key, diff.to);
  diff.from_version = version_there(before);
  diff.to_version = version_there(after);
  diff.patch = nlohmann::json::diff(as_json(before), as_json(after)).dump();
  return diff;
}

}  // namespace annal
