#include "annal/schema/document_check.hpp"

#include "annal/schema/place.hpp"
#include "annal/schema/texts.hpp"

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/constraints/concrete_constraints.hpp>
#include <valijson/constraints/constraint_visitor.hpp>
#include <valijson/schema.hpp>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <unordered_set>
#include <utility>

namespace annal {
namespace {

using nlohmann::json;
using valijson::Subschema;
using JsonType = valijson::constraints::TypeConstraint::JsonType;

bool is_whole(const json& value) {
  return value.is_number_integer() ||
         (value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>());
}

bool is_of(JsonType type, const json& value) {
  using Type = valijson::constraints::TypeConstraint;
  switch (type) {
    case Type::kAny:
      return true;
    case Type::kArray:
      return value.is_array();
    case Type::kBoolean:
      return value.is_boolean();
    case Type::kInteger:
      return is_whole(value);
    case Type::kNull:
      return value.is_null();
    case Type::kNumber:
      return value.is_number();
    case Type::kObject:
      return value.is_object();
    case Type::kString:
      return value.is_string();
  }
  return false;
}

std::string_view name_of(JsonType type) {
  constexpr std::string_view names[] = {"anything", "array",  "boolean", "integer",
                                        "null",     "number", "object",  "string"};
  return names[type];
}

bool is_multiple(const json& value, std::int64_t divisor) {
  if (value.is_number_unsigned())
    return value.get<std::uint64_t>() % static_cast<std::uint64_t>(divisor) == 0;
  if (value.is_number_integer()) return value.get<std::int64_t>() % divisor == 0;
  return std::fmod(value.get<double>(), static_cast<double>(divisor)) == 0;
}

// As far as the digits of a double tell.
bool is_multiple(double value, double divisor) {
  return std::abs(std::remainder(value, divisor)) <=
         4 * DBL_EPSILON * std::max(std::abs(value), divisor);
}

// 1.0 as 1, so that equal values are equal texts.
json with_whole_numbers(const json& value) {
  if (value.is_number_float() && is_whole(value) && std::abs(value.get<double>()) < 0x1p63)
    return value.get<std::int64_t>();
  if (!value.is_structured()) return value;
  json result = value;
  for (auto& part : result) part = with_whole_numbers(part);
  return result;
}

std::string shown(double number) { return with_whole_numbers(json(number)).dump(); }

class DocumentCheck final : private valijson::constraints::ConstraintVisitor {
 public:
  DocumentCheck(const valijson::Schema& schema, const Patterns& patterns, Steps& steps)
      : schema_(schema), patterns_(patterns), steps_(steps) {
    each_ = [this](const valijson::constraints::Constraint& constraint) {
      steps_.take();
      return constraint.accept(*this);
    };
  }

  std::optional<SchemaFault> fault_of(const json& document) {
    if (fits(schema_, document, Place())) return std::nullopt;
    return fault_ ? fault_ : SchemaFault{"", "does not fit"};
  }

 private:
  bool fits(const Subschema& schema, const json& value, const Place& place) {
    steps_.take();
    if (++depth_ > schema_depth_limit) throw TooDeep();
    const json* const outer_value = std::exchange(value_, &value);
    const Place* const outer_place = std::exchange(place_, &place);
    const bool result =
        schema.getAlwaysInvalid() ? fault("is not allowed") : schema.applyStrict(each_);
    value_ = outer_value;
    place_ = outer_place;
    --depth_;
    return result;
  }
  bool fits(const Subschema& schema) { return fits(schema, *value_, *place_); }

  bool member_fits(const Subschema& schema, const std::string& key, const json& value) {
    return fits(schema, value, Place{.parent = place_, .key = &key});
  }

  bool elements_fit(const Subschema& schema, std::size_t first = 0) {
    for (std::size_t index = first; index < value_->size(); ++index)
      if (!fits(schema, (*value_)[index], Place{.parent = place_, .index = index})) return false;
    return true;
  }

  // Where it is no fault if it does not.
  bool would_fit(const Subschema& schema, const json& value) {
    ++silent_;
    const bool result = fits(schema, value, *place_);
    --silent_;
    return result;
  }

  bool fault(std::string reason) {
    if (silent_ == 0)
      fault_ = SchemaFault{shortened(pointer_to(*place_)), shortened(std::move(reason))};
    return false;
  }

  template <class Name>
  bool has(const Name& name) {
    steps_.take();
    return value_->contains(std::string_view(name));
  }

  bool matches(std::string_view pattern, std::string_view text) {
    return patterns_.find(pattern)->second.found_in(text, steps_);
  }

  // How many schemas of a list would fit, but no more than matter.
  template <class Constraint>
  int fitting(const Constraint& list, int enough) {
    int count = 0;
    list.applyToSubschemas([&](unsigned, const Subschema* schema) {
      count += would_fit(*schema, *value_);
      return count < enough;
    });
    return count;
  }

