// A JSON Schema, and whether documents fit it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace annal {

// Where in a document what is wrong.
struct SchemaFault {
  std::string pointer;  // RFC 6901; empty: the document. At most about 250 bytes
  std::string reason;
};

// valijson reads the schema; documents are checked here, because valijson's own check is no match
// for documents nobody knows the author of.
//   threads   every member: any number of callers
class JsonSchema {
 public:
  // Throws InvalidInput, naming the place in the schema and what is wrong there.
  explicit JsonSchema(std::string_view text);

  // The first thing that does not fit; nothing if all does.
  //   document  passed check_json, nested no deeper than 128
  //   cost      at most 100'000 steps and 32 for each byte; beyond that it does not fit
  std::optional<SchemaFault> check(std::string_view document) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace annal
