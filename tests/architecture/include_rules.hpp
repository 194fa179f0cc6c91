// What the compiler would allow and we do not: foreign headers where they do not belong.
// Source: docs/architecture.md
#pragma once

#include "architecture/source_tree.hpp"

#include <string>
#include <vector>

namespace annal::architecture {

// Engine, aggregates, effects and aspects reach for no file, database, network or terminal.
Faults reaching_out_of_pure_rooms(const Tree& tree);
// A header that is installed includes the standard library,
// other such headers of ours, and <cereal/cereal.hpp>.
Faults leaks_of_public_headers(const Tree& tree, const std::vector<std::string>& headers);
// nlohmann's JSON and Signals2 stay in .cpp files.
Faults heavy_includes_in_headers(const Tree& tree);
// The .cpp files that Beast reaches, by whatever way.
std::vector<std::string> files_compiled_with_beast(const Tree& tree);

}  // namespace annal::architecture
