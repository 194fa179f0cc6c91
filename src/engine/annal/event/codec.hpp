// Payloads: plain structs with a cereal `serialize` template, written in the layout of cereal's
// portable binary, and described field by field so that a store explains its own events.
//
//   struct Renamed {
//     std::string title;
//     std::optional<std::string> editor;
//     template <class Archive> void serialize(Archive& archive) {
//       archive(CEREAL_NVP(title), CEREAL_NVP(editor));
//     }
//   };
//   std::string bytes = annal::encode(Renamed{"Rates", "ann"});
//
// Fields may be bool, integers, float, double, std::string, Json, std::optional, std::vector,
// std::map with string keys, enumerations, and structs of these. Every field is named; no struct
// contains itself. What the JSON form could not tell apart does not compile: an optional of an
// optional, and an optional Json as an element.
//
// Source: docs/decisions/0005-payloads.md
#pragma once

#include "annal/error.hpp"
#include "annal/event/description.hpp"

#include <cereal/cereal.hpp>

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace annal {

// Bytes or text that are not a payload of the type they claim to be. The message is the path of the
// field, `items[2].title`, and what is wrong there.
class DecodeError : public Error {
 public:
  explicit DecodeError(const std::string& reason) : Error(reason), reason_(reason) {}
  DecodeError(const std::string& path, const std::string& reason)
      : Error(path + ": " + reason), path_(path), reason_(reason) {}

  const std::string& path() const { return path_; }  // empty: the payload as a whole
  const std::string& reason() const { return reason_; }

  // The same error seen from the structure, list or map around it.
  DecodeError within_field(std::string_view name) const;
  DecodeError within_element(std::size_t index) const;
  DecodeError within_key(std::string_view key) const;

 private:
  DecodeError within(std::string outer) const;

  std::string path_;
  std::string reason_;
};

namespace codec {

// Writes cereal's portable binary, little-endian: a flag byte 1, then the fields one after another;
// numbers in their width, texts and lists behind a 64-bit length.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) { out_.push_back('\1'); }

  template <class... Fields>
  void operator()(Fields&&... fields) {
    (field(fields), ...);
  }

  template <class T>
  void value(const T& v) {
    if constexpr (Number<T>) {
      raw(&v, sizeof v);
    } else if constexpr (std::is_enum_v<T>) {
      value(static_cast<std::underlying_type_t<T>>(v));
    } else if constexpr (std::is_same_v<T, std::string>) {
      text(v);
    } else if constexpr (std::is_same_v<T, Json>) {
      text(v.text);
    } else if constexpr (is_optional<T>::value) {
      value(!v.has_value());
      if (v) value(*v);
    } else if constexpr (NumberList<T>) {
      value(std::uint64_t{v.size()});
      if (!v.empty()) raw(v.data(), v.size() * sizeof v.front());
    } else if constexpr (is_list<T>::value) {
      value(std::uint64_t{v.size()});
      for (const auto& element : v) value(element);
    } else if constexpr (is_map<T>::value) {
      value(std::uint64_t{v.size()});
      for (const auto& [key, mapped] : v) {
        text(key);
        value(mapped);
      }
    } else {
      static_assert(Structure<T>, "a payload has no such field");
      const_cast<T&>(v).serialize(*this);  // serialize reads only when the archive writes
    }
  }

  void text(std::string_view v) {
    value(std::uint64_t{v.size()});
    out_.append(v);
  }

 private:
  template <class T>
  void field(const cereal::NameValuePair<T>& pair) {
    value(pair.value);
  }

  void raw(const void* bytes, std::size_t size) {
    static_assert(std::endian::native == std::endian::little,
                  "annal runs on little-endian machines");
    out_.append(static_cast<const char*>(bytes), size);
  }

  std::string& out_;
};

// Reads what Writer wrote. Lengths are checked against the bytes that are left before anything is
// allocated, so damaged bytes end in DecodeError.
class Reader {
 public:
  // Throws DecodeError if the bytes do not start with the flag of little-endian cereal.
  //   bytes   must outlive the reader
  explicit Reader(std::string_view bytes);

  template <class... Fields>
  void operator()(Fields&&... fields) {
    (field(fields), ...);
  }

  template <class T>
  void value(T& v) {
    if constexpr (std::is_same_v<T, bool>) {
      v = flag();
    } else if constexpr (Number<T>) {
      raw(&v, sizeof v);
    } else if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> number{};
      value(number);
      v = static_cast<T>(number);
    } else if constexpr (std::is_same_v<T, std::string>) {
      v = text();
    } else if constexpr (std::is_same_v<T, Json>) {
      v.text = text();
    } else if constexpr (is_optional<T>::value) {
      if (flag()) {
        v.reset();
      } else {
        value(v.emplace());
      }
    } else if constexpr (NumberList<T>) {
      v.resize(length(sizeof(typename T::value_type)));
      if (!v.empty()) raw(v.data(), v.size() * sizeof v.front());
    } else if constexpr (is_list<T>::value) {
      list(v);
    } else if constexpr (is_map<T>::value) {
      map(v);
    } else {
      static_assert(Structure<T>, "a payload has no such field");
      v.serialize(*this);
    }
  }

  // A text where it stands: valid as long as the bytes are.
  std::string_view text();
  // The number of elements that follow, of which each takes at least so many bytes.
  std::size_t length(std::size_t element_bytes = 1);
  // Throws DecodeError if bytes are left over.
  void finish() const;

 private:
  template <class T>
  void field(cereal::NameValuePair<T>& pair) {
    try {
      value(pair.value);
    } catch (const DecodeError& error) {
      throw error.within_field(pair.name);
    }
  }

  template <class T>
  void list(T& v) {
    v.clear();
    const std::size_t count = length();
    for (std::size_t i = 0; i < count; ++i) {
      try {
        typename T::value_type element{};
        value(element);
        v.push_back(std::move(element));
      } catch (const DecodeError& error) {
        throw error.within_element(i);
      }
    }
  }

  template <class T>
  void map(T& v) {
    v.clear();
    for (std::size_t left = length(sizeof(std::uint64_t)); left > 0; --left) {
      const std::string key(text());
      const auto [place, added] = v.try_emplace(key);
      if (!added) throw DecodeError("the key appears twice").within_key(key);
      try {
        value(place->second);
      } catch (const DecodeError& error) {
        throw error.within_key(key);
      }
    }
  }

  bool flag();
  void raw(void* out, std::size_t size);

  std::string_view rest_;
};

}  // namespace codec

// The payload's bytes, equal to what cereal::PortableBinaryOutputArchive writes on this machine.
template <class T>
std::string encode(const T& payload) {
  std::string bytes;
  codec::Writer writer(bytes);
  writer.value(payload);
  return bytes;
}

// Throws DecodeError, naming the field, when the bytes are not a T.
template <class T>
T decode(std::string_view bytes) {
  T payload{};
  codec::Reader reader(bytes);
  reader.value(payload);
  reader.finish();
  return payload;
}

// Any payload as JSON text, and back, with nothing but its description. Fields keep their order,
// Json fields their bytes (so the text holds line breaks where they do), an empty optional is null;
// an empty optional Json is left out, because null is a value of it. Non-finite numbers have no
// JSON: they become null, and null is refused on the way back where the field is a number.
//   throws    DecodeError if the bytes or the text do not fit the description,
//             or a text is not UTF-8
std::string payload_to_json(const FieldDescription& description, std::string_view bytes);
std::string payload_from_json(const FieldDescription& description, std::string_view json);

}  // namespace annal
