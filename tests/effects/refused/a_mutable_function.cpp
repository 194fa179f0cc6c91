#include "annal/effects/effect.hpp"

void refused() {
  (void)annal::effects::pure(1).map([calls = 0](int value) mutable { return value + ++calls; });
}
