// What checking one document against its schema may take, counted in steps: comparisons, look-ups
// and characters that patterns read. So no document takes long, whatever the schema is like.
#pragma once

#include <cstddef>

namespace annal {

struct TooManySteps {};

class Steps {
 public:
  explicit Steps(std::size_t limit) : left_(limit) {}
  // Throws TooManySteps when there are no more.
  void take(std::size_t steps = 1) {
    if (steps > left_) throw TooManySteps();
    left_ -= steps;
  }

 private:
  std::size_t left_;
};

}  // namespace annal
