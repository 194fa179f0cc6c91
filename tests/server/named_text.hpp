// A text to try, and the name of the test that tries it.
#pragma once

#include <ostream>

namespace annal::test {

struct NamedText {
  const char* name;
  const char* text;
};

inline void PrintTo(const NamedText& named, std::ostream* out) { *out << named.name; }

}  // namespace annal::test
