// What a reader may rely on: files have an opening sentence and a bearable length, and pages lead
// where they say.
#pragma once

#include "architecture/source_tree.hpp"

#include <cstddef>
#include <string_view>

namespace annal::architecture {

inline constexpr std::size_t longest_file = 800;  // lines

Faults files_too_long(const Tree& tree);
// Every header opens with a sentence on what it is.
Faults headers_without_opening(const Tree& tree);

// Links in pages (*.md) to files or headings that are not there.
Faults dead_links(const Tree& tree);
// Pages named in sources, build files and other pages (docs/….md) that are not there.
Faults dead_mentions(const Tree& tree);
// Tests named in a page (`Suite.name`) that no file under tests/ has.
Faults dead_tests(const Tree& tree, std::string_view page);

}  // namespace annal::architecture
