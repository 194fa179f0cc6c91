// A regular expression of a JSON Schema, in ECMAScript's syntax without flags, searched for in text
// of which nobody knows who wrote it.
#pragma once

#include "annal/schema/steps.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace annal {

//   threads   every member: any number of callers
class Pattern {
 public:
  // Throws InvalidInput for what is no expression, and for escapes ECMAScript does not have.
  explicit Pattern(const std::string& expression);

  // Characters are Unicode's, `\d`, `\w`, `\s` and `\b` mean ASCII; `^` and `$` are the text's
  // ends.
  //   text      valid UTF-8
  //   steps     one for each time a character is read, also again
  //   throws    TooManySteps; also if what is to be tried yet takes more than 4 MiB
  //   cost      no recursion, however long the text is
  bool found_in(std::string_view text, Steps& steps) const;

 private:
  struct Expression;
  std::shared_ptr<const Expression> expression_;
};

}  // namespace annal
