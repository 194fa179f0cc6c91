// What goes for ever: the history of a deleted document, and versions that later ones make superfluous.
#pragma once

#include "annal/service/documents.hpp"
#include "annal/service/parts.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace annal {

// Events to be purged, and the snapshots that hold what they said.
class ToPurge {
 public:
  void add(const Purging& event) { events_.push_back(event); }
  // Snapshots of a stream up to a version.
  void add_snapshots(const EventLog& log, const std::string& stream, Version up_to);
  bool empty() const { return events_.empty() && snapshots_.empty(); }
  // Whether there is more than goes into one commit beside a few records.
  bool is_large() const;
  // Takes out as much as that, the oldest first, and puts it into the commit.
  void move_into(Commit& commit);

 private:
  std::vector<Purging> events_;
  std::vector<std::string> snapshots_;  // their records' keys
};

// Everything that happened in a stream up to a version and has not been purged.
ToPurge history_of(const EventLog& log, const std::string& stream, Version up_to);

// Purges documents' events within the range where later ones say again what they said.
SupersededVersions purge_superseded(const ServiceParts& parts, const SupersededRequest& request);

}  // namespace annal
