// `annal compact`: writes the store's file anew, without what it does not hold any more.
#include "annal/backup/backup.hpp"
#include "annal/server/json_object.hpp"
#include "commands/command.hpp"
#include "commands/copying.hpp"
#include "interruption.hpp"
#include "print/progress.hpp"

namespace annal::cli {
namespace {

struct CompactArguments {
  bool quick = false;
};

void print(const CompactReport& report, const Stopwatch& time, Invocation& invocation) {
  if (invocation.json)
    return invocation.out.json(server::JsonObject()
                                   .number("bytes_before", report.bytes_before)
                                   .number("bytes", report.bytes)
                                   .text("receipt", report.head.to_string())
                                   .json("seconds", std::to_string(time.seconds()))
                                   .str());
  invocation.out.line("compacted " + invocation.store_path().string() + ": " +
                      size_in_words(report.bytes_before) + " before, " +
                      size_in_words(report.bytes) + " now, in " + time.in_words() + ", receipt " +
                      report.head.to_string());
}

ExitCode run_compact(const CompactArguments& arguments, Invocation& invocation) {
  const Interruption interruption;
  const Stopwatch time;
  CompactOptions options;
  options.quick = arguments.quick;
  options.stop = interruption.token();
  const auto report = [&] {
    ProgressLine line(invocation.err);
    options.progress = [&](const BackupProgress& progress) { show(line, progress); };
    return compact(invocation.store_to_read(), options);
  }();
  if (!report) {
    invocation.complain("compact: stopped; the store is as it was");
    return ExitCode::interrupted;
  }
  print(*report, time, invocation);
  return ExitCode::ok;
}

}  // namespace

void add_compact(CLI::App& program, Invocation& invocation) {
  auto& command =
      add_command(program, invocation, "compact",
                  "Make the store's file as small as what it holds; nobody may have it open",
                  "  annal compact\n"
                  "  annal compact --quick\n"
                  "The file is made anew beside the old one, checked, and put in its place.\n");
  auto arguments = std::make_shared<CompactArguments>();
  command.add_flag("--quick", arguments->quick,
                   "Check every page of the new file, but only the newest events");
  add_json_option(command, invocation);
  runs(command, invocation, arguments, run_compact);
}

}  // namespace annal::cli
