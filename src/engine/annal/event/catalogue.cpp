#include "annal/event/catalogue.hpp"

#include "annal/event/topic.hpp"

namespace annal {
namespace {

std::string named(const Envelope& event) {
  std::string name = event.type + " version " + std::to_string(event.schema_version);
  if (event.position.value > 0) name += " at position " + std::to_string(event.position.value);
  return name;
}

}  // namespace

const EventType* Catalogue::find(std::string_view name) const {
  const auto place = by_name_.find(name);
  return place == by_name_.end() ? nullptr : place->second.get();
}

const EventType* Catalogue::find(std::type_index cpp_type) const {
  const auto place = by_type_.find(cpp_type);
  return place == by_type_.end() ? nullptr : place->second;
}

const EventType& Catalogue::known(std::type_index cpp_type) const {
  if (const EventType* type = find(cpp_type)) return *type;
  throw ConfigurationError(std::string("the catalogue has no event type for the C++ type ") +
                           cpp_type.name() + "; add it where the program is put together");
}

EventType& Catalogue::insert(EventType type) {
  if (!is_topic(type.name))
    throw ConfigurationError("'" + type.name +
                             "' cannot name an event type; write a topic such as " +
                             "document.updated");
  if (type.schema_version == 0)
    throw ConfigurationError("the schema version of " + type.name + " is 0; they count from 1");
  if (find(type.name) != nullptr)
    throw ConfigurationError("the event type " + type.name + " is added twice");
  if (const EventType* other = find(type.cpp_type))
    throw ConfigurationError("the C++ type of " + type.name + " is that of " + other->name +
                             " already; give each event type a struct of its own");
  auto& place = by_name_[type.name];
  place = std::make_unique<EventType>(std::move(type));
  by_type_[place->cpp_type] = place.get();
  return *place;
}

void Catalogue::check_older(const EventType& type, std::uint32_t version) {
  if (version == 0 || version >= type.schema_version)
    throw ConfigurationError("version " + std::to_string(version) + " of " + type.name +
                             " is not older than its version " +
                             std::to_string(type.schema_version));
  if (type.upcasters.contains(version))
    throw ConfigurationError("version " + std::to_string(version) + " of " + type.name +
                             " has two upcasters");
}

const FieldDescription* Catalogue::fields(const Envelope& event) const {
  const EventType* type = find(event.type);
  if (type == nullptr) return nullptr;
  if (event.schema_version == type->schema_version) return &type->fields;
  const auto older = type->older_fields.find(event.schema_version);
  return older == type->older_fields.end() ? nullptr : &older->second;
}

std::any Catalogue::unwrap_any(const EventType& type, const Envelope& event) const {
  if (event.schema_version > type.schema_version)
    throw DecodeError("written by a newer program: this one knows " + type.name +
                      " up to version " + std::to_string(type.schema_version) + "; upgrade it");
  const FieldDescription* const shape = fields(event);
  if (shape == nullptr)
    throw DecodeError("the catalogue has no upcaster from version " +
                      std::to_string(event.schema_version) + "; add one");
  if (event.codec != Codec::cereal && event.codec != Codec::json)
    throw DecodeError("opaque bytes (" + media_type(event) +
                      ") that no codec of this program reads");
  const bool current = event.schema_version == type.schema_version;
  const auto& decode = current ? type.decode : type.upcasters.at(event.schema_version);
  return event.codec == Codec::cereal ? decode(event.data)
                                      : decode(payload_from_json(*shape, event.data));
}

void Catalogue::require_data(const Envelope& event) {
  if (event.purged)
    throw DataPurged("the data of " + named(event) + " was purged: what it said is gone",
                     {event.position.value});
}

void Catalogue::fail(const Envelope& event, const DecodeError& cause) {
  throw DecodeError("cannot read " + named(event) + ": " + cause.what());
}

std::vector<TypeDescription> Catalogue::descriptions() const {
  std::vector<TypeDescription> all;
  for (const auto& [name, type] : by_name_) {
    for (const auto& [version, shape] : type->older_fields) all.push_back({name, version, shape});
    all.push_back({name, type->schema_version, type->fields});
  }
  return all;
}

std::vector<const EventType*> Catalogue::types() const {
  std::vector<const EventType*> all;
  for (const auto& [name, type] : by_name_) all.push_back(type.get());
  return all;
}

}  // namespace annal
