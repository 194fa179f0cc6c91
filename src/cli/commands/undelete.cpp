// `annal undelete`: brings a deleted document back.
#include "commands/change.hpp"

namespace annal::cli {
namespace {

struct UndeleteArguments {
  ChangeArguments change;
  std::optional<std::string> editor;
};

ExitCode run_undelete(const UndeleteArguments& arguments, Invocation& invocation) {
  const DocumentKey key = arguments.change.key(invocation);
  const ChangeOptions options = arguments.change.options();
  const auto store = invocation.open_to_change();
  return report(store->documents().undelete(key, {arguments.editor}, options), key,
                arguments.change, invocation);
}

}  // namespace

void add_undelete(CLI::App& program, Invocation& invocation) {
  auto& command =
      add_command(program, invocation, "undelete", "Bring a deleted document back as it was",
                  "  annal undelete orders/7 --editor ann\n");
  auto arguments = std::make_shared<UndeleteArguments>();
  add_change_options(command, invocation, arguments->change);
  add_expected_version(command, arguments->change);
  command.add_option("--editor", arguments->editor, "Who brings it back");
  runs(command, invocation, arguments, run_undelete);
}

}  // namespace annal::cli
