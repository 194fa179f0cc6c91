#include "annal/effects/can.hpp"

struct Tell {
  using result = void;
  static constexpr std::string_view name = "tell";
};

void refused(annal::effects::can<Tell> perform) { perform(annal::effects::pure(1)); }