  bool visit(const AllOfConstraint& constraint) override {
    bool all = true;
    constraint.applyToSubschemas(
        [&](unsigned, const Subschema* schema) { return all = fits(*schema); });
    return all;
  }

  bool visit(const AnyOfConstraint& constraint) override {
    return fitting(constraint, 1) > 0 || fault("fits none of the schemas of anyOf");
  }
  bool visit(const OneOfConstraint& constraint) override {
    const int count = fitting(constraint, 2);
    return count == 1 || fault(count == 0 ? "fits none of the schemas of oneOf"
                                          : "fits more than one of the schemas of oneOf");
  }

  bool visit(const NotConstraint& constraint) override {
    return !would_fit(*constraint.getSubschema(), *value_) || fault("fits the schema of not");
  }

  bool visit(const ConditionalConstraint& constraint) override {
    const bool condition = would_fit(*constraint.getIfSubschema(), *value_);
    const auto* then = condition ? constraint.getThenSubschema() : constraint.getElseSubschema();
    return then == nullptr || fits(*then);
  }

  bool visit(const ConstConstraint& constraint) override {
    const valijson::adapters::NlohmannJsonAdapter value(*value_);
    return constraint.getValue()->equalTo(value, true) || fault("is not the value of const");
  }

  bool visit(const EnumConstraint& constraint) override {
    const valijson::adapters::NlohmannJsonAdapter value(*value_);
    bool found = false;
    constraint.applyToValues([&](const valijson::adapters::FrozenValue& allowed) {
      steps_.take();
      return !(found = allowed.equalTo(value, true));
    });
    return found || fault("is none of the values of enum");
  }

  bool visit(const TypeConstraint& constraint) override {
    bool found = false;
    std::string names;
    constraint.applyToNamedTypes([&](JsonType type) {
      found = is_of(type, *value_);
      if (!found) names.append(names.empty() ? "" : " or ").append(name_of(type));
      return !found;
    });
    return found || fault("is no " + names);
  }

  bool visit(const FormatConstraint& constraint) override {
    return !value_->is_string() || is_of_format(constraint.getFormat(), text()) ||
           fault("is no " + constraint.getFormat());
  }

  bool visit(const PatternConstraint& constraint) override {
    if (!value_->is_string()) return true;
    const auto pattern = constraint.getPattern<std::allocator<char>>();
    return matches(pattern, text()) || fault("does not match the pattern " + pattern);
  }

  bool visit(const MaximumConstraint& constraint) override {
    if (!value_->is_number()) return true;
    const double value = value_->get<double>(), limit = constraint.getMaximum();
    const bool below = constraint.getExclusiveMaximum();
    return (below ? value < limit : value <= limit) ||
           fault((below ? "is not below " : "is above the maximum ") + shown(limit));
  }
  bool visit(const MinimumConstraint& constraint) override {
    if (!value_->is_number()) return true;
    const double value = value_->get<double>(), limit = constraint.getMinimum();
    const bool above = constraint.getExclusiveMinimum();
    return (above ? value > limit : value >= limit) ||
           fault((above ? "is not above " : "is below the minimum ") + shown(limit));
  }

  bool visit(const MultipleOfIntConstraint& constraint) override {
    return !value_->is_number() || is_multiple(*value_, constraint.getDivisor()) ||
           fault("is no multiple of " + std::to_string(constraint.getDivisor()));
  }
  bool visit(const MultipleOfDoubleConstraint& constraint) override {
    return !value_->is_number() || is_multiple(value_->get<double>(), constraint.getDivisor()) ||
           fault("is no multiple of " + shown(constraint.getDivisor()));
  }

  bool visit(const MaxLengthConstraint& constraint) override {
    return !value_->is_string() || at_most(constraint.getMaxLength(), length(), "characters");
  }
  bool visit(const MinLengthConstraint& constraint) override {
    return !value_->is_string() || at_least(constraint.getMinLength(), length(), "characters");
  }
  bool visit(const MaxItemsConstraint& constraint) override {
    return !value_->is_array() || at_most(constraint.getMaxItems(), value_->size(), "elements");
  }
  bool visit(const MinItemsConstraint& constraint) override {
    return !value_->is_array() || at_least(constraint.getMinItems(), value_->size(), "elements");
  }
  bool visit(const MaxPropertiesConstraint& constraint) override {
    return !value_->is_object() ||
           at_most(constraint.getMaxProperties(), value_->size(), "properties");
  }
  bool visit(const MinPropertiesConstraint& constraint) override {
    return !value_->is_object() ||
           at_least(constraint.getMinProperties(), value_->size(), "properties");
  }

  bool visit(const ContainsConstraint& constraint) override {
    if (!value_->is_array()) return true;
    return std::any_of(
               value_->begin(), value_->end(),
               [&](const json& each) { return would_fit(*constraint.getSubschema(), each); }) ||
           fault("holds no element that fits the schema of contains");
  }

