// JSON as text: the one check every JSON text passes before annal stores it or builds a tree from
// it, and the means to take a checked text apart without losing a byte of it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace annal {

// Why a text is refused and the byte it was noticed at, from 0.
struct JsonFault {
  std::size_t offset = 0;
  std::string reason;
};

// Objects and arrays may be nested this deep.
inline constexpr std::size_t json_depth_limit = 64;

// Nothing if the text is one JSON value annal can keep: valid UTF-8 without a byte order mark, no
// object with the same key twice, nested no deeper than the limit, every integer within 64 bits and
// every other number finite as a double. Otherwise the first fault.
//   cost      one pass without building a tree; an object's keys are held while it is open
//   threads   any number of callers
// Source: RFC 8259; docs/decisions/0005-payloads.md
std::optional<JsonFault> check_json(std::string_view text,
                                    std::size_t depth_limit = json_depth_limit);

// The text as a JSON string, quotes included. The text must be valid UTF-8.
std::string json_quote(std::string_view text);

// What a JSON string, quotes included, stands for.
//   string    a checked text
std::string json_unquote(std::string_view string);

// A member of an object: its key without quotes and escapes; its value as everything between the
// `:` and the `,` or `}` after it, white space included.
struct JsonMember {
  std::string key;
  std::string_view value;
  friend bool operator==(const JsonMember&, const JsonMember&) = default;
};

// The members of an object, and the elements of an array, in their order and with their own bytes.
//   text      a checked text that is an object (an array), white space around it allowed; anything
//             else has no members (no elements). The views point into it.
//   cost      one pass
std::vector<JsonMember> json_members(std::string_view text);
std::vector<std::string_view> json_elements(std::string_view text);

// The text without JSON's white space at its ends.
std::string_view json_trimmed(std::string_view text);

// True if the bytes are well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view bytes);

}  // namespace annal
