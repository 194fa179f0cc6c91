// An aggregate as it is compiled: with the include roots its library has and no other. Built by
// hand from CMakeLists.txt, once as it stands and once reaching for the SQLite adapter.
#include "annal/document/document.hpp"

#ifdef REACH_FOR_THE_ADAPTER
#include "annal/sqlite/sqlite_log.hpp"
#endif

int main() { return annal::document::Aggregate::kind.empty() ? 1 : 0; }
