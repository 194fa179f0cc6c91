// How a command is made: its name, help and options,
// and the function that runs once all arguments are read.
#pragma once

#include "invocation.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace annal::cli {

// A command with --store and --help, its examples below its options.
CLI::App& add_command(CLI::App& program, Invocation& invocation, const std::string& name,
                      const std::string& description, const std::string& examples);
void add_json_option(CLI::App& command, Invocation& invocation);
void add_compress_option(CLI::App& command, bool& compress);  // `compress` outlives the command
void add_store_option(CLI::App& app, Invocation& invocation);

// True if the collection has a document, or had one that is deleted.
bool ever_existed(Store& store, const std::string& collection);

// The command runs `run(arguments, invocation)` if it is the one chosen.
template <class Arguments>
void runs(CLI::App& command, Invocation& invocation, std::shared_ptr<Arguments> arguments,
          ExitCode (*run)(const Arguments&, Invocation&)) {
  command.callback([&invocation, arguments, run] {
    invocation.command = [&invocation, arguments, run] { return run(*arguments, invocation); };
  });
}

// Every command, one file each.
void add_put(CLI::App& program, Invocation& invocation);
void add_get(CLI::App& program, Invocation& invocation);
void add_patch(CLI::App& program, Invocation& invocation);
void add_delete(CLI::App& program, Invocation& invocation);
void add_undelete(CLI::App& program, Invocation& invocation);
void add_purge(CLI::App& program, Invocation& invocation);
void add_restore(CLI::App& program, Invocation& invocation);
void add_list(CLI::App& program, Invocation& invocation);
void add_log(CLI::App& program, Invocation& invocation);
void add_diff(CLI::App& program, Invocation& invocation);
void add_import(CLI::App& program, Invocation& invocation);
void add_export(CLI::App& program, Invocation& invocation);
void add_archive(CLI::App& program, Invocation& invocation);
void add_backup(CLI::App& program, Invocation& invocation);
void add_compact(CLI::App& program, Invocation& invocation);
void add_restore_store(CLI::App& program, Invocation& invocation);
void add_serve(CLI::App& program, Invocation& invocation);
void add_verify(CLI::App& program, Invocation& invocation);
void add_stats(CLI::App& program, Invocation& invocation);

}  // namespace annal::cli
