// Many events a commit into a new file, by us and by the loop beside us.
#pragma once

#include "measure.hpp"

#include <filesystem>
#include <vector>

namespace annal::bench {

struct Batches {
  int commits = 1, streams = 1;
  // Five tags an event, and the condition that nobody has said anything of the commit's subject
  // since.
  bool conditional = false;
  Settings settings = {};
};

struct Footprint {
  double bytes_an_event = 0;  // of the closed file
  double resident_bytes = 0;  // more than before the log was opened
};

// Several commits under way at once, and the log closed, so that all is in the index.
//   footprint   null where nobody asks
Round append(const std::filesystem::path& file, const Batches& batches,
             Footprint* footprint = nullptr);
// Insertion into a table with no index, and the file closed.
Round append_raw(const std::filesystem::path& file, const Batches& batches);

std::vector<Fact> facts_of(const Footprint& footprint, const Batches& batches);

}  // namespace annal::bench
