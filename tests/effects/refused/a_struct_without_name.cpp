#include "annal/effects/effect.hpp"

struct Nameless {
  using result = void;
};

void refused() {
  annal::effects::Handlers handlers;
  handlers.on<Nameless>([](const Nameless&) {});
}
