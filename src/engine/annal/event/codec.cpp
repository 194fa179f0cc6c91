#include "annal/event/codec.hpp"

#include "annal/event/json.hpp"

namespace annal {

DecodeError DecodeError::within(std::string outer) const {
  const bool joined = path_.empty() || path_.front() == '[';
  return {outer + (joined ? "" : ".") + path_, reason_};
}

DecodeError DecodeError::within_field(std::string_view name) const {
  return within(std::string(name));
}

DecodeError DecodeError::within_element(std::size_t index) const {
  return within('[' + std::to_string(index) + ']');
}

DecodeError DecodeError::within_key(std::string_view key) const {
  return within('[' + (is_utf8(key) ? json_quote(key) : "a key that is not UTF-8") + ']');
}

namespace codec {
namespace {

std::string count_of(std::size_t bytes) {
  return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
}

}  // namespace

Reader::Reader(std::string_view bytes) : rest_(bytes) {
  if (bytes.empty()) throw DecodeError("no payload: it has no bytes");
  if (bytes.front() != '\1')
    throw DecodeError("no little-endian cereal payload: it does not start with the byte 1");
  rest_.remove_prefix(1);
}

void Reader::raw(void* out, std::size_t size) {
  if (rest_.size() < size)
    throw DecodeError("ends too early: " + count_of(size - rest_.size()) + " missing");
  std::memcpy(out, rest_.data(), size);
  rest_.remove_prefix(size);
}

bool Reader::flag() {
  std::uint8_t byte = 0;
  raw(&byte, 1);
  if (byte > 1) throw DecodeError("neither true nor false: byte " + std::to_string(byte));
  return byte == 1;
}

std::size_t Reader::length(std::size_t element_bytes) {
  std::uint64_t count = 0;
  raw(&count, sizeof count);
  if (count > rest_.size() / element_bytes)
    throw DecodeError("claims " + std::to_string(count) + " elements with " +
                      count_of(rest_.size()) + " left");
  return count;
}

std::string_view Reader::text() {
  const auto text = rest_.substr(0, length());
  rest_.remove_prefix(text.size());
  return text;
}

void Reader::finish() const {
  if (!rest_.empty())
    throw DecodeError(count_of(rest_.size()) + " left over behind the last field");
}

}  // namespace codec
}  // namespace annal
