#include "annal/event/description.hpp"

#include "annal/event/codec.hpp"
#include "annal/event/json.hpp"

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

FieldDescription take_field(const std::vector<FieldRow>& rows, std::size_t& next,
                            std::size_t depth) {
  if (next == rows.size()) throw DecodeError("a type description that ends too early");
  if (depth == description_depth_limit)
    throw DecodeError("a type description nested deeper than 64");
  const FieldRow& row = rows[next++];
  if (!fits(row.kind, row.children))
    throw DecodeError("a type description whose field '" + row.name + "' has kind " +
                      std::to_string(static_cast<unsigned>(row.kind)) + " and " +
                      std::to_string(row.children) +
                      " children; upgrade the program if the store is newer");
  FieldDescription field{row.name, row.kind, {}};
  if (!is_utf8(row.name)) throw DecodeError("a type description with a name that is not UTF-8");
  for (std::uint32_t i = 0; i < row.children; ++i)
    field.children.push_back(take_field(rows, next, depth + 1));
  return field;
}

}  // namespace

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
