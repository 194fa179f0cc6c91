#include "commands/exporting.hpp"

#include "annal/error.hpp"
#include "naming.hpp"

#include <algorithm>

namespace annal::cli {

void add_export_arguments(CLI::App& command, ExportArguments& arguments) {
  command
      .add_option("RANGE", arguments.first,
                  "After A, up to and including B, whole commits; without it everything")
      ->type_name("A..B");
  command.add_option("FILE", arguments.second, "Where to; standard output without it, or for -");
}

ExportTarget target_of(const ExportArguments& arguments, Timestamp now) {
  if (!arguments.second.empty()) return {range_of(arguments.first, now), arguments.second};
  if (arguments.first.empty()) return {};
  if (auto range = parse_range(arguments.first, now)) return {std::move(range), "-"};
  if (arguments.first.starts_with('@') && parse_point(arguments.first, now))
    throw InvalidInput(arguments.first + ": is one point; write " + arguments.first +
                       ".. for what came after it, ./" + arguments.first +
                       " for a file of that name");
  return {{}, arguments.first};
}

interchange::ExportOptions options_of(const ExportTarget& target, const EventLog& log) {
  interchange::ExportOptions options;
  if (!target.range) return options;
  const Position from = resolve(target.range->from, log), to = resolve(target.range->to, log);
  if (from >= to)
    throw InvalidInput("@" + std::to_string(from.value) + "..@" + std::to_string(to.value) +
                       ": there is no event in this range");
  options.from = next(from);
  options.to = to;
  return options;
}

std::function<void(const interchange::ExportProgress&)> progress_on(
    ProgressLine& line, const interchange::ExportOptions& options, const Stopwatch& time) {
  return [&line, &options, &time](const interchange::ExportProgress& progress) {
    const auto first = options.from.value_or(Position{1}).value;
    line.show(progress.position.value - std::min(first, progress.position.value),
              progress.last.value - std::min(first, progress.last.value),
              std::to_string(progress.events) + " events, " + time.rate(progress.events));
  };
}

}  // namespace annal::cli
