// Makes text harmless to a terminal, and knows how wide it is there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace annal::cli {

enum class Lines { kept, escaped };  // newlines and tabs

// Control characters and those that turn the direction of text become `\u001b`,
// bytes that are no UTF-8 `\xff`. JSON stays the same JSON.
std::string escape_controls(std::string_view text, Lines lines);

// Columns the text takes on a terminal.
std::size_t display_width(std::string_view text);

// The text cut to so many columns, its last one `…` where something was cut off.
std::string cut_to_width(std::string_view text, std::size_t columns);

}  // namespace annal::cli
