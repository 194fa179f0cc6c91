#include "annal/server/json_object.hpp"

#include "annal/event/json.hpp"

namespace annal::server {

namespace {

// The longest well-formed start of the text that ends on a character's boundary.
std::size_t valid_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size()) {
    std::size_t size = 1;
    while (size <= 4 && !is_utf8(text.substr(length, size))) ++size;
    if (size > 4 || length + size > text.size()) break;
    length += size;
  }
  return length;
}

std::string made_valid(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    const std::size_t good = valid_length(text);
    valid += text.substr(0, good);
    text.remove_prefix(good);
    if (text.empty()) break;
    valid += "\xEF\xBF\xBD";
    text.remove_prefix(1);
  }
  return valid;
}

}  // namespace

std::string json_string(std::string_view text) {
  return is_utf8(text) ? json_quote(text) : json_quote(made_valid(text));
}

std::string json_array(const std::vector<std::string>& elements) {
  std::string array = "[";
  for (const auto& element : elements) {
    if (array.size() > 1) array += ',';
    array += element;
  }
  return array += ']';
}

std::string json_strings(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const auto& text : texts) quoted.push_back(json_string(text));
  return json_array(quoted);
}

JsonObject& JsonObject::json(std::string_view name, std::string_view value) {
  if (!members_.empty()) members_ += ',';
  members_ += json_string(name);
  members_ += ':';
  members_ += value;
  return *this;
}

JsonObject& JsonObject::append(const JsonObject& other) {
  if (!members_.empty() && !other.members_.empty()) members_ += ',';
  members_ += other.members_;
  return *this;
}

}  // namespace annal::server
