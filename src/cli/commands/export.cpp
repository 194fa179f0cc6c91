// `annal export`: writes the log as CloudEvents.
#include "annal/interchange/cloud_events.hpp"
#include "commands/command.hpp"
#include "commands/files.hpp"
#include "naming.hpp"
#include "print/progress.hpp"

namespace annal::cli {
namespace {

struct ExportArguments {
  std::string first, second;  // a range and a file, or one of them
};

struct Wanted {
  std::optional<PointRange> range;
  std::string file = "-";
};

Wanted wanted_of(const ExportArguments& arguments, Timestamp now) {
  if (!arguments.second.empty()) return {range_of(arguments.first, now), arguments.second};
  if (arguments.first.empty()) return {};
  if (auto range = parse_range(arguments.first, now)) return {std::move(range), "-"};
  if (arguments.first.starts_with('@') && parse_point(arguments.first, now))
    throw InvalidInput(arguments.first + ": is one point; write " + arguments.first +
                       ".. for what came after it, ./" + arguments.first +
                       " for a file of that name");
  return {{}, arguments.first};
}

interchange::ExportOptions options_of(const Wanted& wanted, const EventLog& log) {
  interchange::ExportOptions options;
  if (!wanted.range) return options;
  const Position from = resolve(wanted.range->from, log), to = resolve(wanted.range->to, log);
  if (from >= to)
    throw InvalidInput("@" + std::to_string(from.value) + "..@" + std::to_string(to.value) +
                       ": there is no event in this range");
  options.from = next(from);
  options.to = to;
  return options;
}

interchange::ExportReport write(const EventLog& log, interchange::ExportOptions options,
                                OutputFile& file, const Stopwatch& time, Output& err) {
  ProgressLine line(err);
  options.progress = [&](const interchange::ExportProgress& progress) {
    const auto first = options.from.value_or(Position{1}).value;
    line.show(progress.position.value - std::min(first, progress.position.value),
              progress.last.value - std::min(first, progress.last.value),
              std::to_string(progress.events) + " events, " + time.rate(progress.events));
  };
  return interchange::export_jsonl(log, file.stream(), options);
}

ExitCode export_jsonl(const ExportArguments& arguments, Invocation& invocation) {
  const Wanted wanted = wanted_of(arguments, invocation.now());
  const auto store = invocation.open_to_read();
  const auto options = options_of(wanted, store->log());
  OutputFile file(wanted.file, invocation.store_path());
  const Stopwatch time;
  interchange::ExportReport report;
  try {
    report = write(store->log(), options, file, time, invocation.err);
  } catch (const StorageError& error) {
    if (file.stream()) throw;  // it was the store
    throw InputOutputError(name_of_output(wanted.file) + ": " + error.what());
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
  jsonl
      .add_option("RANGE", arguments->first,
                  "After A, up to and including B, whole commits; without it everything")
      ->type_name("A..B");
  jsonl.add_option("FILE", arguments->second, "Where to; standard output without it, or for -");
  runs(jsonl, invocation, arguments, export_jsonl);
}

}  // namespace annal::cli
