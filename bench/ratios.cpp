// The runner: measures what is asked for, prints a table of ratios, writes them as JSON.
//
//   annal_bench [--only P1,P8] [--rounds 7] [--scale 1] [--folder DIR] [--json FILE]
#include "cases.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <stdexcept>

namespace annal::bench {

namespace {

struct Arguments {
  Settings settings;
  std::vector<std::string> only;
  std::string json;
};

void print(const Result& result) {
  std::printf("%-4s %-66s %6.2f  goal %.2f  %s\n", result.id.c_str(), result.work.c_str(),
              result.ratio, result.goal, result.ratio >= result.goal ? "reached" : "MISSED");
  for (const auto& [name, series] : {std::pair{"ours", result.ours}, std::pair{"raw ", result.raw}})
    std::printf("       %s  mean %9.2f  p50 %9.2f  p95 %9.2f  p99 %9.2f  p99.9 %9.2f µs\n", name,
                series.mean / 1000, series.median / 1000, series.p95 / 1000, series.p99 / 1000,
                series.p999 / 1000);
  if (result.commits_a_sync > 0)
    std::printf("       commits per fsync %.2f\n", result.commits_a_sync);
}

nlohmann::json to_json(const Series& series) {
  return {{"mean_ns", series.mean},
          {"p50_ns", series.median},
          {"p95_ns", series.p95},
          {"p99_ns", series.p99},
          {"p999_ns", series.p999}};
}

// A folder of its own on the disk that is measured, gone afterwards.
class Folder {
 public:
  explicit Folder(const std::filesystem::path& in) : name_((in / "annal-bench-XXXXXX").string()) {
    if (mkdtemp(name_.data()) == nullptr)
      throw std::runtime_error("cannot make a folder like " + name_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(name_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

// Before anything is measured, so that nothing is measured in vain.
std::ofstream opened(const std::string& file) {
  std::ofstream out;
  if (!file.empty()) out.open(file);
  if (!out) throw std::runtime_error("cannot write " + file);
  return out;
}

int run(const Arguments& arguments) {
  std::ofstream out = opened(arguments.json);
  const Folder folder(arguments.settings.folder);
  Settings settings = arguments.settings;
  settings.folder = folder.name();

  const SyncProbe before = probe_sync(settings.folder);
  std::printf("write + fdatasync of 4 KiB: p50 %.0f µs, p99 %.0f µs\n\n", before.p50, before.p99);
  std::vector<Result> results;
  const auto wanted = [&](const char* id) {
    return arguments.only.empty() ||
           std::find(arguments.only.begin(), arguments.only.end(), id) != arguments.only.end();
  };
  const auto take = [&](std::vector<Result> more) {
    for (auto& result : more) {
      print(result);
      results.push_back(std::move(result));
    }
  };
  if (wanted("P1")) take({append_one(settings)});
  if (wanted("P1d")) take({put_one_document(settings)});
  if (wanted("P8")) take(get_one_document(settings));
  const SyncProbe after = probe_sync(settings.folder);
  std::printf("\nwrite + fdatasync afterwards: p50 %.0f µs, p99 %.0f µs\n", after.p50, after.p99);

  if (arguments.json.empty()) return 0;
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& result : results)
    rows.push_back({{"id", result.id},
                    {"work", result.work},
                    {"unit", result.unit},
                    {"goal", result.goal},
                    {"ratio", result.ratio},
                    {"ratios", result.ratios},
                    {"commits_a_sync", result.commits_a_sync},
                    {"ours", to_json(result.ours)},
                    {"raw", to_json(result.raw)}});
  const nlohmann::json all{{"sync_p50_us", before.p50},
                           {"sync_p99_us", before.p99},
                           {"rounds", settings.rounds},
                           {"results", rows}};
  if (!(out << all.dump(2) << std::endl))
    throw std::runtime_error("cannot write " + arguments.json);
  return 0;
}

}  // namespace

}  // namespace annal::bench

int main(int count, char** values) {
  using namespace annal::bench;
  Arguments arguments;
  arguments.settings.folder = ".";
  CLI::App program("How fast annal is beside hand-written loops on SQLite, as ratios",
                   "annal_bench");
  program.add_option("--only", arguments.only, "The rows to measure: P1, P1d, P8")
      ->delimiter(',')
      ->check(CLI::IsMember({"P1", "P1d", "P8"}));
  program
      .add_option("--rounds", arguments.settings.rounds, "Pairs of measurements; the median counts")
      ->check(CLI::Range(1, 1000));
  program.add_option("--scale", arguments.settings.scale, "Times the operations of a round")
      ->check(CLI::PositiveNumber);
  program.add_option("--folder", arguments.settings.folder, "Where on the disk to be measured")
      ->check(CLI::ExistingDirectory);
  program.add_option("--json", arguments.json, "Also writes the figures to this file");
  CLI11_PARSE(program, count, values);
  try {
    return run(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "annal_bench: %s\n", error.what());
    return 1;
  }
}
