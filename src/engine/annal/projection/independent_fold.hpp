// The rows of a projection made in memory, to hold those in the log to them.
#pragma once

#include "annal/projection/comparison.hpp"
#include "annal/projection/folding.hpp"

#include <functional>
#include <string>

namespace annal {

//   threads   one at a time
class IndependentFold {
 public:
  //   log and projection must outlive this
  IndependentFold(const EventLog& log, const Projection& projection);

  // Folds what lies between the position reached and this one.
  //   progress  called after each page; false: it stops there
  //   returns   false if it was stopped
  //   throws    FoldFailed
  bool advance(Position through, const std::function<bool(Position)>& progress = {});
  // Compares with the rows of a generation that are as of the position reached.
  //   cost      reads them all
  ProjectionComparison compare(const Generation& generation) const;

 private:
  void compare_space(std::size_t which, const std::string& place,
                     ProjectionComparison& result) const;

  const EventLog& log_;
  const Projection& projection_;
  Position reached_;
  StagedRows rows_;
};

}  // namespace annal
