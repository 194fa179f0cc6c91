// What git keeps as bytes, as documents and events keep it.
#pragma once

#include "annal/interchange/fast_export.hpp"
#include "annal/time/clock.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace annal::interchange {

// The JSON a file becomes: a string if it is UTF-8 without NUL,
// else `{"encoding":"base64","data":…}`.
std::string file_content(std::string_view bytes);
// `{"symlink":…}`, around the same.
std::string symlink_content(std::string_view target);

// What a content stands for: a text, a file's bytes, a symbolic link, or nothing but its JSON.
enum class ContentKind { text, binary, symlink, json };
struct ReadContent {
  ContentKind kind = ContentKind::json;
  // The text, the decoded file, the link's target, or the JSON as it is kept.
  std::string bytes;
};

// Takes back what the two above have made; everything else is JSON, also objects like theirs with
// further members or with data that is no base 64.
//   json      a checked text
ReadContent read_content(std::string_view json);

// Text that is no UTF-8 is read as ISO-8859-1, in which every byte is a character.
std::string as_utf8(std::string_view bytes);
// At most `limit` bytes of UTF-8; what is longer is cut behind a character and ends in `…`.
std::string shortened(std::string_view text, std::size_t limit);

// Times before the year 1 and after 9999 become the nearest one inside.
Timestamp to_timestamp(const GitTime& time);
std::string to_string(const GitTime& time);  // `1234567890 +0200`

}  // namespace annal::interchange
