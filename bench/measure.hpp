// How the figures are taken: ours and the raw loop in turn, round by round, so that both see the
// same machine; the median of the rounds' ratios, each of two means, is what counts.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace annal::bench {

// One round's operations, in nanoseconds each.
using Samples = std::vector<double>;

struct Settings {
  std::filesystem::path folder;  // on the disk to be measured
  int rounds = 7;
  double scale = 1;  // of the number of operations a round
};

// At least one.
int scaled(int operations, const Settings& settings);

struct Series {
  double median = 0, p95 = 0, p99 = 0, p999 = 0, mean = 0;  // ns an operation, over all rounds
};
Series summarise(const std::vector<Samples>& rounds);

struct Result {
  std::string id, work, unit;  // "P1", what was done, "ratio to raw"
  double goal = 0;
  double ratio = 0;              // raw time / our time (median of the rounds' ratios)
  std::vector<double> ratios{};  // a round each
  double commits_a_sync = 0;     // of ours; 0 where nothing is committed
  Series ours{}, raw{};
};

// Times `operation` once for each of `operations`.
Samples time_each(int operations, const std::function<void(int)>& operation);
// Times blocks of operations too short for a clock of their own; a sample is a block's mean.
Samples time_blocks(int blocks, int block, const std::function<void(int)>& operation);

// Runs raw and ours in turn and fills in the figures.
void compare(Result& result, int rounds, const std::function<Samples()>& raw,
             const std::function<Samples()>& ours);

// write + fdatasync of 4 KiB, µs: what durable figures are to be read beside.
struct SyncProbe {
  double p50 = 0, p99 = 0;
};
SyncProbe probe_sync(const std::filesystem::path& folder);

}  // namespace annal::bench
