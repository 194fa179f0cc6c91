#include "annal/bus/expectation_state.hpp"
#include "annal/bus/turn.hpp"
#include "annal/error.hpp"
#include "annal/time/bounded_wait.hpp"

namespace annal {

void Expectation::State::take(const EventPointer& candidate) {
  {
    std::lock_guard lock(mutex);
    if (event) return;
  }
  if (predicate && !predicate(*candidate)) return;
  std::lock_guard lock(mutex);
  if (!event) event = candidate;
  came.notify_all();
}

std::optional<Envelope> Expectation::wait(std::chrono::milliseconds timeout) {
  if (Turn::inside(state_->bus))
    throw WouldDeadlock(
        "a handler waits for an event that could only come once it has returned; let it return, "
        "and "
        "wait elsewhere");
  std::unique_lock lock(state_->mutex);
  state_->came.wait_for(lock, bounded_wait(timeout), [&] { return state_->event != nullptr; });
  if (!state_->event) return std::nullopt;
  return *state_->event;
}

}  // namespace annal