  bool visit(const SingularItemsConstraint& constraint) override {
    return !value_->is_array() || elements_fit(*constraint.getItemsSubschema());
  }
  bool visit(const LinearItemsConstraint& constraint) override {
    if (!value_->is_array()) return true;
    bool all = true;
    constraint.applyToItemSubschemas([&](unsigned index, const Subschema* schema) {
      if (index >= value_->size()) return false;
      return all = fits(*schema, (*value_)[index], Place{.parent = place_, .index = index});
    });
    if (!all) return false;
    const std::size_t listed = constraint.getItemSubschemaCount();
    const Subschema* const further = constraint.getAdditionalItemsSubschema();
    return further ? elements_fit(*further, listed) : at_most(listed, value_->size(), "elements");
  }

  bool visit(const UniqueItemsConstraint&) override {
    if (!value_->is_array()) return true;
    std::unordered_set<std::string> seen;
    for (std::size_t index = 0; index < value_->size(); ++index) {
      std::string text = with_whole_numbers((*value_)[index]).dump();
      steps_.take(text.size());
      if (!seen.insert(std::move(text)).second)
        return fault("holds its element " + std::to_string(index) + " twice");
    }
    return true;
  }

  bool visit(const RequiredConstraint& constraint) override {
    if (!value_->is_object()) return true;
    bool all = true;
    constraint.applyToRequiredProperties([&](const auto& name) {
      return all = has(name) || fault("lacks the property " + std::string(name.c_str()));
    });
    return all;
  }

  bool visit(const DependenciesConstraint& constraint) override {
    if (!value_->is_object()) return true;
    bool all = true;
    constraint.applyToPropertyDependencies([&](const auto& name, const auto& others) {
      if (!has(name)) return true;
      for (const auto& other : others)
        all = all && (has(other) || fault("lacks the property " + std::string(other.c_str()) +
                                          ", which " + name.c_str() + " asks for"));
      return all;
    });
    if (!all) return false;
    constraint.applyToSchemaDependencies([&](const auto& name, const Subschema* schema) {
      return all = !has(name) || fits(*schema);
    });
    return all;
  }

  bool visit(const PropertyNamesConstraint& constraint) override {
    if (!value_->is_object()) return true;
    for (const auto& [key, value] : value_->items())
      if (!would_fit(*constraint.getSubschema(), json(key)))
        return fault("has a property whose name does not fit the schema of propertyNames: " + key);
    return true;
  }

  bool visit(const PropertiesConstraint& constraint) override {
    if (!value_->is_object()) return true;
    const Subschema* const further = constraint.getAdditionalPropertiesSubschema();
    std::unordered_set<std::string_view> met;
    bool all = true;
    constraint.applyToProperties([&](const auto& name, const Subschema* schema) {
      steps_.take();
      const auto member = value_->find(std::string_view(name));
      if (member == value_->end()) return true;
      if (further != schema_.emptySubschema()) met.insert(member.key());
      return all = member_fits(*schema, member.key(), *member);
    });
    if (!all) return false;
    constraint.applyToPatternProperties([&](const auto& pattern, const Subschema* schema) {
      for (auto member = value_->begin(); all && member != value_->end(); ++member) {
        if (!matches(std::string_view(pattern), member.key())) continue;
        met.insert(member.key());
        all = member_fits(*schema, member.key(), *member);
      }
      return all;
    });
    if (!all || further == schema_.emptySubschema()) return all;
    for (auto member = value_->begin(); member != value_->end(); ++member) {
      steps_.take();
      if (met.contains(member.key())) continue;
      if (further == nullptr)
        return fault("has a property that is not in the schema: " + member.key());
      if (!member_fits(*further, member.key(), *member)) return false;
    }
    return true;
  }

  bool visit(const PolyConstraint&) override { return true; }  // there are none

  const std::string& text() const { return value_->get_ref<const std::string&>(); }
  std::size_t length() const { return characters_in(text()); }

  bool at_most(std::uint64_t limit, std::size_t count, const char* of_what) {
    return count <= limit || fault("has more than " + std::to_string(limit) + ' ' + of_what);
  }
  bool at_least(std::uint64_t limit, std::size_t count, const char* of_what) {
    return count >= limit || fault("has fewer than " + std::to_string(limit) + ' ' + of_what);
  }

  const valijson::Schema& schema_;
  const Patterns& patterns_;
  Steps& steps_;
  Subschema::ApplyFunction each_;
  const json* value_ = nullptr;
  const Place* place_ = nullptr;
  unsigned depth_ = 0;
  unsigned silent_ = 0;
  std::optional<SchemaFault> fault_;
};

}  // namespace

std::optional<SchemaFault> check_document(const valijson::Schema& schema, const Patterns& patterns,
                                          std::string_view document, Steps& steps) {
  return DocumentCheck(schema, patterns, steps).fault_of(json::parse(document));
}

}  // namespace annal
