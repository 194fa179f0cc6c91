// What goes for ever: the history of a deleted document, and versions that later ones make
// superfluous.
#pragma once

#include "annal/service/documents.hpp"
#include "annal/service/parts.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <utility>

namespace annal {

// Events to be purged, and snapshots of their streams up to the newest of them.
class ToPurge {
 public:
  //   bytes     of its data and metadata
  void add(const Purging& event, std::size_t bytes);
  // Snapshots of a stream up to a version.
  void add_snapshots(const EventLog& log, const std::string& stream, Version up_to);
  bool empty() const { return events_.empty() && snapshots_.empty(); }
  // Whether there is more than goes into one commit beside a few records.
  bool is_large() const;
  // Takes out as much as that, the oldest first, and puts it into the commit.
  void move_into(Commit& commit);

 private:
  std::deque<std::pair<Purging, std::size_t>> events_;
  std::size_t bytes_ = 0;               // of all of them
  std::deque<RecordChange> snapshots_;  // their erasures
};

// Everything that happened in a stream up to a version and has not been purged.
ToPurge history_of(const EventLog& log, const std::string& stream, Version up_to);

// Purges documents' events within the range where later ones say again what they said.
SupersededVersions purge_superseded(const ServiceParts& parts, const SupersededRequest& request);

}  // namespace annal
