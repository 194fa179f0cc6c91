// The runner: measures what is asked for, prints a table of ratios, writes them as JSON.
//
//   annal_bench [--only P1,P8] [--rounds 7] [--scale 1] [--folder DIR] [--json FILE]
#include "cases.hpp"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <stdexcept>

namespace annal::bench {

namespace {

struct Arguments {
  Settings settings;
  std::string only, json;
};

Arguments read_arguments(int count, char** values) {
  Arguments arguments;
  arguments.settings.folder = ".";
  for (int i = 1; i < count; i += 2) {
    const std::string option = values[i];
    if (i + 1 == count) throw std::invalid_argument(option + " needs a value");
    const char* value = values[i + 1];
    if (option == "--only")
      arguments.only = std::string(",") + value + ",";
    else if (option == "--rounds")
      arguments.settings.rounds = std::max(1, std::atoi(value));
    else if (option == "--scale")
      arguments.settings.scale = std::atof(value);
    else if (option == "--folder")
      arguments.settings.folder = value;
    else if (option == "--json")
      arguments.json = value;
    else
      throw std::invalid_argument("unknown option " + option +
                                  "; there are --only --rounds --scale --folder --json");
  }
  if (arguments.settings.scale <= 0)
    throw std::invalid_argument("--scale must be a positive number");
  return arguments;
}

void print(const Result& result) {
  std::printf("%-4s %-66s %6.2f  goal %.2f  %s\n", result.id.c_str(), result.work.c_str(),
              result.ratio, result.goal, result.ratio >= result.goal ? "reached" : "MISSED");
  for (const auto& [name, series] : {std::pair{"ours", result.ours}, std::pair{"raw ", result.raw}})
    std::printf("       %s  mean %9.2f  p50 %9.2f  p95 %9.2f  p99 %9.2f  p99.9 %9.2f µs\n", name,
                series.mean / 1000, series.median / 1000, series.p95 / 1000, series.p99 / 1000,
                series.p999 / 1000);
}

nlohmann::json to_json(const Series& series) {
  return {{"mean_ns", series.mean},
          {"p50_ns", series.median},
          {"p95_ns", series.p95},
          {"p99_ns", series.p99},
          {"p999_ns", series.p999}};
}

int run(const Arguments& arguments) {
  // A folder of its own on the disk that is measured, gone afterwards.
  std::string name = (arguments.settings.folder / "annal-bench-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr)
    throw std::runtime_error("cannot make a folder like " + name);
  Settings settings = arguments.settings;
  settings.folder = name;

  const SyncProbe before = probe_sync(settings.folder);
  std::printf("write + fdatasync of 4 KiB: p50 %.0f µs, p99 %.0f µs\n\n", before.p50, before.p99);
  std::vector<Result> results;
  const auto wanted = [&](const char* id) {
    return arguments.only.empty() ||
           arguments.only.find(',' + std::string(id) + ',') != std::string::npos;
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
  std::filesystem::remove_all(settings.folder);

  if (arguments.json.empty()) return 0;
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& result : results)
    rows.push_back({{"id", result.id},
                    {"work", result.work},
                    {"unit", result.unit},
                    {"goal", result.goal},
                    {"ratio", result.ratio},
                    {"ratios", result.ratios},
                    {"ours", to_json(result.ours)},
                    {"raw", to_json(result.raw)}});
  std::ofstream(arguments.json) << nlohmann::json{{"sync_p50_us", before.p50},
                                                  {"sync_p99_us", before.p99},
                                                  {"rounds", settings.rounds},
                                                  {"results", rows}}
                                       .dump(2)
                                << '\n';
  return 0;
}

}  // namespace

}  // namespace annal::bench

int main(int count, char** values) {
  try {
    return annal::bench::run(annal::bench::read_arguments(count, values));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "annal_bench: %s\n", error.what());
    return 2;
  }
}
