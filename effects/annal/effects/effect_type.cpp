#include "annal/effects/effect_type.hpp"

#include <mutex>
#include <typeindex>
#include <unordered_map>

namespace annal::effects {

std::string_view to_string(Delivery delivery) {
  switch (delivery) {
    case Delivery::transactional:
      return "transactional";
    case Delivery::outbox:
      return "outbox";
    case Delivery::at_least_once:
      return "at least once";
    case Delivery::at_most_once:
      return "at most once";
  }
  return "unknown";
}

EffectNumber number_effect(const std::type_info& type) {
  static std::mutex mutex;
  static std::unordered_map<std::type_index, EffectNumber> numbers;
  std::lock_guard lock(mutex);
  return numbers.try_emplace(type, numbers.size()).first->second;
}

}  // namespace annal::effects
