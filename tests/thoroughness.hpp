// How much of what takes long a suite does, faults above all: everything in one build, a fifth under
// a sanitizer, which repeats the suite.
#pragma once

#include <cstddef>

namespace annal::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::size_t fault_stride = 5;
#else
inline constexpr std::size_t fault_stride = 1;
#endif

}  // namespace annal::test
