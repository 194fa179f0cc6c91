// Paths as git writes them in its streams: plain, or quoted like a C string.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace annal::interchange {

// Takes a path off the front of a text: quoted, or plain up to the first space; or, `to_the_end`,
// plain up to the text's end. What follows a quoted path stays in `text`.
//   returns   nothing if a quoted path does not end, or holds an escape there is not;
//             or it is empty
std::optional<std::string> take_git_path(std::string_view& text, bool to_the_end);

}  // namespace annal::interchange
