// What a comparison of a projection's rows with an independent fold of the same events has found.
#pragma once

#include "annal/event/position.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace annal {

struct RowDifference {
  enum class What { missing, unexpected, different };
  std::string space, key;
  What what = What::different;

  std::string to_string() const;  // one line: `visits order/7 is missing`
};

struct ProjectionComparison {
  Position at;                             // of the rows
  std::uint64_t rows = 0;                  // that should be there
  std::uint64_t differing = 0;             // in all
  std::vector<RowDifference> differences;  // the first 100

  bool equal() const { return differing == 0; }
};

}  // namespace annal
