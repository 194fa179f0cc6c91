// The runner: measures what is asked for, prints a table of ratios, writes them as JSON.
//
//   annal_bench [--only P1,P8] [--rounds 7] [--portion 1] [--folder DIR] [--json FILE]
//   annal_bench --scale 10k,1M,10M [--portion 1] [--folder DIR] [--json FILE]
#include "cases.hpp"
#include "report.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <stdexcept>

namespace annal::bench {

namespace {

struct Arguments {
  Settings settings;
  std::vector<std::string> only;
  std::vector<int> sizes;
  std::string json;
  std::filesystem::path crash;
  std::uintmax_t wal_bytes = 0;
};

struct Row {
  const char* id;
  std::vector<Result> (*measure)(const Settings&);
};
constexpr Row rows[] = {{"P1", append_one},
                        {"P1d", put_one_document},
                        {"P2", append_together},
                        {"P2d", put_documents_together},
                        {"P3", append_batches},
                        {"P4", append_on_condition},
                        {"P5", scan},
                        {"P6", read_streams},
                        {"P7", load_aggregates},
                        {"P8", get_one_document},
                        {"P9", get_past_document},
                        {"P10", page_history},
                        {"P11", open_after_crash},
                        {"P12", tell_observer},
                        {"P13", read_while_writing},
                        {"B1", publish_to_subscribers},
                        {"B2", publish_to_one_of_many},
                        {"B3", ask_control},
                        {"B4", notify_observers},
                        {"B5", publish_from_two_threads},
                        {"E1", run_programs},
                        {"W1", write_stream},
                        {"W2", write_stream_on_condition},
                        {"W3", write_and_read_tagged},
                        {"F1", flood}};

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

std::vector<Result> measure(const Arguments& arguments, const Settings& settings) {
  std::vector<Result> results;
  const auto take = [&](std::vector<Result> more) {
    for (auto& result : more) {
      print(result);
      results.push_back(std::move(result));
    }
  };
  const auto& only = arguments.only;
  for (const Row& row : rows)
    if (only.empty() || std::find(only.begin(), only.end(), row.id) != only.end())
      take(row.measure(settings));
  return results;
}

nlohmann::json measure_sizes(const std::vector<int>& sizes, const Settings& settings) {
  std::vector<std::vector<Fact>> facts;
  nlohmann::json figures = nlohmann::json::array();
  for (const int events : sizes) {
    facts.push_back(measure_log_of(events, settings));
    figures.push_back({{"events", events}, {"facts", to_json(facts.back())}});
  }
  print(sizes, facts);
  return figures;
}

nlohmann::json measure_rows(const Arguments& arguments, const Settings& settings) {
  nlohmann::json figures = nlohmann::json::array();
  for (const auto& result : measure(arguments, settings)) figures.push_back(to_json(result));
  return figures;
}

int run(const Arguments& arguments) {
  std::ofstream out = opened(arguments.json);
  const Folder folder(arguments.settings.folder);
  Settings settings = arguments.settings;
  settings.folder = folder.name();

  const SyncProbe before = probe_sync(settings.folder);
  std::printf("write + fdatasync of 4 KiB: p50 %.0f µs, p99 %.0f µs\n\n", before.p50, before.p99);
  const nlohmann::json figures = arguments.sizes.empty() ? measure_rows(arguments, settings)
                                                         : measure_sizes(arguments.sizes, settings);
  const SyncProbe after = probe_sync(settings.folder);
  std::printf("\nwrite + fdatasync afterwards: p50 %.0f µs, p99 %.0f µs\n", after.p50, after.p99);

  if (arguments.json.empty()) return 0;
  const nlohmann::json all{
      {"sync_p50_us", before.p50},           {"sync_p99_us", before.p99},
      {"sync_p50_us_afterwards", after.p50}, {"sync_p99_us_afterwards", after.p99},
      {"rounds", settings.rounds},           {"portion", settings.portion},
      {"compressed", settings.compress},     {"results", figures}};
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
  std::vector<std::string> ids;
  for (const Row& row : rows) ids.push_back(row.id);
  program.add_option("--only", arguments.only, "The rows to measure")
      ->delimiter(',')
      ->check(CLI::IsMember(ids));
  program
      .add_option("--rounds", arguments.settings.rounds, "Pairs of measurements; the median counts")
      ->check(CLI::Range(1, 1000));
  program
      .add_option("--portion", arguments.settings.portion,
                  "Of the operations of a round, and of what they work on")
      ->check(CLI::PositiveNumber);
  program
      .add_option("--scale", arguments.sizes,
                  "Instead of the rows: the same work on logs of so many events, side by side, "
                  "such as 10k,1M,10M")
      ->delimiter(',')
      ->transform(CLI::AsNumberWithUnit(std::map<std::string, int>{{"k", 1000}, {"M", 1000000}},
                                        CLI::AsNumberWithUnit::CASE_SENSITIVE))
      ->check(CLI::Range(1000, 100000000));
  program.add_option("--folder", arguments.settings.folder, "Where on the disk to be measured")
      ->check(CLI::ExistingDirectory);
  program.add_flag("--compress", arguments.settings.compress,
                   "What P1 to P5 and --scale append is compressed");
  program.add_option("--json", arguments.json, "Also writes the figures to this file");
  // For P11, which runs this program again: not for people.
  auto* bytes = program.add_option("--wal-bytes", arguments.wal_bytes)->group("");
  program.add_option("--crash", arguments.crash)->group("")->needs(bytes);
  CLI11_PARSE(program, count, values);
  try {
    if (!arguments.crash.empty()) crash(arguments.crash, arguments.wal_bytes);
    return run(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "annal_bench: %s\n", error.what());
    return 1;
  }
}
