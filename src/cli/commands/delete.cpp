// `annal delete`: deletes a document; its history stays.
#include "commands/change.hpp"

namespace annal::cli {
namespace {

struct DeleteArguments {
  ChangeArguments change;
  std::optional<std::string> reason, editor;
};

ExitCode run_delete(const DeleteArguments& arguments, Invocation& invocation) {
  const DocumentKey key = arguments.change.key(invocation);
  const ChangeOptions options = arguments.change.options();
  const auto store = invocation.open_to_change();
  return report(store->documents().remove(key, {arguments.reason, arguments.editor}, options), key,
                arguments.change, invocation);
}

}  // namespace

void add_delete(CLI::App& program, Invocation& invocation) {
  auto& command = add_command(program, invocation, "delete", "Delete a document; its history stays",
                              "  annal delete orders/7 --reason 'cancelled' --editor ann\n"
                              "  annal get orders/7@v3     what it was before can still be read\n");
  auto arguments = std::make_shared<DeleteArguments>();
  add_change_options(command, invocation, arguments->change);
  add_expected_version(command, arguments->change);
  command.add_option("--reason", arguments->reason, "Why");
  command.add_option("--editor", arguments->editor, "Who deletes it");
  runs(command, invocation, arguments, run_delete);
}

}  // namespace annal::cli
