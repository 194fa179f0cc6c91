// Who may include whom.
// Source: docs/architecture.md, docs/decisions/0002-layers-as-include-roots.md
#pragma once

#include "architecture/source_tree.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace annal::architecture {

// Every include of ours leads to a file that is there, in a layer that the including one may know.
Faults upward_includes(const Tree& tree);
// Rooms (`src/engine/annal/log`) do not include each other in a circle. A room's own folders are
// one room with it.
Faults circles_of_rooms(const Tree& tree);
// Nor do headers.
Faults circles_of_headers(const Tree& tree);
// No room is called util, common, support or detail.
Faults rooms_without_a_subject(const Tree& tree);

}  // namespace annal::architecture
