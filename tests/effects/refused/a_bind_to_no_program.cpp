#include "annal/effects/effect.hpp"

void refused() {
  (void)annal::effects::pure(1).bind([](int value) { return value + 1; });
}
