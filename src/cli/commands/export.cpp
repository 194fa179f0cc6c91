// `annal export`: writes the log as CloudEvents.
#include "annal/interchange/cloud_events.hpp"
#include "commands/command.hpp"
#include "commands/exporting.hpp"
#include "commands/files.hpp"

namespace annal::cli {
namespace {

interchange::ExportReport write(const EventLog& log, interchange::ExportOptions options,
                                OutputFile& file, const Stopwatch& time, Output& err) {
  ProgressLine line(err);
  options.progress = progress_on(line, options, time);
  return interchange::export_jsonl(log, file.stream(), options);
}

ExitCode export_jsonl(const ExportArguments& arguments, Invocation& invocation) {
  const ExportTarget target = target_of(arguments, invocation.now());
  const auto store = invocation.open_to_read();
  const auto options = options_of(target, store->log());
  OutputFile file(target.file, invocation.store_path());
  const Stopwatch time;
  interchange::ExportReport report;
  try {
    report = write(store->log(), options, file, time, invocation.err);
  } catch (const StorageError& error) {
    if (file.stream()) throw;  // it was the store
    throw InputOutputError(name_of_output(target.file) + ": " + error.what());
  }
  file.finish();
  invocation.note("exported " + std::to_string(report.events) + " events of " +
                  std::to_string(report.commits) + " commits, @" +
                  std::to_string(report.from.value) + " to @" + std::to_string(report.to.value) +
                  ", " + size_in_words(report.bytes_written) + " (" + time.rate(report.events) +
                  ")");
  return ExitCode::ok;
}

}  // namespace

void add_export(CLI::App& program, Invocation& invocation) {
  auto& command = add_command(program, invocation, "export", "Write the log for other programs",
                              "  annal export jsonl events.jsonl\n"
                              "  annal export jsonl @1200.. | gzip > events.jsonl.gz\n");
  command.require_subcommand(1);
  auto& jsonl =
      add_command(command, invocation, "jsonl",
                  "Write events as CloudEvents 1.0, a line each, with everything an import needs",
                  "  annal export jsonl events.jsonl\n"
                  "  annal export jsonl @1200..@head~10 events.jsonl\n"
                  "  annal export jsonl @1200.. | gzip > events.jsonl.gz\n");
  auto arguments = std::make_shared<ExportArguments>();
  add_export_arguments(jsonl, *arguments);
  runs(jsonl, invocation, arguments, export_jsonl);
}

}  // namespace annal::cli
