// What a payload consists of, field by field: collected once from its names for cereal, kept in the
// store, and enough to show an event whose type the program was not compiled with.
#pragma once

#include "annal/error.hpp"

#include <cereal/cereal.hpp>

#include <bit>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace annal {

// JSON text as a field of a payload: stored byte for byte, shown as JSON and not as a quoted
// string. Whoever puts text here has checked it (annal/event/json.hpp).
struct Json {
  std::string text;
  friend bool operator==(const Json&, const Json&) = default;

  // To cereal's own archives it is a string.
  template <class Archive>
  std::string save_minimal(const Archive&) const {
    return text;
  }
  template <class Archive>
  void load_minimal(const Archive&, const std::string& value) {
    text = value;
  }
};

// What a field is. The numbers are part of the file format.
enum class FieldKind : std::uint8_t {
  boolean = 1,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float32,
  float64,
  string,
  json,
  optional,
  list,
  map,
  structure,
};

// The shape of a payload or of one of its fields. optional, list and map have one child, named "";
// a structure has one child a field, in the order they are written.
struct FieldDescription {
  std::string name;
  FieldKind kind = FieldKind::structure;
  std::vector<FieldDescription> children;
  friend bool operator==(const FieldDescription&, const FieldDescription&) = default;
};

// What a store keeps about one version of one type,
// so that programs that do not know it can show it.
struct TypeDescription {
  std::string type;
  std::uint32_t schema_version = 1;
  FieldDescription fields;
  friend bool operator==(const TypeDescription&, const TypeDescription&) = default;
};

// Fields may be nested this deep.
inline constexpr std::size_t description_depth_limit = 64;

// Why no log takes the description, as one line that names the type: a name that is no topic, a
// schema version 0, fields nested too deep, or kinds and children that do not fit. Nothing if all
// is well.
std::optional<std::string> fault(const TypeDescription& type);

// False if every value of this shape is written as no bytes at all: a structure without fields.
bool takes_bytes(const FieldDescription& field);

namespace codec {

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
template <class T>
struct is_list : std::false_type {};
template <class T>
struct is_list<std::vector<T>> : std::true_type {};
template <class T>
struct is_map : std::false_type {};
template <class T>
struct is_map<std::map<std::string, T>> : std::true_type {};

template <class T>
concept Number = std::is_arithmetic_v<T> && !std::is_same_v<T, long double>;
// What cereal writes as one block.
template <class T>
concept NumberList = is_list<T>::value && Number<typename T::value_type> &&
    !std::is_same_v<typename T::value_type, bool>;
template <class T>
concept Structure = std::is_class_v<T>;

// Collects the names and kinds of a payload's fields from a default-made value.
class Describer {
 public:
  explicit Describer(std::vector<FieldDescription>& fields) : fields_(fields) {}

  template <class... Fields>
  void operator()(Fields&&... fields) {
    (field(fields), ...);
  }

  // Throws ConfigurationError for a list whose elements have no fields.
  template <class T>
  static FieldDescription of(std::string name) {
    FieldDescription result{std::move(name), kind<T>(), {}};
    if constexpr (is_optional<T>::value) {
      static_assert(!is_optional<typename T::value_type>::value, "an optional of an optional");
      result.children.push_back(of<typename T::value_type>(""));
    } else if constexpr (is_list<T>::value) {
      static_assert(!std::is_same_v<typename T::value_type, std::optional<Json>>,
                    "a list of optional Json");
      result.children.push_back(of<typename T::value_type>(""));
      check_elements(result);
    } else if constexpr (is_map<T>::value) {
      static_assert(!std::is_same_v<typename T::mapped_type, std::optional<Json>>,
                    "a map of optional Json");
      result.children.push_back(of<typename T::mapped_type>(""));
    } else if constexpr (kind<T>() == FieldKind::structure) {
      T sample{};
      Describer describer(result.children);
      sample.serialize(describer);
    }
    return result;
  }

 private:
  template <class T>
  void field(const cereal::NameValuePair<T>& pair) {
    fields_.push_back(of<std::remove_cvref_t<T>>(pair.name));
  }

  template <class T>
  static constexpr FieldKind kind() {
    if constexpr (std::is_enum_v<T>) {
      return kind<std::underlying_type_t<T>>();
    } else if constexpr (std::is_same_v<T, bool>) {
      return FieldKind::boolean;
    } else if constexpr (std::is_same_v<T, float>) {
      return FieldKind::float32;
    } else if constexpr (std::is_same_v<T, double>) {
      return FieldKind::float64;
    } else if constexpr (std::is_integral_v<T>) {
      constexpr auto width = std::bit_width(sizeof(T)) - 1;  // 0 for 8 bits … 3 for 64
      constexpr auto first = std::is_signed_v<T> ? FieldKind::int8 : FieldKind::uint8;
      return static_cast<FieldKind>(static_cast<unsigned>(first) + static_cast<unsigned>(width));
    } else if constexpr (std::is_same_v<T, std::string>) {
      return FieldKind::string;
    } else if constexpr (std::is_same_v<T, Json>) {
      return FieldKind::json;
    } else if constexpr (is_optional<T>::value) {
      return FieldKind::optional;
    } else if constexpr (is_list<T>::value) {
      return FieldKind::list;
    } else if constexpr (is_map<T>::value) {
      return FieldKind::map;
    } else {
      static_assert(Structure<T>, "a payload has no such field");
      return FieldKind::structure;
    }
  }

  static void check_elements(const FieldDescription& list);

  std::vector<FieldDescription>& fields_;
};

}  // namespace codec

// The shape of a payload.
//   throws    ConfigurationError for a list whose elements have no fields
template <class T>
FieldDescription describe() {
  return codec::Describer::of<T>("");
}

// Descriptions as bytes, for the store's table of types.
//   throws    DecodeError if the bytes are no description, or one nested too deep
std::string encode_description(const FieldDescription& description);
FieldDescription decode_description(std::string_view bytes);

}  // namespace annal
