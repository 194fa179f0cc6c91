// One check of one document against a schema that valijson has read.
#pragma once

#include "annal/schema/json_schema.hpp"
#include "annal/schema/pattern.hpp"
#include "annal/schema/steps.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace valijson {
class Schema;
}

namespace annal {

// By their expressions; all that the schema has.
using Patterns = std::map<std::string, Pattern, std::less<>>;

// Beyond it lie schemas within each other that no document is worth the stack for.
inline constexpr unsigned schema_depth_limit = 500;
struct TooDeep {};

// The first fault found; nothing if the document fits. Differs from valijson's visitor where
// documents could make that one crash, take for ever, or be misjudged: patterns and uniqueItems are
// bounded, texts may hold NUL, numbers are divided as what they are, and schemas within each other
// are counted.
//   document  passed check_json
//   throws    TooManySteps, TooDeep
std::optional<SchemaFault> check_document(const valijson::Schema& schema, const Patterns& patterns,
                                          std::string_view document, Steps& steps);

}  // namespace annal
