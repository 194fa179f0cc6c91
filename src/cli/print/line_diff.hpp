// The differences between two texts, line by line, as `diff -u` writes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace annal::cli {

// Lines with their first character: ` ` on both sides, `-` before, `+` after, `@` a hunk's head,
// `\` the remark that the line above has no newline. Empty if the texts are the same.
//   cost      O((lines) × (differences)); where more than 2048 differ, what is between the common
//             beginning and the common end is shown as replaced
// Source: Myers, An O(ND) Difference Algorithm and Its Variations, 1986
std::vector<std::string> unified_diff(std::string_view before, std::string_view after,
                                      std::size_t context = 3);

}  // namespace annal::cli
