// A process to be killed: appends without end, and prints each acknowledgement as `caller number`.
// Or a foreign one: runs SQL on the store as any program does that knows SQLite and not annal.
//
//   annal_workload_child STORE CALLERS [VERSION]
//   annal_workload_child --sql STORE STATEMENTS
//
// With a VERSION, a subscription prints every position once it has handled it, as `-1 position`, and
// a projection by that version of its code is kept, and made anew again and again.
#include "annal/log/subscription.hpp"
#include "annal/projection/projector.hpp"
#include "faults/workload.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace annal;
using namespace annal::test;

// One short write to a pipe is whole or not at all.
void print(int caller, std::uint64_t number) {
  const std::string line = std::to_string(caller) + ' ' + std::to_string(number) + '\n';
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::_Exit(4);
}

void append_for_ever(EventLog& log, int caller, std::uint64_t from) {
  for (std::uint64_t number = from;; ++number) {
    const auto outcome = log.append(purging_commit(log, caller, number));
    if (!std::holds_alternative<Appended>(outcome)) std::_Exit(3);
    print(caller, number);
  }
}

int run_sql(const char* store, const char* statements) {
  sqlite3* database = nullptr;
  int result = sqlite3_open_v2(store, &database, SQLITE_OPEN_READWRITE, nullptr);
  if (result == SQLITE_OK) result = sqlite3_exec(database, statements, nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) std::fprintf(stderr, "%s\n", sqlite3_errmsg(database));
  sqlite3_close(database);
  return result == SQLITE_OK ? 0 : 1;
}

// What follows the log, for ever.
class Followers {
 public:
  Followers(EventLog& log, std::uint32_t version)
      : subscription_(log, options(),
                      [](const Envelope& event) { print(-1, event.position.value); }),
        projector_(log, workload_counts(version)),
        rebuilding_([this] {
          for (;;) projector_.rebuild();
        }) {}

 private:
  static SubscriptionOptions options() {
    SubscriptionOptions options;
    options.name = "printer";
    options.workers = 2;
    return options;
  }

  Subscription subscription_;
  Projector projector_;
  std::thread rebuilding_;
};

}  // namespace

int main(int count, char** values) {
  if (count == 4 && std::string_view(values[1]) == "--sql") return run_sql(values[2], values[3]);
  if (count != 3 && count != 4) return 2;
  const int callers = std::atoi(values[2]);
  const auto log = open_workload(values[1], Dictionaries::made);
  const auto newest = newest_commits(*log, callers);
  std::optional<Followers> followers;
  if (count == 4) followers.emplace(*log, static_cast<std::uint32_t>(std::atoi(values[3])));
  std::vector<std::thread> threads;
  for (const auto& [caller, number] : newest)
    threads.emplace_back(
        [&log, caller = caller, from = number + 1] { append_for_ever(*log, caller, from); });
  for (auto& thread : threads) thread.join();
}
