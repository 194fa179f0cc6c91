// `annal patch`: changes parts of a document.
#include "annal/server/json_object.hpp"
#include "commands/change.hpp"
#include "commands/fields.hpp"
#include "json_argument.hpp"

namespace annal::cli {
namespace {

struct PatchArguments {
  ChangeArguments change;
  FieldArguments fields;
};

std::string patch_of(const PatchArguments& arguments) {
  const FieldArguments& given = arguments.fields;
  given.check_texts();
  if (given.json && (given.title || given.has_content()))
    throw InvalidInput(arguments.change.name +
                       ": give the patch as JSON or by --title, --content and --text, not both");
  if (given.json) return checked_json(read_argument(*given.json));
  server::JsonObject patch;
  if (given.title) patch.text("title", *given.title);
  if (const auto content = given.content_json()) patch.json("content", *content);
  return patch.str();
}

ExitCode run_patch(const PatchArguments& arguments, Invocation& invocation) {
  const DocumentKey key = arguments.change.key(invocation);
  const ChangeOptions options = arguments.change.options();
  const auto& editor = arguments.fields.editor ? arguments.fields.editor : arguments.fields.author;
  document::Patch command{{patch_of(arguments)}, editor};
  const auto store = invocation.open_to_change();
  return report(store->documents().patch(key, std::move(command), options), key, arguments.change,
                invocation);
}

}  // namespace

void add_patch(CLI::App& program, Invocation& invocation) {
  auto& command = add_command(
      program, invocation, "patch", "Change parts of a document by a merge patch (RFC 7396)",
      "  annal patch orders/7 '{\"content\": {\"total\": 13, \"note\": null}}' --editor bob\n"
      "  annal patch orders/7 --title 'Order seven'\n"
      "  annal patch orders/7 --content '{\"paid\": true}' --expect 4\n");
  auto arguments = std::make_shared<PatchArguments>();
  add_change_options(command, invocation, arguments->change);
  add_expected_version(command, arguments->change);
  add_field_options(command, arguments->fields,
                    "The patch, on {\"title\", \"content\"}; null removes a member");
  runs(command, invocation, arguments, run_patch);
}

}  // namespace annal::cli
