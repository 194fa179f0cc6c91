#include "annal/aggregate/scenario.hpp"

#include "annal/event/type_name.hpp"

namespace annal::scenario {

std::string type_name(const std::type_info& type) {
  std::string name = readable_name(type);
  const auto scope = name.rfind("::");
  return scope == std::string::npos ? name : name.substr(scope + 2);
}

}  // namespace annal::scenario
