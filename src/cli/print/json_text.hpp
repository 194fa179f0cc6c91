// JSON laid out for people.
#pragma once

#include <string>
#include <string_view>

namespace annal::cli {

// A JSON text with two spaces an indentation level;
// numbers, strings and the order of keys stay as they are.
std::string indent_json(std::string_view text);

// A JSON text with spaces for the line breaks and tabs between its tokens: strings hold none.
std::string json_on_one_line(std::string_view text);

}  // namespace annal::cli
