// The name of a C++ type as its author writes it, for messages.
#pragma once

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <typeinfo>

namespace annal {

// `annal::effects::MissingHandler`; as the compiler has it where that cannot be read.
inline std::string readable_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> readable(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free);
  return status == 0 ? readable.get() : type.name();
}

}  // namespace annal
