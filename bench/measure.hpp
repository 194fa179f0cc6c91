// How the figures are taken: ours and the raw loop in turn, round by round, so that both see the
// same machine; the median of the rounds' ratios is what counts.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace annal::bench {

using Steady = std::chrono::steady_clock;
double nanoseconds(Steady::duration duration);

struct Settings {
  std::filesystem::path folder;  // on the disk to be measured
  int rounds = 7;
  double portion = 1;     // of the number of operations a round
  bool compress = false;  // what our stores are opened with
};

// At least one.
int scaled(int operations, const Settings& settings);
// The same, and never more than it is by itself: of streams, documents, whatever a row names a
// number of.
int scaled_down(int things, const Settings& settings);

// One round's operations, in nanoseconds each.
using Samples = std::vector<double>;
double mean_of(const Samples& samples);
double quantile_of(Samples samples, double q);

// A round, and what one operation took of it: their mean, or less where several were under way at
// once.
struct Round {
  Round(Samples one_after_another)
      : samples(std::move(one_after_another)), each(mean_of(samples)) {}
  Round(Samples at_once, Steady::duration elapsed)
      : samples(std::move(at_once)),
        each(nanoseconds(elapsed) / static_cast<double>(samples.size())) {}
  Samples samples;
  double each;  // ns
};
struct Rounds {
  std::vector<Round> raw, ours;
};

// Over all rounds, ns an operation.
struct Series {
  double median = 0, p95 = 0, p99 = 0, p999 = 0, mean = 0;
  double each = 0;  // what one took of the round
  bool measured() const { return each > 0; }
};
Series summarise(const std::vector<Round>& rounds);

enum class Better { higher, lower };

// A figure beside the row's own, such as bytes an event.
struct Fact {
  std::string name;
  double value = 0;
  std::string unit;
  double at_most = 0;  // the goal; 0: none
};

struct Result {
  std::string id, work, unit;  // "P1", what was done, "ratio to raw"
  double goal = 0;             // 0: there is none
  Better better = Better::higher;
  std::string beside = "raw";     // what stands in the place of raw
  double figure = 0;              // in that unit: the median of the rounds' figures
  std::vector<double> figures{};  // a round each
  double commits_a_sync = 0;      // of ours; 0 where nothing is committed
  std::vector<Fact> facts{};
  Series ours{}, raw{};  // not measured where the figure is no time
};
bool reached(const Result& result);

// Times `operation` once for each of `operations`.
Samples time_each(int operations, const std::function<void(int)>& operation);
// Times blocks of operations too short for a clock of their own; a sample is a block's mean.
Samples time_blocks(int blocks, int block, const std::function<void(int)>& operation);
// Times `operation` on so many threads at once, `each` times on each of them. What it throws is
// thrown on when all are done.
Round time_callers(int callers, int each, const std::function<void(int caller, int)>& operation);

// What a round's figure is.
using Figure = double (*)(const Round& raw, const Round& ours);
double speed(const Round& raw, const Round& ours);     // raw time / our time
double duration(const Round& raw, const Round& ours);  // our time / raw time
double tail(const Round& raw, const Round& ours);      // our p99 / raw p99

// Runs raw and ours in turn and fills in the figures.
Rounds compare(Result& result, int rounds, const std::function<Round()>& raw,
               const std::function<Round()>& ours, Figure figure = speed);
// Fills in figures that were taken otherwise, one or more.
void conclude(Result& result, std::vector<double> figures);

// write + fdatasync of 4 KiB, µs: what durable figures are to be read beside.
struct SyncProbe {
  double p50 = 0, p99 = 0;
};
SyncProbe probe_sync(const std::filesystem::path& folder);

// What the process holds in memory, once what it has freed is given back.
std::size_t resident_bytes();

}  // namespace annal::bench
