// Merge patches (RFC 7396) on JSON texts. Values a patch does not touch keep their bytes: key
// order, `1` and `1.0`, 64-bit integers. For the document aggregate.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace annal::document {

// What a patch asks for: views into its text, absent where it does not speak of the member.
struct PatchParts {
  std::optional<std::string> title;
  std::optional<std::string_view> content;  // JSON; `null` stands for JSON null
};

// Takes a patch apart.
//   returns   the parts, or one line saying why it is no patch of a document
std::variant<PatchParts, std::string> read_patch(std::string_view patch);

// The target after the patch, both JSON values. Objects that the patch touches are written without
// whitespace between their members.
//   returns   nothing if either text is no JSON that can be taken apart
//   cost      linear in both texts, for each level that is patched
std::optional<std::string> merge(std::string_view target, std::string_view patch);

}  // namespace annal::document
