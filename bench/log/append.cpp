// P1 and P2: one 256-byte event a commit, durable before the call returns, from one caller and 64.
#include "annal/sqlite/sqlite_log.hpp"
#include "cases.hpp"
#include "log/commits.hpp"
#include "raw_sqlite.hpp"

#include <algorithm>
#include <random>

namespace annal::bench {

namespace {

constexpr int callers = 64;

// Each caller's own streams, which all hold an event, and what it knows of their versions.
class OwnStreams {
 public:
  explicit OwnStreams(int streams)
      : of_each_(static_cast<std::size_t>(std::max(streams / callers, 1))) {
    for (unsigned seed = 0; seed < callers; ++seed) own_.push_back({std::mt19937(seed), {}});
    for (auto& each : own_) each.versions.assign(of_each_, Version{1});
  }

  int count() const { return callers * static_cast<int>(of_each_); }

  // An event on one of the caller's streams, at the version it is known to have.
  Commit next_commit(int caller) {
    Own& own = own_[static_cast<std::size_t>(caller)];
    const std::size_t which = own.random() % of_each_;
    const int stream = caller + callers * static_cast<int>(which);
    const auto number = static_cast<int>(own.versions[which].value);
    Commit commit = commit_of(event_on(stream_name(stream), payload(stream + number)));
    commit.conditions.push_back(
        {commit.events.front().stream, ExpectedVersion::exactly(own.versions[which])});
    own.versions[which] = next(own.versions[which]);
    return commit;
  }

 private:
  struct Own {
    std::mt19937 random;
    std::vector<Version> versions;
  };
  const std::size_t of_each_;
  std::vector<Own> own_;
};

Result spread_of(const std::vector<Round>& rounds) {
  Result spread{"P2", "the slowest of the 64 callers' appends beside the usual one", "p99 / p50",
                10.0, Better::lower};
  std::vector<double> figures;
  for (const auto& round : rounds)
    figures.push_back(quantile_of(round.samples, 0.99) / quantile_of(round.samples, 0.5));
  conclude(spread, std::move(figures));
  return spread;
}

}  // namespace

std::vector<Result> append_one(const Settings& settings) {
  Result result{"P1", "one 256-byte event a commit, one caller, power", "ratio to raw", 0.9};
  const std::string data(event_bytes, 'x');
  const int operations = scaled(2000, settings);
  RawSqlite raw(settings.folder / "raw.db");
  auto log = open_log(settings.folder / "p1.db", settings);
  int next = 0;
  compare(
      result, settings.rounds,
      [&] { return time_each(operations, [&](int) { raw.append(data); }); },
      [&] {
        return time_each(operations, [&](int) {
          const int number = next++;
          require(log->append(commit_of(event_on(stream_name(number % 1000), payload(number)))));
        });
      });
  result.commits_a_sync = commits_a_sync(*log);
  return {result};
}

std::vector<Result> append_together(const Settings& settings) {
  OwnStreams streams(scaled_down(100000, settings));
  Result result{"P2",
                "64 callers, one event a commit, version expected, " +
                    std::to_string(streams.count()) + " streams, power",
                "ratio to raw's one caller; the goal is for disks whose fsync takes ≤ 150 µs", 12};
  const std::string data(event_bytes, 'x');
  RawSqlite raw(settings.folder / "raw-p2.db");
  auto log = open_log(settings.folder / "p2.db", settings);
  fill(*log, streams.count(), [&](int i) { return event_on(stream_name(i), payload(i)); });
  const LogStatistics filled = log->statistics();
  const int operations = scaled(2000, settings);
  const int each = scaled(1000, settings);
  const Rounds rounds = compare(
      result, settings.rounds,
      [&] { return time_each(operations, [&](int) { raw.append(data); }); },
      [&] {
        return time_callers(callers, each, [&](int caller, int) {
          require(log->append(streams.next_commit(caller)));
        });
      });
  result.commits_a_sync = commits_a_sync(*log, filled);
  return {result, spread_of(rounds.ours)};
}

}  // namespace annal::bench
