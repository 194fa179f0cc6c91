#include "annal/effects/can.hpp"

struct Charge {
  using result = int;
  static constexpr std::string_view name = "charge";
};
struct Tell {
  using result = void;
  static constexpr std::string_view name = "tell";
};

void refused(annal::effects::can<Tell> perform) { perform(Charge{}); }
