#include "annal/projection/comparison.hpp"

namespace annal {

std::string RowDifference::to_string() const {
  const char* const words[] = {" is missing", " should not be there",
                               " is not what its events say"};
  return space + ' ' + key + words[static_cast<std::size_t>(what)];
}

}  // namespace annal
