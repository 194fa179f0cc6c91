#include "annal/effects/effect.hpp"

struct Silent {
  static constexpr std::string_view name = "silent";
};

void refused() { annal::effects::perform(Silent{}); }
