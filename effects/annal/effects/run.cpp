#include "annal/effects/run.hpp"

namespace annal::effects {

void Run::stop() {
  stopped_ = true;
  throw DryRunStopped{};
}

void Run::refuse_if_stopped() const {
  if (stopped_) throw DryRunStopped{};
}

void Run::note_failure(std::size_t place) {
  try {
    throw;
  } catch (const MissingHandler& error) {
    options_.trace->end(place, EffectOutcome::missing, error.what());
  } catch (const std::exception& error) {
    options_.trace->end(place, EffectOutcome::failed, error.what());
  } catch (...) {
    options_.trace->end(place, EffectOutcome::failed, "an exception of an unknown type");
  }
}

}  // namespace annal::effects
