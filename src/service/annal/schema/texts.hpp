// What checks of schemas and documents say about texts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace annal {

// Unicode's characters.
//   utf8      valid
std::size_t characters_in(std::string_view utf8);

// Whether a text is what a `format` of draft 7 names: `date-time`, `date` or `time`, as RFC 3339
// has them, without leap seconds. Every text is of any other format.
bool is_of_format(std::string_view format, const std::string& text);

// A key as a step of a JSON pointer, without the `/` before it.
//   Source: RFC 6901
std::string pointer_step(std::string_view key);

// The text, or its first 240 bytes and a mark that something is left out.
std::string shortened(std::string text);

}  // namespace annal
