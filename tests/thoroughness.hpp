// How many of the faults a suite can inject it does inject: all of them in one build, a fifth under
// the address sanitizer, which repeats the whole suite.
#pragma once

#include <cstddef>

namespace annal::test {

#ifdef __SANITIZE_ADDRESS__
inline constexpr std::size_t fault_stride = 5;
#else
inline constexpr std::size_t fault_stride = 1;
#endif

}  // namespace annal::test
