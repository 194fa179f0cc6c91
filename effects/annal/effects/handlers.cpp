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

const AnyHandler* HandlerSnapshot::find_below(Column column, EffectNumber number) const {
  for (const auto& table : below_) {
    const auto& entries = (*table).*column;
    if (number < entries.size() && entries[number]) return entries[number].get();
  }
  return nullptr;
}

Handlers::Handlers() : Handlers(std::shared_ptr<HandlerLayer>()) {}

Handlers::Handlers(std::shared_ptr<HandlerLayer> below) : layer_(std::make_shared<HandlerLayer>()) {
  layer_->below = std::move(below);
}

Handlers Handlers::overlay() const { return Handlers(layer_); }

template <class Change>
void Handlers::change(Change&& make) {
  {
    std::lock_guard lock(layer_->changing);
    auto table = std::make_unique<HandlerTable>(*layer_->table.read());
    make(*table);
    layer_->table.replace(std::move(table));
  }
  layer_->table.destroy_replaced();
}

bool Handlers::put(HandlerSnapshot::Column column, EffectNumber number,
                   std::shared_ptr<const AnyHandler> handler) {
  bool there_was_one = false;
  change([&](HandlerTable& table) {
    auto& entries = table.*column;
    if (number >= entries.size()) entries.resize(number + 1);
    there_was_one = entries[number] != nullptr;
    entries[number] = std::move(handler);
  });
  return there_was_one;
}

void Handlers::surround(InterceptorChain interceptors) {
  change([&](HandlerTable& table) { table.interceptors = std::move(interceptors); });
}

}  // namespace annal::effects
