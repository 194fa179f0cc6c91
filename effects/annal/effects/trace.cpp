#include "annal/effects/trace.hpp"

#include <algorithm>
#include <cstdio>

namespace annal::effects {

std::string_view to_string(EffectOutcome outcome) {
  switch (outcome) {
    case EffectOutcome::ok:
      return "ok";
    case EffectOutcome::failed:
      return "failed";
    case EffectOutcome::unfinished:
      return "unfinished";
    case EffectOutcome::missing:
      return "missing";
    case EffectOutcome::not_performed:
      return "not performed";
  }
  return "unknown";
}

std::size_t Trace::begin(std::string_view name, std::string text) {
  const auto held = lock();
  if (effects_.capacity() == 0) effects_.reserve(8);
  const auto now = clock_->reading();
  if (effects_.empty()) zero_ = now;
  TracedEffect& effect = effects_.emplace_back();
  effect.name = name;
  effect.order = effects_.size();
  effect.start = now - zero_;
  effect.text = std::move(text);
  return effects_.size() - 1;
}

void Trace::plan(std::size_t place, Delivery delivery, std::string policy) {
  effects_[place].delivery = delivery;
  effects_[place].policy = std::move(policy);
}

void Trace::end(std::size_t place, EffectOutcome outcome, std::string error, unsigned attempts) {
  const auto held = lock();
  TracedEffect& effect = effects_[place];
  effect.duration = clock_->reading() - zero_ - effect.start;
  effect.outcome = outcome;
  effect.error = std::move(error);
  effect.attempts = attempts;
}

void Trace::adopt(const Trace& other) {
  const Trace theirs(other);  // as far as they have come
  if (theirs.effects_.empty()) return;
  const auto held = lock();
  const auto zero = effects_.empty() ? theirs.zero_ : std::min(zero_, theirs.zero_);
  for (TracedEffect& effect : effects_) effect.start += zero_ - zero;
  for (TracedEffect effect : theirs.effects_) {
    effect.start += theirs.zero_ - zero;
    effects_.push_back(std::move(effect));
  }
  zero_ = zero;
  std::stable_sort(effects_.begin(), effects_.end(),
                   [](const auto& a, const auto& b) { return a.start < b.start; });
  for (std::size_t i = 0; i < effects_.size(); ++i) effects_[i].order = i + 1;
}

Trace::Trace(const Trace& other) : clock_(other.clock_) {
  const auto held = other.lock();
  zero_ = other.zero_;
  effects_ = other.effects_;
}

void Trace::clear() { effects_.clear(); }

std::string Trace::to_string() const {
  std::string text;
  for (const TracedEffect& effect : effects_) {
    const auto microseconds = static_cast<double>(effect.duration.count()) / 1000;
    char duration[32];
    std::snprintf(duration, sizeof duration, "%.1f", microseconds);
    text += std::to_string(effect.order) + ' ' + std::string(effect.name) + ' ' +
            std::string(effects::to_string(effect.outcome)) + ' ' + duration + " µs";
    if (effect.attempts > 1) text += " in " + std::to_string(effect.attempts) + " attempts";
    if (!effect.text.empty()) text += ' ' + effect.text;
    if (!effect.error.empty()) text += " (" + effect.error + ')';
    text += '\n';
  }
  return text;
}

}  // namespace annal::effects
