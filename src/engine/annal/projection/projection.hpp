// A projection as data: which events a read model follows from, what rows it keeps, and the fold from
// the one to the other. annal/projection/projector.hpp keeps it up to date.
//
//   annal::Projection visits;
//   visits.name = "visits";
//   visits.spaces = {{"visits", {}}};
//   visits.fold = [](const annal::Envelope& event, annal::ProjectedRows& rows) {
//     auto row = rows.find("visits", event.stream).value_or(annal::ProjectedRow{"0", {}});
//     row.value = std::to_string(std::stoi(row.value) + 1);
//     rows.put("visits", event.stream, row);
//   };
#pragma once

#include "annal/error.hpp"
#include "annal/log/event_log.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace annal {

struct ProjectedRow {
  std::string value;
  Columns columns;  // every one its space declares
  friend bool operator==(const ProjectedRow&, const ProjectedRow&) = default;
};

// The rows of a projection as its fold finds them: as the events before have left them.
//   throws    InvalidInput for a space the projection does not declare, or a row its space cannot take
//   threads   the fold's own
class ProjectedRows {
 public:
  virtual ~ProjectedRows() = default;
  virtual std::optional<ProjectedRow> find(const std::string& space,
                                           const std::string& key) const = 0;
  virtual void put(const std::string& space, const std::string& key, ProjectedRow row) = 0;
  virtual void erase(const std::string& space, const std::string& key) = 0;
};

struct Projection {
  // Changes rows as the event says, and does nothing else: it is called again for the same event when
  // a commit fails, when rows are made anew and when they are compared, on several threads. An
  // exception means that the event cannot be folded.
  using Fold = std::function<void(const Envelope& event, ProjectedRows& rows)>;

  std::string name;           // as a subscription's: 1–256 visible ASCII characters, no `@`
  std::uint32_t version = 1;  // raise it when fold, query or spaces change: the rows are made anew
  std::vector<SpaceDeclaration> spaces;  // its own; not declared when the log is opened
  Query query = {};
  Fold fold;
};

// The fold has refused an event.
class FoldFailed : public Error {
 public:
  FoldFailed(const Projection& projection, Position at, const std::string& why)
      : Error("the projection " + projection.name + " cannot fold position " +
              std::to_string(at.value) + ": " + why),
        position(at) {}
  Position position;
};

// Throws InvalidInput for a projection nobody can keep.
void check(const Projection& projection);

}  // namespace annal
