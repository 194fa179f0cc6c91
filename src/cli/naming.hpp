// Names of documents and points in time, as they stand among the arguments.
#pragma once

#include "annal/log/point.hpp"
#include "annal/service/documents.hpp"

#include <optional>
#include <string>

namespace annal::cli {

// A point in time. Throws InvalidInput for a text that does not read as one.
Point point_of(const std::string& text, Timestamp now);
// `A..B`. Throws InvalidInput for a text that does not read as one.
PointRange range_of(const std::string& text, Timestamp now);

// What a name asks for: `orders/7` and the point after its last `@`,
// or all of it where --at is given.
struct NamedPoint {
  std::string name;
  std::optional<Point> at;
};
NamedPoint name_and_point(const std::string& text, const std::optional<std::string>& at,
                          Timestamp now);

// As above, of one document. Throws InvalidInput for a name no document can have.
struct DocumentPoint {
  DocumentKey key;
  std::optional<Point> at;
};
DocumentPoint document_and_point(const std::string& text, const std::optional<std::string>& at,
                                 Timestamp now);

// `orders/7@v3..v5`, `orders/7@v3..@v5`: the name,
// and what follows the last `@` after which a range reads.
struct NamedRange {
  std::string name;
  std::optional<PointRange> range;
};
NamedRange name_and_range(const std::string& text, Timestamp now);

// A document's name for a command that changes it, now: what ends in a point is refused unless it
// is meant literally. Throws InvalidInput.
DocumentKey document_to_change(const std::string& text, bool literal, Timestamp now);

// What --expect asks of a document: a version (`3`, `v3`), `none`, `exists`.
struct Expectation {
  enum class Kind { anything, none, exists, version };
  Kind kind = Kind::anything;
  Version version;
};
// Throws InvalidInput.
Expectation expectation_of(const std::optional<std::string>& text);

}  // namespace annal::cli
