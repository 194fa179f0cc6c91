#include "annal/schema/json_schema.hpp"

#include "annal/error.hpp"
#include "annal/schema/document_check.hpp"
#include "annal/schema/schema_text.hpp"

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>

namespace annal {
namespace {

constexpr std::size_t steps_at_least = 100'000;
constexpr std::size_t steps_a_byte = 32;

}  // namespace

struct JsonSchema::Compiled {
  valijson::Schema schema;
  Patterns patterns;
};

JsonSchema::JsonSchema(std::string_view text) {
  const SchemaText checked = checked_schema(text);
  auto compiled = std::make_shared<Compiled>();
  for (const std::string& pattern : checked.patterns)
    compiled->patterns.emplace(pattern, Pattern(pattern));
  const auto tree = nlohmann::json::parse(checked.text);
  try {
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::NlohmannJsonAdapter(tree), compiled->schema);
  } catch (const std::exception& fault) {
    throw InvalidInput(fault.what());
  }
  compiled_ = std::move(compiled);
}

std::optional<SchemaFault> JsonSchema::check(std::string_view document) const {
  Steps steps(steps_at_least + steps_a_byte * document.size());
  try {
    return check_document(compiled_->schema, compiled_->patterns, document, steps);
  } catch (const TooManySteps&) {
    return SchemaFault{"", "takes more steps to check than a document of its size may"};
  } catch (const TooDeep&) {
    return SchemaFault{"", "leads through more than " + std::to_string(schema_depth_limit) +
                               " schemas within each other"};
  }
}

}  // namespace annal
