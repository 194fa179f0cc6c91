#include "annal/schema/schema_text.hpp"

#include "annal/error.hpp"
#include "annal/event/json.hpp"
#include "annal/schema/texts.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace annal {
namespace {

using nlohmann::json;

template <std::size_t size>
bool is_one_of(const std::array<std::string_view, size>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 6> in_one_schema = {
    "additionalProperties", "additionalItems", "contains", "propertyNames", "not", "items"};
constexpr std::array<std::string_view, 3> in_alternatives = {"allOf", "anyOf", "oneOf"};
constexpr std::array<std::string_view, 3> in_conditions = {"if", "then", "else"};
constexpr std::array<std::string_view, 4> in_schemas_by_name = {"properties", "patternProperties",
                                                                "definitions", "$defs"};
constexpr std::array<std::string_view, 12> of_later_drafts = {
    "$anchor",       "$dynamicAnchor",    "$dynamicRef",      "$recursiveAnchor",
    "$recursiveRef", "dependentRequired", "dependentSchemas", "maxContains",
    "minContains",   "prefixItems",       "unevaluatedItems", "unevaluatedProperties"};
constexpr std::array<std::string_view, 14> beside_a_reference = {
    "$ref",    "$schema",  "$id",      "id",        "$comment",    "title", "description",
    "default", "examples", "readOnly", "writeOnly", "definitions", "$defs", "deprecated"};

constexpr std::array<std::string_view, 4> of_a_number = {"maximum", "minimum", "exclusiveMaximum",
                                                         "exclusiveMinimum"};
constexpr std::array<std::string_view, 6> of_a_count = {
    "maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"};

bool is_count(const json& value) {
  return value.is_number_unsigned() && value.get<std::uint64_t>() <= 0x7fff'ffff'ffff'ffff;
}

bool is_list_of_texts(const json& value) {
  return value.is_array() &&
         std::all_of(value.begin(), value.end(), [](const json& each) { return each.is_string(); });
}

[[noreturn]] void refuse_at(const std::string& pointer, const std::string& why) {
  throw InvalidInput("#" + pointer + ": " + why);
}

// The pointer of a `$ref`. What is refused here is what valijson would fetch or misread.
std::string target_of(const json& reference, const std::string& pointer) {
  if (!reference.is_string()) refuse_at(pointer, "$ref is no text");
  const auto& text = reference.get_ref<const std::string&>();
  const bool here = text == "#" || text.starts_with("#/");
  if (!here || text.find('%') != text.npos || text.ends_with('/'))
    refuse_at(pointer, "the $ref \"" + text +
                           "\" does not name a place in this schema, such as "
                           "\"#/definitions/address\"; nothing else is read");
  return text.substr(1);
}

class SchemaWalk {
 public:
  explicit SchemaWalk(std::string_view text) : root_(json::parse(text)) {}

  SchemaText result() {
    if (root_.is_object()) check_draft();
    walk(root_, "");
    for (const auto& pointer : visited_) refuse_endless(pointer);
    return {root_.dump(), {patterns_.begin(), patterns_.end()}};
  }

 private:
  void check_draft() {
    if (const auto draft = root_.find("$schema"); draft != root_.end()) {
      std::string name = draft->is_string() ? draft->get<std::string>() : draft->dump();
      if (name.ends_with('#')) name.pop_back();
      const auto scheme = name.find("://");
      if (scheme != name.npos) name.erase(0, scheme + 3);
      if (name != "json-schema.org/draft-07/schema" && name != "json-schema.org/draft-06/schema")
        refuse_at("/$schema", name + " is not supported; use draft 7 or 6");
    }
    for (const char* id : {"$id", "id"}) root_.erase(id);
  }

  void walk(json& node, const std::string& pointer) {
    if (!visited_.insert(pointer).second) return;
    if (visited_.size() > schemas_in_schema_limit)
      refuse_at(pointer, "more than " + std::to_string(schemas_in_schema_limit) +
                             " schemas in one; split it by event type");
    if (node.is_boolean()) return;
    if (!node.is_object()) refuse_at(pointer, "a schema is an object, true or false");
    check_keywords(node, pointer);
    if (const auto reference = node.find("$ref"); reference != node.end())
      walk_target(target_of(*reference, pointer), pointer);
    for (auto& [key, value] : node.items())
      walk_keyword(key, value, pointer + '/' + pointer_step(key));
    set_property_names_apart(node);
  }

  void check_keywords(json& node, const std::string& pointer) {
    if (!pointer.empty() && node.contains("$id"))
      refuse_at(pointer, "$id within a schema changes what $ref means; use definitions");
    node.erase("id");  // to valijson it still has draft 4's meaning
    const bool refers = node.contains("$ref");
    for (const auto& [key, value] : node.items()) {
      if (is_one_of(of_later_drafts, key))
        refuse_at(pointer, key + " belongs to a later draft and would not be checked");
      if (refers && !is_one_of(beside_a_reference, key))
        refuse_at(pointer, key + " beside $ref means nothing; put both into allOf");
    }
    check_values(node, pointer);
  }

  // What valijson would take for something else, or divide by.
  void check_values(const json& node, const std::string& pointer) {
    for (const auto& [key, value] : node.items()) {
      const auto demand = [&, &name = key, &given = value](bool fits, const char* what) {
        if (!fits) refuse_at(pointer, name + ' ' + shortened(given.dump()) + ": use " + what);
      };
      if (is_one_of(of_a_number, key)) demand(value.is_number(), "a number");
      if (is_one_of(of_a_count, key)) demand(is_count(value), "a whole number, 0 or more");
      if (key == "uniqueItems") demand(value.is_boolean(), "true or false");
      if (key == "required") demand(is_list_of_texts(value), "a list of names");
      if (key == "enum") demand(value.is_array() && !value.empty(), "a list of values");
      if (key == "pattern") demand(value.is_string(), "a text");
      if (key == "multipleOf")
        demand(value.is_number() && value.get<double>() > 0 && value.get<double>() <= 1e15,
               "a number above 0, up to 1e15");
    }
    if (const auto pattern = node.find("pattern"); pattern != node.end())
      patterns_.insert(pattern->get<std::string>());
  }

  void walk_keyword(const std::string& key, json& value, const std::string& pointer) {
    if (is_one_of(in_alternatives, key) && (!value.is_array() || value.empty()))
      refuse_at(pointer, "this is no list of schemas, or an empty one");
    if ((is_one_of(in_schemas_by_name, key) || key == "dependencies") && !value.is_object())
      refuse_at(pointer, "this is no object");
    if (is_one_of(in_alternatives, key) || (key == "items" && value.is_array())) {
      for (std::size_t i = 0; i < value.size(); ++i)
        walk(value[i], pointer + '/' + std::to_string(i));
    } else if (is_one_of(in_one_schema, key) || is_one_of(in_conditions, key)) {
      walk(value, pointer);
    } else if (is_one_of(in_schemas_by_name, key)) {
      for (auto& [name, schema] : value.items()) {
        if (key == "patternProperties") patterns_.insert(name);
        walk(schema, pointer + '/' + pointer_step(name));
      }
    } else if (key == "dependencies") {
      for (auto& [name, schema] : value.items())
        if (!is_list_of_texts(schema)) walk(schema, pointer + '/' + pointer_step(name));
    }
  }

  void walk_target(const std::string& target, const std::string& pointer) {
    try {
      walk(root_.at(json::json_pointer(target)), target);
    } catch (const json::exception&) {
      refuse_at(pointer, "the $ref \"#" + target + "\" names nothing in this schema");
    }
  }

  // valijson knows propertyNames by the place of the schema around it, which a $ref may name.
  static void set_property_names_apart(json& node) {
    const auto names = node.find("propertyNames");
    if (names == node.end()) return;
    json apart = {{"propertyNames", std::move(*names)}};
    node.erase("propertyNames");
    node["allOf"].push_back(std::move(apart));
  }

  // Schemas that are asked about the same value lead back to themselves.
  void refuse_endless(const std::string& pointer) {
    if (ended_.contains(pointer)) return;
    if (!under_way_.insert(pointer).second)
      refuse_at(pointer, "this schema is part of itself: no document could end it");
    const auto node = find(pointer);
    if (node != nullptr && node->is_object()) follow_in_place(*node, pointer);
    under_way_.erase(pointer);
    ended_.insert(pointer);
  }

  void follow_in_place(const json& node, const std::string& pointer) {
    if (const auto reference = node.find("$ref"); reference != node.end())
      return refuse_endless(target_of(*reference, pointer));
    for (const auto key : in_alternatives)
      if (const auto list = node.find(key); list != node.end())
        for (std::size_t i = 0; i < list->size(); ++i)
          refuse_endless(pointer + '/' + std::string(key) + '/' + std::to_string(i));
    for (const auto key : {"not", "if", "then", "else"})
      if (node.contains(key)) refuse_endless(pointer + '/' + key);
    if (const auto dependencies = node.find("dependencies"); dependencies != node.end())
      for (const auto& [name, schema] : dependencies->items())
        if (!schema.is_array()) refuse_endless(pointer + "/dependencies/" + pointer_step(name));
  }

  const json* find(const std::string& pointer) const {
    const json::json_pointer place(pointer);
    return root_.contains(place) ? &root_.at(place) : nullptr;  // propertyNames have moved
  }

  json root_;
  std::set<std::string> visited_, patterns_, under_way_, ended_;
};

}  // namespace

SchemaText checked_schema(std::string_view text) {
  if (text.size() > schema_bytes_limit)
    throw InvalidInput("it has " + std::to_string(text.size()) + " bytes; use " +
                       std::to_string(schema_bytes_limit) + " at most");
  if (const auto fault = check_json(text))
    throw InvalidInput("it is no JSON: " + fault->reason + " at byte " +
                       std::to_string(fault->offset));
  if (text.find("\\u0000") != text.npos)
    throw InvalidInput("it holds \\u0000, which would end names and patterns");
  return SchemaWalk(text).result();
}

}  // namespace annal
