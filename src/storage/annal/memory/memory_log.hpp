// An event log in memory, for tests and samples:
// the same contract as every other, gone with the process.
#pragma once

#include "annal/log/event_log.hpp"

#include <memory>

namespace annal::memory {

struct Options {
  std::vector<SpaceDeclaration> spaces;
  std::size_t queue_requests = 1024;  // waiting appends beyond these are Busy
  const Clock* clock = nullptr;       // the machine's when null; must outlive the log
  Randomness* randomness = nullptr;   // the system's when null; must outlive the log
};

// Its durability is Durability::ephemeral, in every answer.
std::unique_ptr<EventLog> open(Options options = {});

}  // namespace annal::memory
