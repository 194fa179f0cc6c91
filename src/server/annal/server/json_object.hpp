// Writes one JSON object, member after member, so that a document's content enters the answer byte
// for byte as it was stored.
#pragma once

#include "annal/event/position.hpp"
#include "annal/time/clock.hpp"

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace annal::server {

// A JSON string; bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);
std::string json_array(const std::vector<std::string>& elements);  // each already JSON
std::string json_strings(const std::vector<std::string>& texts);

class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value) {
    return json(name, json_string(value));
  }
  // Left out when there is nothing to say.
  JsonObject& text_if_any(std::string_view name, const std::optional<std::string>& value) {
    return value ? text(name, *value) : *this;
  }
  JsonObject& text_unless_empty(std::string_view name, std::string_view value) {
    return value.empty() ? *this : text(name, value);
  }
  template <std::unsigned_integral Number>
  requires(!std::same_as<Number, bool>) JsonObject& number(std::string_view name, Number value) {
    return json(name, std::to_string(value));
  }
  JsonObject& number(std::string_view name, Position value) { return number(name, value.value); }
  JsonObject& number(std::string_view name, Version value) { return number(name, value.value); }
  JsonObject& flag(std::string_view name, bool value) {
    return json(name, value ? "true" : "false");
  }
  JsonObject& time(std::string_view name, Timestamp value) { return text(name, to_iso8601(value)); }
  // Text that is JSON already.
  JsonObject& json(std::string_view name, std::string_view value);

  JsonObject& append(const JsonObject& other);

  std::string str() const { return '{' + members_ + '}'; }

 private:
  std::string members_;
};

}  // namespace annal::server
