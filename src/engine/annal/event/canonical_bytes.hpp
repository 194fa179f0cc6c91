// The bytes a hash is made of: integers little-endian, texts behind their 32-bit length.
// Source: docs/decisions/0006-hashes.md
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace annal {

class CanonicalBytes {
 public:
  void raw(std::string_view bytes) { bytes_.append(bytes); }
  void u8(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void u32(std::size_t value) { integer(value, 4); }
  void u64(std::uint64_t value) { integer(value, 8); }
  void i64(std::int64_t value) { u64(static_cast<std::uint64_t>(value)); }
  void text(std::string_view value) {
    u32(value.size());
    raw(value);
  }
  void reserve(std::size_t size) { bytes_.reserve(size); }
  std::string_view view() const { return bytes_; }

 private:
  void integer(std::uint64_t value, int width) {
    for (int i = 0; i < width; ++i) u8(static_cast<std::uint8_t>(value >> 8 * i));
  }

  std::string bytes_;
};

template <class Array>
std::string_view view_of(const Array& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace annal
