// What a bus has counted, as a value.
#pragma once

#include "annal/bus/figures.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace annal {

struct SubscriberFigures {
  std::string name;
  std::string interest;  // as text
  bool paused = false;
  Figures figures;  // of events told to him; `last` is not kept
};

// Counted since the bus was made. `published` and the lines after it are events that publish took;
// each of them is in one of these lines as well, or was told.
struct BusStatistics {
  std::uint64_t told = 0;  // to whoever was interested, recorded and transient
  std::uint64_t published = 0;
  std::uint64_t dropped = 0;     // by middleware
  std::uint64_t skipped = 0;     // by control
  std::uint64_t rejected = 0;    // by control, or because they could not be recorded as they must
  std::uint64_t duplicates = 0;  // known by their ids
  std::uint64_t coalesced = 0;   // went out as part of another
  std::uint64_t unrecorded = 0;  // went out though they should have been recorded
  std::uint64_t dead_letters = 0, dead_letters_lost = 0;  // waiting; made room for newer ones
  // Of the types, and of the streams, that were told last: 1024 on each publishing thread.
  std::map<std::string, Figures> types, entities;
  // In the order they are told. Of observers, Observers::status says the same; their errors count
  // among those of types and entities here.
  std::vector<SubscriberFigures> subscribers;
};

}  // namespace annal
