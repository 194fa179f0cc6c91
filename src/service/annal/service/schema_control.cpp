#include "annal/service/schema_control.hpp"

#include "annal/error.hpp"
#include "annal/event/codec.hpp"
#include "annal/event/json.hpp"
#include "annal/event/topic.hpp"
#include "annal/schema/json_schema.hpp"

#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>

namespace annal {
namespace {

std::string title_of(std::string_view type, std::uint32_t schema_version) {
  return std::string(type) + " version " + std::to_string(schema_version);
}

// JSON fields within a payload may be nested as deep again.
constexpr std::size_t payload_depth_limit = description_depth_limit + json_depth_limit;

// What the schema is asked about, or why there is nothing to ask about.
struct DataAsJson {
  const std::string* recorded = nullptr;  // null: it had to be decoded
  std::string decoded = {};
  std::string fault = {};

  const std::string& text() const { return recorded ? *recorded : decoded; }
};

DataAsJson data_as_json(const Envelope& event, const Catalogue& catalogue) {
  if (event.codec == Codec::json) return {.recorded = &event.data};
  if (event.codec != Codec::cereal)
    return {.fault = "its data is opaque, so that its schema cannot be checked; record it as JSON"};
  const FieldDescription* const fields = catalogue.fields(event);
  if (fields == nullptr)
    return {.fault = "its fields are not known here; add its type to the catalogue"};
  try {
    return {.decoded = payload_to_json(*fields, event.data)};
  } catch (const DecodeError& error) {
    return {.fault = "its data is not what the catalogue says: " + std::string(error.what())};
  }
}

}  // namespace

class SchemaControl::State {
 public:
  explicit State(const Catalogue& catalogue) : catalogue_(catalogue) {}

  void add(std::string_view type, std::uint32_t schema_version, JsonSchema schema) {
    std::unique_lock lock(mutex_);
    auto& versions = schemas_.try_emplace(std::string(type)).first->second;
    if (!versions.emplace(schema_version, std::move(schema)).second)
      throw InvalidInput(title_of(type, schema_version) +
                         " has a schema already; give a changed one a new version");
  }

  std::optional<std::string> violation(const Envelope& event) const {
    if (event.purged) return std::nullopt;
    const auto schema = find(event);
    if (!schema) return std::nullopt;
    const DataAsJson data = data_as_json(event, catalogue_);
    const std::string title = title_of(event.type, event.schema_version) + ": ";
    if (!data.fault.empty()) return title + data.fault;
    if (const auto fault = check_json(data.text(), payload_depth_limit))
      return title + "its data is no JSON: " + fault->reason + " at byte " +
             std::to_string(fault->offset);
    const auto fault = schema->check(data.text());
    if (!fault) return std::nullopt;
    return title + (fault->pointer.empty() ? "the data " : fault->pointer + ": ") + fault->reason;
  }

 private:
  std::optional<JsonSchema> find(const Envelope& event) const {
    std::shared_lock lock(mutex_);
    const auto type = schemas_.find(event.type);
    if (type == schemas_.end()) return std::nullopt;
    const auto version = type->second.find(event.schema_version);
    if (version == type->second.end()) return std::nullopt;
    return version->second;
  }

  const Catalogue& catalogue_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::map<std::uint32_t, JsonSchema>, std::less<>> schemas_;
};

SchemaControl::SchemaControl(const Catalogue& catalogue)
    : state_(std::make_shared<State>(catalogue)) {}

void SchemaControl::add(std::string_view type, std::uint32_t schema_version,
                        std::string_view schema) {
  if (!is_topic(type))
    throw InvalidInput("\"" + std::string(type) +
                       "\" is no event type to give a schema to: use a topic");
  const std::string title = title_of(type, schema_version);
  if (schema_version == 0) throw InvalidInput("the schema of " + title + ": versions begin at 1");
  try {
    state_->add(type, schema_version, JsonSchema(schema));
  } catch (const InvalidInput& fault) {
    throw InvalidInput("the schema of " + title + ": " + fault.what());
  }
}

std::optional<std::string> SchemaControl::violation(const Envelope& event) const {
  return state_->violation(event);
}

ControlHandler SchemaControl::handler() const {
  return [state = state_](const Envelope& event, ControlContext&) {
    auto violation = state->violation(event);
    return violation ? ControlDecision::fail(std::move(*violation)) : ControlDecision::proceed();
  };
}

}  // namespace annal
