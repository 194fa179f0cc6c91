// `annal import`: takes over a git repository's history, or another store's log.
#include "annal/interchange/archive.hpp"
#include "annal/interchange/cloud_events.hpp"
#include "annal/interchange/git_import.hpp"
#include "annal/server/json_object.hpp"
#include "commands/command.hpp"
#include "commands/files.hpp"
#include "naming.hpp"
#include "print/progress.hpp"

#include <fstream>
#include <iostream>

namespace annal::cli {
namespace {

using interchange::ImportProgress;
using interchange::ImportReport;

struct ImportArguments {
  std::string collection, file;
  bool compress = false;
};

// Shows how far an import has come: by bytes where the file tells how many there are.
class ImportDisplay {
 public:
  //   total     bytes of the content; of a compressed one nobody knows how many there are
  ImportDisplay(std::optional<std::uint64_t> total, Output& err) : total_(total), line_(err) {}
  void operator()(const ImportProgress& progress) {
    line_.show(progress.bytes_read, total_,
               std::to_string(progress.source_commits) + " commits, " +
                   std::to_string(progress.events) + " events, " +
                   size_in_words(progress.bytes_read) + ", " + time_.rate(progress.events));
  }

 private:
  std::optional<std::uint64_t> total_;
  Stopwatch time_;
  ProgressLine line_;
};

std::string as_json(const ImportReport& report, const Stopwatch& time) {
  std::vector<std::string> skipped;
  for (const auto& file : report.skipped)
    skipped.push_back(server::JsonObject()
                          .text("commit", file.commit)
                          .text("path", file.path)
                          .text("reason", file.reason)
                          .str());
  return server::JsonObject()
      .number("source_commits", report.source_commits)
      .number("already_present", report.already_present)
      .number("commits", report.commits)
      .number("events", report.events)
      .number("clamped", report.clamped)
      .number("bytes_read", report.bytes_read)
      .number("skipped_files", report.skipped_files)
      .json("skipped", server::json_array(skipped))
      .number("head", report.head)
      .json("seconds", std::to_string(time.seconds()))
      .str();
}

void name_skipped(const ImportReport& report, Invocation& invocation) {
  for (const auto& file : report.skipped)
    invocation.note("skipped " + file.path + " at commit " + file.commit + ": " + file.reason);
  if (report.skipped_files > report.skipped.size())
    invocation.note("skipped " + std::to_string(report.skipped_files - report.skipped.size()) +
                    " more");
}

void print(const ImportReport& report, const std::string& file, const Stopwatch& time,
           Invocation& invocation) {
  if (invocation.json) return invocation.out.json(as_json(report, time));
  name_skipped(report, invocation);
  std::string line = "imported " + std::to_string(report.events) + " events of " +
                     std::to_string(report.source_commits - report.already_present) + " commits (" +
                     time.rate(report.events) + ")";
  if (report.source_commits == 0) line += ", " + name_of_input(file) + " holds none";
  if (report.already_present > 0)
    line += ", " + std::to_string(report.already_present) + " commits were there already";
  if (report.clamped > 0)
    line += ", " + std::to_string(report.clamped) + " recorded at another time than theirs";
  if (report.skipped_files > 0)
    line += ", " + std::to_string(report.skipped_files) + " files skipped";
  invocation.out.line(line + "; head @" + std::to_string(report.head.value));
}

// What was imported until the log refused is there; the code says why it refused.
ExitCode stopped(const interchange::ImportStopped& stop, Invocation& invocation) {
  invocation.complain(std::string("import: ") + stop.what());
  if (const auto* rejected = std::get_if<Rejected>(&stop.outcome)) return exit_code_of(*rejected);
  return ExitCode::outcome_unknown;
}

template <class Run>
ExitCode import(const ImportArguments& arguments, Invocation& invocation, bool is_compressed,
                Run run) try {
  InputFile file(arguments.file);
  OpenOptions open;
  open.compress = arguments.compress;
  const auto store = invocation.open_to_write(std::move(open));
  const Stopwatch time;
  const ImportReport report = [&] {
    ImportDisplay display(is_compressed ? std::nullopt : file.size(), invocation.err);
    return run(*store, file, [&](const ImportProgress& progress) { display(progress); });
  }();
  print(report, arguments.file, time, invocation);
  return ExitCode::ok;
} catch (const interchange::ImportStopped& stop) {
  return stopped(stop, invocation);
} catch (const InvalidInput& error) {
  throw InvalidInput(name_of_input(arguments.file) + ": " + error.what());
}

ExitCode import_git(const ImportArguments& arguments, Invocation& invocation) {
  check_collection(arguments.collection);
  return import(arguments, invocation, false, [&](Store& store, InputFile& file, auto progress) {
    interchange::GitImportOptions options;
    options.collection = arguments.collection;
    options.progress = progress;
    return interchange::GitImport(store, std::move(options)).run(file.stream());
  });
}

ExitCode import_jsonl(const ImportArguments& arguments, Invocation& invocation) {
  return import(arguments, invocation, false, [](Store& store, InputFile& file, auto progress) {
    return interchange::import_jsonl(store, file.stream(), {progress});
  });
}

ExitCode import_archive(const ImportArguments& arguments, Invocation& invocation) {
  return import(arguments, invocation, true, [](Store& store, InputFile& file, auto progress) {
    return interchange::import_archive(store, file.stream(), {progress});
  });
}

void add_file(CLI::App& command, Invocation& invocation, ImportArguments& arguments,
              const char* what) {
  command.add_option("FILE", arguments.file, std::string(what) + "; - for standard input")
      ->required();
  add_compress_option(command, arguments.compress);
  add_json_option(command, invocation);
}

}  // namespace

void add_import(CLI::App& program, Invocation& invocation) {
  auto& command = add_command(
      program, invocation, "import", "Import a git repository's history, or another store's log",
      "  git -C REPO fast-export --first-parent --show-original-ids HEAD |\n"
      "      annal import git --collection project -\n"
      "  annal import jsonl events.jsonl\n"
      "  annal import archive 2025.annal.zst\n"
      "An import that was interrupted goes on when it is run again.\n");
  command.require_subcommand(1);

  auto& git = add_command(command, invocation, "git",
                          "Make every path a document, every commit a point in time",
                          "  git -C REPO fast-export --first-parent --show-original-ids HEAD |\n"
                          "      annal import git --collection project -\n"
                          "  annal get 'project/README.md@commit:<sha>' --raw\n");
  auto git_arguments = std::make_shared<ImportArguments>();
  git.add_option("--collection", git_arguments->collection, "The collection the paths go to")
      ->type_name("NAME")
      ->required();
  add_file(git, invocation, *git_arguments, "The output of `git fast-export --show-original-ids`");
  runs(git, invocation, git_arguments, import_git);

  auto& jsonl =
      add_command(command, invocation, "jsonl",
                  "Append the events of an exported log, CloudEvents 1.0 line by line",
                  "  annal import jsonl events.jsonl\n"
                  "  annal --store a.db export jsonl | annal --store b.db import jsonl -\n");
  auto jsonl_arguments = std::make_shared<ImportArguments>();
  add_file(jsonl, invocation, *jsonl_arguments, "What `annal export jsonl` wrote");
  runs(jsonl, invocation, jsonl_arguments, import_jsonl);

  auto& archive = add_command(command, invocation, "archive", "Append the events of an archive",
                              "  annal import archive 2025.annal.zst\n");
  auto archive_arguments = std::make_shared<ImportArguments>();
  add_file(archive, invocation, *archive_arguments, "What `annal archive write` wrote");
  runs(archive, invocation, archive_arguments, import_archive);
}

}  // namespace annal::cli
