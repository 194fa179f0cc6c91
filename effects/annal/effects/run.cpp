#include "annal/effects/run.hpp"

#include <utility>

namespace annal::effects {

void Run::stop() {
  stopped_ = true;
  throw DryRunStopped{};
}

void Run::refuse_if_stopped() const {
  if (stopped_) throw DryRunStopped{};
}

void Run::trace_failure(std::size_t place) {
  try {
    throw;
  } catch (const MissingHandler& error) {
    options_.trace->end(place, EffectOutcome::missing, error.what(), attempts_);
  } catch (const std::exception& error) {
    options_.trace->end(place, EffectOutcome::failed, error.what(), attempts_);
  } catch (...) {
    options_.trace->end(place, EffectOutcome::failed, "an exception of an unknown type", attempts_);
  }
}

void Run::throw_cancelled() {
  throw EffectFailed({.kind = FailureKind::cancelled, .what = "the run was asked to stop"});
}

void Run::note_failure(std::string_view effect, const std::source_location& where) {
  auto thrown = std::current_exception();
  if (failed_ && failed_->cause == thrown) return;
  failed_ = failure_of(std::move(thrown));
  if (failed_->effect.empty()) failed_->effect = effect;
  if (failed_->attempts == 0) failed_->attempts = attempts_;
  if (failed_->origin.line() == 0) failed_->origin = where;
}

Failure Run::failure(std::exception_ptr thrown) const {
  return failed_ && failed_->cause == thrown ? *failed_ : failure_of(std::move(thrown));
}

}  // namespace annal::effects
