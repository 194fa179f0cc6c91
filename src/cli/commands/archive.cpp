// `annal archive`: puts a part of the log away in a compressed file, and looks into such files.
#include "annal/interchange/archive.hpp"

#include "annal/log/receipt.hpp"
#include "annal/server/routes/event_json.hpp"
#include "commands/command.hpp"
#include "commands/exporting.hpp"
#include "commands/files.hpp"
#include "interruption.hpp"
#include "print/event_text.hpp"
#include "print/json_text.hpp"
#include "print/progress.hpp"

#include <filesystem>

namespace annal::cli {
namespace {

using interchange::ArchiveHeader;
using interchange::ArchiveReader;

struct ArchiveWriteArguments {
  ExportArguments target;
  bool purge = false;
};
struct ArchiveShowArguments {
  std::string file;
  bool oneline = false;
};
struct ArchiveVerifyArguments {
  std::vector<std::string> files;
};

server::JsonObject header_json(const ArchiveHeader& header) {
  return server::JsonObject()
      .number("from", header.from)
      .number("to", header.to)
      .number("events", header.events())
      .time("since", header.since)
      .time("until", header.until)
      .text("previous", header.previous.to_hex())
      .text("receipt", Receipt{header.to, header.last}.to_string());
}

std::string in_words(const ArchiveHeader& header) {
  return std::to_string(header.events()) + " events, @" + std::to_string(header.from.value) +
         " to @" + std::to_string(header.to.value) + ", recorded " + to_iso8601(header.since) +
         " to " + to_iso8601(header.until) + ", receipt " +
         Receipt{header.to, header.last}.to_string();
}

// Calls `use` with an open archive; what is wrong with it is told with its name.
template <class Use>
void reading(const std::string& name, Use use) try {
  InputFile file(name);
  ArchiveReader archive(file.stream());
  use(archive);
} catch (const InvalidInput& error) {
  throw DamagedFile(name_of_input(name) + ": " + error.what());
}

struct CheckedArchive {
  ArchiveHeader header;
  std::uint64_t stubs = 0;  // events whose data was purged before they were archived
};

// Reads all of it, which holds every event and commit to its hash.
CheckedArchive checked(const std::string& name, Output& err) {
  CheckedArchive found;
  reading(name, [&](ArchiveReader& archive) {
    ProgressLine line(err);
    found.header = archive.header();
    std::uint64_t done = 0;
    while (const auto events = archive.next()) {
      done += events->size();
      for (const auto& event : *events) found.stubs += event.purged ? 1 : 0;
      line.show(done, found.header.events(), "checking " + name);
    }
  });
  return found;
}

ArchiveHeader write_to(const EventLog& log, interchange::ExportOptions options, OutputFile& file,
                       const std::string& name, const Stopwatch& time, Output& err) try {
  ProgressLine line(err);
  options.progress = progress_on(line, options, time);
  return interchange::write_archive(log, file.stream(), options);
} catch (const StorageError& error) {
  if (file.stream()) throw;  // it was the store
  throw InputOutputError(name_of_output(name) + ": " + error.what());
}

ArchiveHeader write_archive_to(const ExportTarget& target, Invocation& invocation) {
  const auto store = invocation.open_to_read();
  const auto options = options_of(target, store->log());
  OutputFile file(target.file, invocation.store_path());
  const Stopwatch time;
  const auto header = write_to(store->log(), options, file, target.file, time, invocation.err);
  file.finish();
  invocation.note("archived " + in_words(header) + " (" + time.rate(header.events()) + ")");
  return header;
}

// What is archived is looked at once more before anything of it goes.
ExitCode purge_archived(const ArchiveHeader& header, const std::string& file,
                        Invocation& invocation) {
  if (checked(file, invocation.err).header != header)
    throw DamagedFile(name_of_input(file) + ": holds another part of the log; nothing was purged");
  const Interruption interruption;
  const auto store = invocation.open_to_change();
  const SupersededVersions purged = [&] {
    ProgressLine line(invocation.err);
    SupersededRequest request;
    request.from = header.from;
    request.to = header.to;
    request.stop = interruption.token();
    request.progress = [&](std::uint64_t done, std::uint64_t all) {
      line.show(done, all, "purging, document " + std::to_string(done));
    };
    return store->documents().purge_superseded(request);
  }();
  invocation.note("purged versions: " + std::to_string(purged.versions) +
                  ", of documents: " + std::to_string(purged.documents) + ", " +
                  size_in_words(purged.bytes) + "; `annal compact` gives back the room");
  if (!purged.stopped) return ExitCode::ok;
  invocation.complain("archive write: stopped; the archive is whole, and the rest is still there");
  return ExitCode::interrupted;
}

ExitCode write(const ArchiveWriteArguments& arguments, Invocation& invocation) {
  const ExportTarget target = target_of(arguments.target, invocation.now());
  if (target.file == "-" && invocation.out.is_terminal())
    throw InvalidInput("archive write: an archive is nothing for a terminal; name a file");
  if (target.file == "-" && arguments.purge)
    throw InvalidInput("archive write: what is purged must be in a file first; name one");
  // An archive that is written again holds stubs where the first one holds what was purged.
  if (arguments.purge && std::filesystem::exists(target.file))
    throw InvalidInput(target.file +
                       " exists already, and may be the only place where something purged still "
                       "is: name another file");
  const auto header = write_archive_to(target, invocation);
  return arguments.purge ? purge_archived(header, target.file, invocation) : ExitCode::ok;
}

void print_json(ArchiveReader& archive, Output& out) {
  const std::string header = header_json(archive.header()).str();
  out.write(header.substr(0, header.size() - 1) + ",\"list\":[");
  const char* separator = "\n";
  while (const auto events = archive.next())
    for (const auto& event : *events) {
      out.write(separator +
                out.shown(json_on_one_line(server::event_json(event, archive.types()))));
      separator = ",\n";
    }
  out.write("\n]}\n");
}

ExitCode show_archive(const ArchiveShowArguments& arguments, Invocation& invocation) {
  reading(arguments.file, [&](ArchiveReader& archive) {
    if (invocation.json) return print_json(archive, invocation.out);
    invocation.note(in_words(archive.header()));
    const auto print = arguments.oneline ? event_line : event_block;
    while (const auto events = archive.next())
      for (const auto& event : *events)
        invocation.out.write(print(event, archive.types(), invocation.out));
  });
  return ExitCode::ok;
}

void require_to_follow(const ArchiveHeader& before, const ArchiveHeader& header,
                       const std::string& name) {
  if (header.from == next(before.to) && header.previous == before.last) return;
  throw DamagedFile(name + ": does not go on where the archive before it ends, with " +
                    Receipt{before.to, before.last}.to_string());
}

ExitCode verify_archives(const ArchiveVerifyArguments& arguments, Invocation& invocation) {
  std::optional<ArchiveHeader> before;
  std::vector<std::string> found;
  for (const auto& name : arguments.files) {
    const auto [header, stubs] = checked(name, invocation.err);
    if (before) require_to_follow(*before, header, name);
    before = header;
    found.push_back(server::JsonObject()
                        .text("file", name)
                        .append(header_json(header))
                        .number("purged", stubs)
                        .str());
    const std::string purged = stubs ? ", " + std::to_string(stubs) + " of them purged before" : "";
    if (!invocation.json) invocation.out.line("sound: " + name + ", " + in_words(header) + purged);
  }
  if (invocation.json) invocation.out.json(server::json_array(found));
  return ExitCode::ok;
}

void add_write(CLI::App& archive, Invocation& invocation) {
  auto& command = add_command(
      archive, invocation, "write", "Write a part of the log to an archive",
      "  annal archive write ..2026-01-01 2025.annal.zst\n"
      "  annal archive write @1000..@2000 second.annal.zst     what followed the first 1000\n"
      "  annal archive write ..2026-01-01 2025.annal.zst --purge\n"
      "The store keeps the events, unless they are to be purged: then it keeps what documents\n"
      "were at the end of the range, and not every step there.\n");
  auto arguments = std::make_shared<ArchiveWriteArguments>();
  add_export_arguments(command, arguments->target);
  command.add_flag("--purge", arguments->purge,
                   "Then purge the versions of documents that later ones in it make superfluous");
  runs(command, invocation, arguments, write);
}

void add_show(CLI::App& archive, Invocation& invocation) {
  auto& command = add_command(archive, invocation, "show", "Show the events of an archive",
                              "  annal archive show 2025.annal.zst --oneline\n"
                              "  annal archive show 2025.annal.zst --json\n");
  auto arguments = std::make_shared<ArchiveShowArguments>();
  command.add_option("FILE", arguments->file, "The archive; - for standard input")->required();
  auto* oneline = command.add_flag("--oneline", arguments->oneline, "One line an event");
  add_json_option(command, invocation);
  command.get_option("--json")->excludes(oneline);
  runs(command, invocation, arguments, show_archive);
}

void add_check(CLI::App& archive, Invocation& invocation) {
  auto& command =
      add_command(archive, invocation, "verify",
                  "Hold every event of archives to its hash, and each archive to the one before it",
                  "  annal archive verify 2025.annal.zst\n"
                  "  annal archive verify 2024.annal.zst 2025.annal.zst\n");
  auto arguments = std::make_shared<ArchiveVerifyArguments>();
  command.add_option("FILE", arguments->files, "Archives of one log, the oldest first")->required();
  add_json_option(command, invocation);
  runs(command, invocation, arguments, verify_archives);
}

}  // namespace

void add_archive(CLI::App& program, Invocation& invocation) {
  auto& command = add_command(program, invocation, "archive",
                              "Put a part of the log away in a file, and look into such files",
                              "  annal archive write ..2026-01-01 2025.annal.zst\n"
                              "  annal archive show 2025.annal.zst --oneline\n"
                              "  annal archive verify 2025.annal.zst\n"
                              "  annal --store new.db import archive 2025.annal.zst\n");
  command.require_subcommand(1);
  add_write(command, invocation);
  add_show(command, invocation);
  add_check(command, invocation);
}

}  // namespace annal::cli
