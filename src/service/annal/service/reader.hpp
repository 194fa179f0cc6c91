// Reading documents: now from their rows, then from their events.
#pragma once

#include "annal/service/documents.hpp"
#include "annal/service/fold.hpp"
#include "annal/service/parts.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace annal {

// The operations of DocumentService that change nothing.
class DocumentReader {
 public:
  explicit DocumentReader(const ServiceParts& parts)
      : parts_(parts), past_(parts.log, parts.catalogue) {}

  // By a DatabaseRead.
  //   name      the key as text
  DocumentAnswer now(const DocumentKey& key, const std::string& name) const;
  DocumentAnswer at(const DocumentKey& key, const Point& point) const;
  ListPage list(const ListRequest& request) const;
  std::vector<std::string> collections(const std::optional<std::string>& after,
                                       std::size_t limit) const;
  HistoryPage history(const DocumentKey& key, std::optional<Version> before, std::size_t limit,
                      const std::optional<Point>& at) const;
  DocumentDiff diff(const DocumentKey& key, const Point& from, const Point& to) const;

 private:
  struct Deletion {
    Version version;        // of the newest one
    Version last_readable;  // the newest before it at which the document was there
  };

  // The document was there, but what it was is gone.
  struct PurgedThen {
    Version version;
    Position position;
    bool was_deleted;
  };
  // The document as it was; nothing if it was never created until then.
  using Then = std::variant<std::optional<Document>, PurgedThen>;

  class Filling;

  DocumentAnswer answer(Document document, Position at) const;
  DocumentAnswer answer(const DocumentKey& key, Then then, Position at) const;
  //   cost      a read of the newest events
  Deletion deletion_of(const Document& document) const;
  ListPage list_now(const ListRequest& request) const;
  ListPage list_then(const ListRequest& request, Position at) const;
  Then document_at(const DocumentKey& key, Position position) const;
  //   row       the document's, if it has one
  Then document_at(const DocumentKey& key, Position position,
                   const std::optional<Record>& row) const;
  // Throws DataPurged.
  std::optional<Document> known_at(const DocumentKey& key, Position position) const;
  // The document as it is, where no row can say so.
  Then without_row(const DocumentKey& key) const;
  static Then document_of(const DocumentKey& key, Folded folded);

  const ServiceParts& parts_;
  DocumentPast past_;
};

}  // namespace annal
