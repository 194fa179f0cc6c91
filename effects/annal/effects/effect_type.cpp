#include "annal/effects/effect_type.hpp"

#include <mutex>
#include <typeindex>
#include <unordered_map>

namespace annal::effects {

EffectNumber number_effect(const std::type_info& type) {
  static std::mutex mutex;
  static std::unordered_map<std::type_index, EffectNumber> numbers;
  std::lock_guard lock(mutex);
  return numbers.try_emplace(type, numbers.size()).first->second;
}

}  // namespace annal::effects
