#include "commands/fields.hpp"

#include "annal/error.hpp"
#include "annal/event/json.hpp"
#include "json_argument.hpp"

namespace annal::cli {
namespace {

void must_be_utf8(const std::string& what, const std::optional<std::string>& text) {
  if (text && !is_utf8(*text)) throw InvalidInput(what + ": is no UTF-8 text");
}

}  // namespace

void FieldArguments::check_texts() const {
  must_be_utf8("--title", title);
  must_be_utf8("--text", text);
  must_be_utf8("--author", author);
  must_be_utf8("--editor", editor);
}

std::optional<std::string> FieldArguments::content_json() const {
  if (content) return checked_json(read_argument(*content));
  if (text) return json_quote(*text);
  if (!text_from) return std::nullopt;
  const Given given = read_named(*text_from);
  must_be_utf8(given.origin, given.text);
  return json_quote(given.text);
}

void add_field_options(CLI::App& command, FieldArguments& arguments, const std::string& json_help) {
  command.add_option("JSON", arguments.json, json_help + "; @FILE reads a file, - standard input");
  command.add_option("--title", arguments.title, "The title");
  auto* content = command.add_option("--content", arguments.content,
                                     "The content: JSON, @FILE or - for standard input");
  auto* text = command.add_option("--text", arguments.text, "The content: this plain text");
  auto* text_from =
      command.add_option("--text-from", arguments.text_from,
                         "The content: the plain text in a file, or - for standard input");
  content->type_name("JSON")->excludes(text)->excludes(text_from);
  text->type_name("PLAIN")->excludes(text_from);
  text_from->type_name("FILE|-");
  command.add_option("--author", arguments.author, "Who writes: the author of a new document");
  command.add_option("--editor", arguments.editor, "The same, of one that is there");
}

}  // namespace annal::cli
