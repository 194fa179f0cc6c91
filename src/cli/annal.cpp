// The `annal` program: reads the arguments, runs one command, and turns whatever goes wrong into
// one line on standard error and an exit code.
#include "commands/command.hpp"

#include <clocale>
#include <iostream>

namespace annal::cli {
namespace {

constexpr const char* about =
    "An event-sourced document store: every change is kept, every past state can be read.";

constexpr const char* epilogue =
    "Names and points in time:\n"
    "  orders/7              a document, COLLECTION/ID, as it is now\n"
    "  orders/7@v5           its fifth version\n"
    "  orders/7@1234         as it was at position 1234 of the log\n"
    "  orders/7@head~3       before the newest three events\n"
    "  orders/7@2026-01-02T03:04:05Z, 'orders/7@\"2 hours ago\"', orders/7@commit:1f3a…\n"
    "  orders/7 --at POINT   the name is taken as it stands, whatever it ends in\n"
    "\n"
    "Exit codes: 0 ok, 1 not found, 2 usage, 3 conflict, 4 outcome unknown, 65 corrupt,\n"
    "73 cannot open or create, 74 input/output, 75 busy, 77 permission, 78 configuration,\n"
    "130 stopped by a signal\n";

void set_up(CLI::App& program, Invocation& invocation) {
  program.set_version_flag("--version", "annal " ANNAL_VERSION, "Print the version");
  program.set_help_flag("-h,--help", "Print this help");
  program.footer(epilogue);
  program.require_subcommand(1);
  program.get_formatter()->label("SUBCOMMAND", "COMMAND");
  add_store_option(program, invocation);
  add_put(program, invocation);
  add_get(program, invocation);
  add_patch(program, invocation);
  add_delete(program, invocation);
  add_undelete(program, invocation);
  add_purge(program, invocation);
  add_restore(program, invocation);
  add_list(program, invocation);
  add_log(program, invocation);
  add_diff(program, invocation);
  add_import(program, invocation);
  add_export(program, invocation);
  add_archive(program, invocation);
  add_backup(program, invocation);
  add_compact(program, invocation);
  add_restore_store(program, invocation);
  add_serve(program, invocation);
  add_verify(program, invocation);
  add_stats(program, invocation);
}

// The commands chosen: ` import git`.
std::string chosen(const CLI::App& app) {
  const auto commands = app.get_subcommands();
  return commands.empty() ? "" : " " + commands.front()->get_name() + chosen(*commands.front());
}

const CLI::App& deepest(const CLI::App& app) {
  const auto commands = app.get_subcommands();
  return commands.empty() ? app : deepest(*commands.front());
}

// Why the arguments cannot be read. CLI11 misses a command before it sees that one is misspelt.
std::string in_words(const CLI::App& program, const CLI::ParseError& error) {
  if (deepest(program).get_require_subcommand_min() == 0) return error.what();
  const auto surplus = program.remaining(true);
  return surplus.empty() ? "no command was given" : "there is no command " + surplus.front();
}

// Nothing if the arguments were read and a command is ready to run.
std::optional<ExitCode> parse(CLI::App& program, Invocation& invocation, int count,
                              char** arguments) {
  try {
    program.parse(count, arguments);
    return std::nullopt;
  } catch (const CLI::Success& asked) {
    std::cout << std::flush;
    program.exit(asked, std::cout, std::cerr);
    return ExitCode::ok;
  } catch (const CLI::ParseError& error) {
    const std::string command = chosen(program);
    invocation.complain((command.empty() ? "arguments" : command.substr(1)) + ": " +
                        in_words(program, error) + "; see `annal" + command + " --help`");
    return ExitCode::usage;
  }
}

std::string in_words(const std::exception& error) {
  std::string message = error.what();
  const auto* corruption = dynamic_cast<const CorruptionError*>(&error);
  if (!corruption || corruption->positions.empty()) return message;
  message += "; damaged at";
  for (const auto position : corruption->positions) message += " @" + std::to_string(position);
  return message;
}

ExitCode run(Invocation& invocation) try {
  const ExitCode code = invocation.command();
  invocation.out.flush();
  std::cout.flush();
  return code;
} catch (const std::exception& error) {
  invocation.complain(in_words(error));
  return exit_code_of(error);
}

}  // namespace
}  // namespace annal::cli

int main(int count, char** arguments) {
  using namespace annal::cli;
  std::setlocale(LC_CTYPE, "C.UTF-8");  // how wide characters are
  std::ios::sync_with_stdio(false);
  Invocation invocation;
  CLI::App program(about, "annal");
  set_up(program, invocation);
  const auto code = parse(program, invocation, count, arguments);
  return static_cast<int>(code ? *code : run(invocation));
}
