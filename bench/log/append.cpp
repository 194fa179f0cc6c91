// P1: one caller, one 256-byte event a commit, durable before the call returns.
#include "annal/sqlite/sqlite_log.hpp"
#include "cases.hpp"
#include "raw_sqlite.hpp"

namespace annal::bench {

double commits_a_sync(const EventLog& log) {
  const auto statistics = log.statistics();
  return static_cast<double>(statistics.commits) / static_cast<double>(statistics.groups);
}

Result append_one(const Settings& settings) {
  Result result{"P1", "one 256-byte event a commit, one caller, power", "ratio to raw", 0.9};
  const std::string data(256, 'x');
  const int operations = scaled(2000, settings);
  RawSqlite raw(settings.folder / "raw.db");
  auto log = sqlite::open(settings.folder / "p1.db");
  int next = 0;
  compare(
      result, settings.rounds,
      [&] { return time_each(operations, [&](int) { raw.append(data); }); },
      [&] {
        return time_each(operations, [&](int) {
          Commit commit;
          Envelope event;
          event.stream = "bench/" + std::to_string(next++ % 1000);
          event.type = "bench.appended";
          event.data = data;
          commit.events.push_back(std::move(event));
          if (!std::holds_alternative<Appended>(log->append(std::move(commit))))
            throw std::runtime_error("P1: an append was refused");
        });
      });
  result.commits_a_sync = commits_a_sync(*log);
  return result;
}

}  // namespace annal::bench
