#include "annal/effects/handlers.hpp"

namespace annal::effects {

MissingHandler::MissingHandler(std::string_view effect)
    : Error("no handler for the effect '" + std::string(effect) +
            "': register one with Handlers::on before the program runs"),
      effect_(effect) {}

void HandlerSnapshot::add_below(const HandlerLayer& layer) {
  auto joined = std::make_unique<InterceptorChain>(top_->interceptors);
  for (const HandlerLayer* each = &layer; each != nullptr; each = each->below.get()) {
    below_.push_back(each->table.read());
    const InterceptorChain& outer = below_.back()->interceptors;
    joined->insert(joined->begin(), outer.begin(), outer.end());
  }
  joined_ = std::move(joined);
}

const AnyHandler* HandlerSnapshot::find_batch(EffectNumber number) const {
  const auto entry = [&](const HandlerTable::ByNumber<AnyHandler>& entries) {
    return number < entries.size() ? entries[number].get() : nullptr;
  };
  if (entry(top_->handlers) != nullptr) return entry(top_->batches);
  for (const auto& table : below_)
    if (entry(table->handlers) != nullptr) return entry(table->batches);
  return nullptr;
}

void HandlerSnapshot::throw_missing(std::string_view effect, const std::string& description) const {
  if (top_->otherwise) top_->otherwise(effect, description);
  for (const auto& table : below_)
    if (table->otherwise) table->otherwise(effect, description);
  throw MissingHandler(effect);
}

Handlers& Handlers::otherwise(
    std::function<void(std::string_view effect, const std::string& description)> function) {
  change([&](HandlerTable& table) { table.otherwise = std::move(function); });
  return *this;
}

Handlers::Handlers() : Handlers(std::shared_ptr<HandlerLayer>()) {}

Handlers::Handlers(std::shared_ptr<HandlerLayer> below) : layer_(std::make_shared<HandlerLayer>()) {
  layer_->below = std::move(below);
}

Handlers Handlers::overlay() const { return Handlers(layer_); }

void Handlers::surround(InterceptorChain interceptors) {
  change([&](HandlerTable& table) { table.interceptors = std::move(interceptors); });
}

}  // namespace annal::effects
