// The reference names every event type that ships, with its fields, as the catalogue knows them.
#include "annal/bus/vocabulary.hpp"
#include "annal/coder/coder_events.hpp"
#include "annal/document/document.hpp"
#include "annal/event/catalogue.hpp"
#include "annal/interchange/git_import.hpp"
#include "annal/service/vocabulary.hpp"
#include "annal/task/task_events.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace annal::test {
namespace {

std::string words_of(const FieldDescription& field) {
  switch (field.kind) {
    case FieldKind::boolean:
      return "boolean";
    case FieldKind::int32:
      return "int32";
    case FieldKind::int64:
      return "int64";
    case FieldKind::uint32:
      return "uint32";
    case FieldKind::uint64:
      return "uint64";
    case FieldKind::float64:
      return "float64";
    case FieldKind::string:
      return "string";
    case FieldKind::json:
      return "json";
    case FieldKind::optional:
      return "optional " + words_of(field.children.at(0));
    case FieldKind::list:
      return "list of " + words_of(field.children.at(0));
    default:
      return "another kind: add it to this test";
  }
}

// The first two cells of its row: "| `document.deleted` | `reason` optional string, … |".
std::string row_of(const EventType& type) {
  std::string fields;
  for (const auto& field : type.fields.children)
    fields += (fields.empty() ? "`" : ", `") + field.name + "` " + words_of(field);
  return "| `" + type.name + "` | " + fields + " |";
}

TEST(EventsReference, has_every_type_that_ships_with_its_fields) {
  Catalogue catalogue;
  document::add_to(catalogue);
  coder::add_to(catalogue);
  task::add_to(catalogue);
  interchange::add_to(catalogue);
  add_service_events(catalogue);
  add_bus_events(catalogue);
  std::ifstream file(ANNAL_EVENTS_REFERENCE);
  std::stringstream page;
  page << file.rdbuf();
  for (const EventType* type : catalogue.types())
    EXPECT_NE(page.str().find(row_of(*type)), std::string::npos) << row_of(*type);
  EXPECT_GE(catalogue.types().size(), 19u);
}

}  // namespace
}  // namespace annal::test
