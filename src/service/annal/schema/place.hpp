// Where a value stands in a document: a chain of members and elements that leads to the document
// itself and lives on the stack of whoever walks it.
#pragma once

#include "annal/schema/texts.hpp"

#include <cstddef>
#include <string>

namespace annal {

struct Place {
  const Place* parent = nullptr;     // null: the document
  const std::string* key = nullptr;  // null: an element
  std::size_t index = 0;
};

// As a JSON pointer.
inline std::string pointer_to(const Place& value) {
  std::string pointer;
  for (const Place* place = &value; place->parent != nullptr; place = place->parent)
    pointer.insert(0,
                   '/' + (place->key ? pointer_step(*place->key) : std::to_string(place->index)));
  return pointer;
}

}  // namespace annal
