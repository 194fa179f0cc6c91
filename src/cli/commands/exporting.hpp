// What commands that write a part of the log to a file have in common.
#pragma once

#include "annal/interchange/cloud_events.hpp"
#include "annal/log/point.hpp"
#include "print/progress.hpp"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>

namespace annal::cli {

// `[A..B] [FILE]`, as they stand among the arguments.
struct ExportArguments {
  std::string first, second;  // a range and a file, or one of them
};
void add_export_arguments(CLI::App& command, ExportArguments& arguments);

struct ExportTarget {
  std::optional<PointRange> range;
  std::string file = "-";
};
// Throws InvalidInput for a lone point, which is neither a range nor meant as a file.
ExportTarget target_of(const ExportArguments& arguments, Timestamp now);

// Throws InvalidInput for a range without events.
interchange::ExportOptions options_of(const ExportTarget& target, const EventLog& log);

// Shows on the line how far an export with these options has come. All must outlive what is
// returned.
std::function<void(const interchange::ExportProgress&)> progress_on(
    ProgressLine& line, const interchange::ExportOptions& options, const Stopwatch& time);

}  // namespace annal::cli
