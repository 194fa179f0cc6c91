// What a document's content stands for besides its JSON: a text, a file's bytes, a symbolic link.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace annal::cli {

enum class ContentKind { text, binary, symlink, json };

struct Content {
  ContentKind kind = ContentKind::json;
  // The text's bytes, the decoded file, the link's target, or the JSON as it is kept.
  std::string bytes;
};

// A JSON string is a text, `{"encoding":"base64","data":…}` a file, `{"symlink":…}` a link,
// everything else JSON; so are those two with other members or with data that is no base64.
Content read_content(std::string_view json);

}  // namespace annal::cli
