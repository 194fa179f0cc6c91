#include "annal/event/description.hpp"

#include "annal/event/codec.hpp"
#include "annal/event/json.hpp"
#include "annal/event/topic.hpp"

#include <algorithm>

namespace annal {
namespace {

// One field of a description; its children follow it.
struct FieldRow {
  std::string name;
  FieldKind kind = FieldKind::structure;
  std::uint32_t children = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(name), CEREAL_NVP(kind), CEREAL_NVP(children));
  }
};

// A whole description, itself a payload.
struct FieldRows {
  std::vector<FieldRow> rows;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(rows));
  }
};

void append_rows(const FieldDescription& field, std::vector<FieldRow>& rows) {
  rows.push_back({field.name, field.kind, static_cast<std::uint32_t>(field.children.size())});
  for (const auto& child : field.children) append_rows(child, rows);
}

// True if a field of this kind may have so many children.
bool fits(FieldKind kind, std::uint32_t children) {
  switch (kind) {
    case FieldKind::structure:
      return true;
    case FieldKind::optional:
    case FieldKind::list:
    case FieldKind::map:
      return children == 1;
    default:
      return kind >= FieldKind::boolean && kind <= FieldKind::json && children == 0;
  }
}

// Why no field can be like this, `depth` others around it; nothing if one can.
std::optional<std::string> fault_in_field(const std::string& name, FieldKind kind,
                                          std::uint32_t children, std::size_t depth) {
  if (depth == description_depth_limit)
    return "nests fields deeper than " + std::to_string(description_depth_limit);
  if (!is_utf8(name)) return "has a field whose name is not UTF-8";
  if (fits(kind, children)) return std::nullopt;
  return "has a field '" + name + "' of kind " + std::to_string(static_cast<unsigned>(kind)) +
         " with " + std::to_string(children) + " children";
}

std::optional<std::string> fault_in(const FieldDescription& field, std::size_t depth) {
  const auto children = static_cast<std::uint32_t>(field.children.size());
  if (auto why = fault_in_field(field.name, field.kind, children, depth)) return why;
  for (const auto& child : field.children)
    if (auto why = fault_in(child, depth + 1)) return why;
  return std::nullopt;
}

FieldDescription take_field(const std::vector<FieldRow>& rows, std::size_t& next,
                            std::size_t depth) {
  if (next == rows.size()) throw DecodeError("a type description that ends too early");
  const FieldRow& row = rows[next++];
  if (const auto why = fault_in_field(row.name, row.kind, row.children, depth))
    throw DecodeError("a type description that " + *why +
                      "; upgrade the program if the store is newer");
  FieldDescription field{row.name, row.kind, {}};
  for (std::uint32_t i = 0; i < row.children; ++i)
    field.children.push_back(take_field(rows, next, depth + 1));
  return field;
}

}  // namespace

std::optional<std::string> fault(const TypeDescription& type) {
  const std::string name =
      "the type " + type.type + ", version " + std::to_string(type.schema_version) + ", ";
  if (!is_topic(type.type))
    return name +
           "is not named like one: write letters, digits, _ and - in segments joined by dots";
  if (type.schema_version == 0) return name + "has no version: versions begin at 1";
  const auto why = fault_in(type.fields, 0);
  return why ? std::optional(name + *why) : std::nullopt;
}

bool takes_bytes(const FieldDescription& field) {
  return field.kind != FieldKind::structure ||
         std::any_of(field.children.begin(), field.children.end(), takes_bytes);
}

void codec::Describer::check_elements(const FieldDescription& list) {
  if (!takes_bytes(list.children.front()))
    throw ConfigurationError(
        "a list of structs without fields cannot be a payload's field; give '" + list.name +
        "' elements with a field");
}

std::string encode_description(const FieldDescription& description) {
  FieldRows rows;
  append_rows(description, rows.rows);
  return encode(rows);
}

FieldDescription decode_description(std::string_view bytes) {
  const auto rows = decode<FieldRows>(bytes).rows;
  std::size_t next = 0;
  auto description = take_field(rows, next, 0);
  if (next < rows.size()) throw DecodeError("a type description with fields left over");
  return description;
}

}  // namespace annal
