// Events as text for people.
#pragma once

#include "annal/event/catalogue.hpp"
#include "print/output.hpp"

#include <string>
#include <vector>

namespace annal::cli {

// `orders/7@v3` for a document's event, `import/notes@v3` for another stream's.
std::string version_name(const Envelope& event);

// Some lines and an empty one: position, type, when, by whom, and what it says, cut where it is
// long; of metadata with several lines the first.
std::string event_block(const Envelope& event, const std::vector<TypeDescription>& types,
                        const Output& out);
// One line: position, when, type, version, and the beginning of what it says.
std::string event_line(const Envelope& event, const std::vector<TypeDescription>& types,
                       const Output& out);

}  // namespace annal::cli
