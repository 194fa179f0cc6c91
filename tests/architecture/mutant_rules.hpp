// The planted bugs of tests/mutants: each names a text that stands exactly once in a file, and a test
// program that must notice when another stands there.
#pragma once

#include "architecture/source_tree.hpp"

namespace annal::architecture {

// Planted bugs that are not complete, whose text does not occur exactly once, changes nothing, or
// whose test program no folder makes.
Faults mutants_that_do_not_apply(const Tree& tree);

}  // namespace annal::architecture
