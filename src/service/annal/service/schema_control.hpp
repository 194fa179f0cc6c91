// JSON Schemas for events: what does not fit the schema of its type is not recorded. As with all of
// control, another handler's FALLBACK is not asked about.
//
//   annal::SchemaControl schemas(catalogue);
//   schemas.add("task.progress", 1, R"({
//     "type": "object",
//     "properties": {"progress": {"type": "integer", "minimum": 0, "maximum": 100}},
//     "required": ["progress"]
//   })");
//   auto checking = bus.control().add(schemas.handler(), {.name = "schemas", .critical = true});
//   // FAIL: `task.progress version 1: /progress: is above the maximum 100`
//
// Schemas are of draft 7, or of draft 6, which is a part of it. `format` means `date-time`, `date`
// and `time`; other formats are not checked. `pattern` is ECMAScript's syntax without flags; it
// reads characters of Unicode, while `\d`, `\w` and `\s` mean ASCII's. Numbers are compared as
// doubles.
#pragma once

#include "annal/bus/control.hpp"
#include "annal/event/catalogue.hpp"
#include "annal/event/envelope.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace annal {

//   threads   every member: any number of callers
// Source: https://json-schema.org/draft-07/json-schema-validation
class SchemaControl {
 public:
  //   catalogue   says what payloads in cereal's binary consist of; must outlive this and its
  //               handlers
  explicit SchemaControl(const Catalogue& catalogue);

  // Adds the schema of one version of one type, for what is checked from now on.
  //   schema    at most 64 KiB, and 500 schemas in all. A `$ref` names a place in the same
  //             schema (`#/definitions/…`); nothing is read from files or the network
  //   throws    InvalidInput for a name that is no topic, for version 0, for a type and version
  //             that have a schema, and for a schema that is none, that refers to itself without
  //             end, or that uses what would not be checked: later drafts' keywords, anything
  //             beside a $ref, an $id within
  void add(std::string_view type, std::uint32_t schema_version, std::string_view schema);

  // Why the event may not be recorded: `TYPE version N: POINTER: what is wrong there`, with the
  // JSON pointer of the first thing in its data that does not fit, at most 600 bytes and without
  // values of the data. Nothing if it fits, if its type and version have no schema, or if it was
  // purged. Data that is opaque (Codec::bytes), or that nobody here can read, does not fit.
  //   cost      3 µs for an event of four fields, a third of it to read its JSON; 100'000 steps and
  //             32 for each byte of data at most, which is half a second for 1 MiB and a schema
  //             made to be slow. What takes longer does not fit. The stack and the memory it takes
  //             are bounded, too: a pattern that remembers alternatives for each character gives up
  //             in texts of 25'000 and more
  std::optional<std::string> violation(const Envelope& event) const;

  // A handler that answers FAIL with the violation. May outlive this.
  ControlHandler handler() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace annal
