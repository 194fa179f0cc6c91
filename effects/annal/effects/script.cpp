#include "annal/effects/script.hpp"

namespace annal::effects {

Script::Script() : state_(std::make_shared<State>()) {
  handlers_.otherwise([state = state_](std::string_view effect, const std::string& description) {
    constexpr EffectNumber none = static_cast<EffectNumber>(-1);
    take(*state, none, nullptr, text_of(effect, description));
  });
}

std::string Script::rest() const {
  std::lock_guard lock(state_->mutex);
  std::string text;
  for (const auto& step : state_->steps) text += step.text + '\n';
  for (const auto& mismatch : state_->mismatches) text += "performed instead: " + mismatch + '\n';
  return text;
}

Script::Step Script::take(State& state, EffectNumber number, const void* effect,
                          const std::string& text) {
  std::lock_guard lock(state.mutex);
  const bool is_next = !state.steps.empty() && state.steps.front().number == number &&
                       state.steps.front().is_it(effect);
  if (!is_next) {
    std::string what = "the script does not go on with " + text + "; next expected: " +
                       (state.steps.empty() ? "nothing more" : state.steps.front().text);
    state.mismatches.push_back(text);
    for (const auto& line : state.performed) what += "\n  performed before: " + line;
    throw ScriptMismatch(what);
  }
  Step step = std::move(state.steps.front());
  state.steps.pop_front();
  state.performed.push_back(text);
  return step;
}

}  // namespace annal::effects
