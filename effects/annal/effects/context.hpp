// What a handler may know beside the effect.
//
//   handlers.on<Charge>([&](const Charge& charge, const EffectContext& context) {
//     return bank.charge(charge.customer, charge.cents, context.key, context.stop);
//   });
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string_view>

namespace annal::effects {

// Good for as long as the handler runs.
struct EffectContext {
  std::stop_token stop = {};  // asked for when nobody waits for the result any more
  // When that will be, as the run's clock reads it.
  std::optional<std::chrono::nanoseconds> deadline = {};
  unsigned attempt = 1;              // how often it was tried, this time included
  std::string_view request_id = {};  // the run's
  // The same for every attempt, also after a crash, so that the other side can tell a repetition;
  // empty where the run is not durable and the effect has none of its own.
  std::string_view key = {};
};

}  // namespace annal::effects
