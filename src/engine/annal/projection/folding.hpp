// Takes the rows of one generation of a projection on: reads events, folds them, keeps rows and
// checkpoint together.
#pragma once

#include "annal/projection/projection_records.hpp"
#include "annal/projection/staged_rows.hpp"

#include <string>

namespace annal {

// What one event changes.
//   rows      as the events before have left them; must outlive what is returned
//   throws    FoldFailed
StagedRows changes_of(const Projection& projection, const Envelope& event, const StagedRows& rows);

// The events of a projection beyond a position.
//   limit     1–4096
Page events_beyond(const EventLog& log, const Projection& projection, Position after,
                   std::size_t limit);

//   threads   one at a time
class Folding {
 public:
  //   all but the generation must outlive this
  Folding(EventLog& log, const Projection& projection, ProjectionRecords& records,
          Generation generation);

  struct Step {
    bool at_end = false;       // of the log as it was then
    std::uint64_t events = 0;  // that were folded
  };
  // A page of events at most. What it has kept when it throws stays kept.
  //   throws    FoldFailed, ProjectionTaken, StorageError
  Step advance();
  // Keeps the checkpoint where events without rows have taken it.
  void keep_checkpoint();

  const Generation& generation() const { return generation_; }
  // Everything up to here is in the rows.
  Position reached() const { return reached_; }

 private:
  std::optional<ProjectedRow> kept(const std::string& space, const std::string& key) const;
  const std::string& place_of(const std::string& space) const;
  void keep(Position through);

  EventLog& log_;
  const Projection& projection_;
  ProjectionRecords& records_;
  Generation generation_;
  Position reached_;
  StagedRows batch_;  // of the page at hand
};

}  // namespace annal
