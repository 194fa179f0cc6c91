// `annal restore`: takes a document back to what it was at a point in time, as a new version.
#include "commands/change.hpp"

namespace annal::cli {
namespace {

struct RestoreArguments {
  ChangeArguments change;
  std::optional<std::string> at, editor;
};

ExitCode run_restore(const RestoreArguments& arguments, Invocation& invocation) {
  const std::string& name = arguments.change.name;
  const auto [key, at] = document_and_point(name, arguments.at, invocation.now());
  if (!at)
    throw InvalidInput(name + ": to which point? Write " + name +
                       "@v1, or --at with a point in time");
  const ChangeOptions options = arguments.change.options();
  const auto store = invocation.open_to_change();
  const Position from = resolve(*at, store->log(), key.stream());
  const std::string& written = arguments.at ? *arguments.at : name;
  const auto outcome = store->documents().restore(key, *at, arguments.editor, options, written);
  if (std::holds_alternative<Changed>(outcome)) invocation.announce(*store, from);
  return report(outcome, key, arguments.change, invocation);
}

}  // namespace

void add_restore(CLI::App& program, Invocation& invocation) {
  auto& command =
      add_command(program, invocation, "restore",
                  "Take a document back to what it was at a point in time, as a new version",
                  "  annal restore orders/7@v2 --editor ann\n"
                  "  annal restore orders/7 --at '2 hours ago'\n");
  auto arguments = std::make_shared<RestoreArguments>();
  command
      .add_option("NAME", arguments->change.name, "The document and the point, COLLECTION/ID@POINT")
      ->required();
  command.add_option("--at", arguments->at, "The point in time; NAME is then taken as it stands")
      ->type_name("POINT");
  command.add_option("--editor", arguments->editor, "Who takes it back");
  add_expected_version(command, arguments->change);
  add_idempotency_key(command, arguments->change);
  add_json_option(command, invocation);
  runs(command, invocation, arguments, run_restore);
}

}  // namespace annal::cli
