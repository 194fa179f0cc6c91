// RFC 4648's base 64, with padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace annal::interchange {

std::string to_base64(std::string_view bytes);
// Nothing unless the text is exactly what to_base64 makes of some bytes.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace annal::interchange
