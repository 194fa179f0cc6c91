// `annal restore-store`: makes a new store of a backup, as it was at a point in time.
#include "annal/backup/backup.hpp"
#include "annal/server/json_object.hpp"
#include "commands/command.hpp"
#include "commands/copying.hpp"
#include "interruption.hpp"
#include "naming.hpp"

namespace annal::cli {
namespace {

struct RestoreStoreArguments {
  std::string backup;
  std::optional<std::string> at;
};

std::string as_json(const RestoreReport& report, const Stopwatch& time) {
  std::vector<std::string> subscriptions;
  for (const auto& each : report.subscriptions)
    subscriptions.push_back(
        server::JsonObject().text("name", each.name).number("was", each.was).str());
  return server::JsonObject()
      .number("head", report.head.position)
      .text("receipt", report.head.to_string())
      .number("bytes", report.bytes)
      .json("subscriptions", server::json_array(subscriptions))
      .json("sources", server::json_strings(report.sources))
      .json("spaces", server::json_strings(report.spaces))
      .json("seconds", std::to_string(time.seconds()))
      .str();
}

// What is not as it was at that point, or was not to be had.
void name_consequences(const RestoreReport& report, Invocation& invocation) {
  for (const auto& each : report.subscriptions)
    invocation.note("the subscription " + each.name + " had read up to @" +
                    std::to_string(each.was.value) + "; it goes on behind @" +
                    std::to_string(report.head.position.value) +
                    ", and what it did for the events between is done");
  for (const auto& source : report.sources)
    invocation.note("the source " + source +
                    " was processed further than this; how far it was then is not known, so it "
                    "begins anew");
  for (const auto& space : report.spaces)
    invocation.note("the records \"" + space +
                    "\" are derived by another program, which has to make them anew");
}

ExitCode restore_store(const RestoreStoreArguments& arguments, Invocation& invocation) {
  const Interruption interruption;
  const Stopwatch time;
  RestoreOptions options;
  if (arguments.at) options.at = point_of(*arguments.at, invocation.now());
  options.stop = interruption.token();
  must_exist(arguments.backup);
  const std::string store = invocation.store_path().string();
  const auto report = [&] {
    ProgressLine line(invocation.err);
    options.progress = [&](const BackupProgress& progress) { show(line, progress); };
    return annal::restore_store(arguments.backup, store, options);
  }();
  if (!report) {
    invocation.complain("restore-store: stopped; nothing is left at " + store);
    return ExitCode::interrupted;
  }
  name_consequences(*report, invocation);
  if (invocation.json)
    invocation.out.json(as_json(*report, time));
  else
    invocation.out.line("restored " + std::to_string(report->head.position.value) + " events to " +
                        store + ", " + size_in_words(report->bytes) + ", all of it checked, in " +
                        time.in_words() + ", receipt " + report->head.to_string());
  return ExitCode::ok;
}

}  // namespace

void add_restore_store(CLI::App& program, Invocation& invocation) {
  auto& command =
      add_command(program, invocation, "restore-store",
                  "Make a new store of a backup, as a whole or as it was at a point in time",
                  "  annal --store new.db restore-store /backups/orders.db\n"
                  "  annal --store new.db restore-store /backups/orders.db --at '2 hours ago'\n"
                  "`annal restore` takes a single document back.\n");
  auto arguments = std::make_shared<RestoreStoreArguments>();
  command.add_option("BACKUP", arguments->backup, "What `annal backup` wrote, or any other store")
      ->required();
  command
      .add_option("--at", arguments->at,
                  "The point in time up to which events are restored; without it all of them")
      ->type_name("POINT");
  add_json_option(command, invocation);
  runs(command, invocation, arguments, restore_store);
}

}  // namespace annal::cli
