// `annal purge`: takes what a deleted document was, for ever.
#include "commands/change.hpp"

namespace annal::cli {
namespace {

struct PurgeArguments {
  ChangeArguments change;
  std::optional<std::string> reason, editor;
};

ExitCode purge(const PurgeArguments& arguments, Invocation& invocation) {
  const DocumentKey key = arguments.change.key(invocation);
  const ChangeOptions options = arguments.change.options();
  const auto store = invocation.open_to_change();
  return report(store->documents().purge(key, {arguments.reason, arguments.editor}, options), key,
                arguments.change, invocation);
}

}  // namespace

void add_purge(CLI::App& program, Invocation& invocation) {
  auto& command = add_command(
      program, invocation, "purge", "Take for ever what a deleted document was",
      "  annal purge orders/7 --reason 'asked for by the customer' --editor ann\n"
      "  annal log orders/7     what is left: that and when it changed\n"
      "Backups, exports and archives keep what they have. `annal compact` gives back the room.\n");
  auto arguments = std::make_shared<PurgeArguments>();
  add_change_options(command, invocation, arguments->change);
  add_expected_version(command, arguments->change);
  command.add_option("--reason", arguments->reason, "Why; this is kept");
  command.add_option("--editor", arguments->editor, "Who purges it");
  runs(command, invocation, arguments, purge);
}

}  // namespace annal::cli
