#include "annal/bus/expectation_state.hpp"
#include "annal/bus/turn.hpp"
#include "annal/error.hpp"
#include "annal/time/bounded_wait.hpp"

#include <algorithm>

namespace annal {

void Expectation::State::take(const EventPointer& candidate) {
  const auto here = std::this_thread::get_id();
  {
    std::lock_guard lock(mutex);
    if (event || ended) return;
    asking.push_back(here);
  }
  struct Asked {
    ~Asked() {
      std::lock_guard lock(state.mutex);
      state.asking.erase(std::find(state.asking.begin(), state.asking.end(), here));
      state.changed.notify_all();
    }
    State& state;
    const std::thread::id here;
  } const asked{*this, here};
  if (predicate && !predicate(*candidate)) return;
  std::lock_guard lock(mutex);
  if (!event) event = candidate;
}

void Expectation::State::end() {
  const auto here = std::this_thread::get_id();
  std::unique_lock lock(mutex);
  ended = true;
  changed.wait(lock, [&] {
    return std::all_of(asking.begin(), asking.end(), [&](auto thread) { return thread == here; });
  });
}

void Expectation::end() noexcept {
  connection_.disconnect();
  if (const auto state = std::move(state_)) state->end();
}

Expectation& Expectation::operator=(Expectation&& other) noexcept {
  if (this != &other) {
    end();
    state_ = std::move(other.state_);
    connection_ = std::move(other.connection_);
  }
  return *this;
}

std::optional<Envelope> Expectation::wait(std::chrono::milliseconds timeout) {
  if (Turn::inside(state_->bus))
    throw WouldDeadlock(
        "a handler waits for an event that could only come once it has returned; let it return, "
        "and "
        "wait elsewhere");
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, bounded_wait(timeout), [&] { return state_->event != nullptr; });
  if (!state_->event) return std::nullopt;
  return *state_->event;
}

}  // namespace annal
