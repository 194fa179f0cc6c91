// The options by which `put` and `patch` are told title and content.
#pragma once

#include "commands/command.hpp"

#include <optional>
#include <string>

namespace annal::cli {

struct FieldArguments {
  std::optional<std::string> json;  // the whole as JSON, @FILE or -
  std::optional<std::string> title, content, text, text_from, author, editor;

  bool has_content() const { return content || text || text_from; }
  // The content as JSON, from whichever option gave it. Throws InvalidInput.
  std::optional<std::string> content_json() const;
  // Throws InvalidInput for an option that is no UTF-8.
  void check_texts() const;
};

void add_field_options(CLI::App& command, FieldArguments& arguments, const std::string& json_help);

}  // namespace annal::cli
