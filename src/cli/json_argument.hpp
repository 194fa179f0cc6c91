// JSON and text given to a command: as an argument, from `@FILE`, or from standard input as `-`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace annal::cli {

// More bytes than this are no document, whatever they say.
inline constexpr std::size_t argument_limit = 2 * 1024 * 1024;

// What was given, and how to name it in an error.
struct Given {
  std::string origin;
  std::string text;
};

// `-` standard input, `@FILE` the file's bytes, anything else itself.
//   throws    InputOutputError, PermissionDenied, InvalidInput beyond argument_limit
Given read_argument(const std::string& argument);
// The bytes of a file, or of standard input where the name is `-`.
Given read_named(const std::string& file);

// The text, once it has passed the check every JSON passes. Throws InvalidInput naming the offset.
std::string checked_json(const Given& given);

// A document as JSON: an object of any of these and nothing else.
struct DocumentFields {
  std::optional<std::string> title;
  std::optional<std::string> content;  // its JSON, byte for byte
  std::optional<std::string> author;
  std::optional<std::string> editor;
};
// Throws InvalidInput naming what is wrong.
DocumentFields document_fields(const Given& given);

}  // namespace annal::cli
