// `annal backup`: copies a store to another file, while others write to it.
#include "annal/backup/backup.hpp"

#include "annal/server/json_object.hpp"
#include "commands/command.hpp"
#include "commands/copying.hpp"
#include "interruption.hpp"
#include "print/progress.hpp"

namespace annal::cli {
namespace {

struct BackupArguments {
  std::string target;
  bool replace = false, quick = false;
  std::uint64_t rate = 0;
};

void print(const BackupReport& report, const BackupArguments& arguments, const Stopwatch& time,
           Invocation& invocation) {
  if (invocation.json)
    return invocation.out.json(server::JsonObject()
                                   .text("target", arguments.target)
                                   .number("head", report.head.position)
                                   .text("receipt", report.head.to_string())
                                   .number("bytes", report.bytes)
                                   .text("checked", arguments.quick ? "newest" : "everything")
                                   .json("seconds", std::to_string(time.seconds()))
                                   .str());
  invocation.out.line("backed up " + std::to_string(report.head.position.value) + " events to " +
                      arguments.target + ", " + size_in_words(report.bytes) + ", " +
                      (arguments.quick ? "its newest events" : "all of it") + " checked, in " +
                      time.in_words() + ", receipt " + report.head.to_string());
}

ExitCode backup(const BackupArguments& arguments, Invocation& invocation) {
  const Interruption interruption;
  const Stopwatch time;
  BackupOptions options;
  options.replace = arguments.replace;
  options.quick = arguments.quick;
  options.bytes_per_second = arguments.rate;
  options.stop = interruption.token();
  const auto report = [&] {
    ProgressLine line(invocation.err);
    options.progress = [&](const BackupProgress& progress) { show(line, progress); };
    return back_up(invocation.store_to_read(), arguments.target, options);
  }();
  if (!report) {
    invocation.complain("backup: stopped; nothing is left at " + arguments.target);
    return ExitCode::interrupted;
  }
  print(*report, arguments, time, invocation);
  return ExitCode::ok;
}

}  // namespace

void add_backup(CLI::App& program, Invocation& invocation) {
  auto& command = add_command(
      program, invocation, "backup", "Copy the store to another file, while others write to it",
      "  annal backup /backups/orders.db\n"
      "  annal backup /backups/orders.db --replace --rate 20M\n"
      "The copy is a store itself: `annal --store /backups/orders.db verify`,\n"
      "`annal --store new.db restore-store /backups/orders.db`.\n");
  auto arguments = std::make_shared<BackupArguments>();
  command.add_option("TARGET", arguments->target, "The file to write")->required();
  command.add_flag("--replace", arguments->replace,
                   "Put it in the place of a store that is at TARGET, once it is whole");
  command.add_flag("--quick", arguments->quick,
                   "Check every page of the copy, but only the newest events");
  command
      .add_option("--rate", arguments->rate,
                  "Copy at most so many bytes a second: 500000, 20M; the write-ahead log grows by "
                  "what is written meanwhile")
      ->type_name("BYTES")
      ->transform(CLI::AsSizeValue(false));
  add_json_option(command, invocation);
  runs(command, invocation, arguments, backup);
}

}  // namespace annal::cli
