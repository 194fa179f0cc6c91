// The contract every adapter of the log port keeps.
// An adapter's test names itself and says how it is opened:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, EventLogContract, testing::Values(memory_adapter()));
#pragma once

#include "annal/log/event_log.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace annal::test {

struct LogSetup {
  std::vector<SpaceDeclaration> spaces;
  std::size_t queue_requests;
  const Clock* clock;
  Randomness* randomness;
  std::filesystem::path folder;  // the log's own
};

struct LogAdapter {
  std::string name;
  std::function<std::unique_ptr<EventLog>(const LogSetup&)> open;
  bool keeps = false;  // what was recorded is there when it is opened again
};

inline void PrintTo(const LogAdapter& adapter, std::ostream* out) { *out << adapter.name; }

inline Envelope event_of(std::string stream, std::string type = "thing.happened",
                         std::string data = "x") {
  Envelope event;
  event.stream = std::move(stream);
  event.type = std::move(type);
  event.data = std::move(data);
  return event;
}

template <class... Events>
Commit commit_of(Events... events) {
  Commit commit;
  (commit.events.push_back(std::move(events)), ...);
  return commit;
}

class EventLogContract : public testing::TestWithParam<LogAdapter> {
 protected:
  void SetUp() override { log = open(); }

  std::unique_ptr<EventLog> open(std::size_t queue_requests = 1024) {
    return GetParam().open(
        {{{"notes", {"kept"}}, {"plain", {}}}, queue_requests, &clock, &randomness, folder.path()});
  }

  Appended append(Commit commit) {
    AppendOutcome outcome = log->append(std::move(commit));
    if (const auto* refused = std::get_if<Rejected>(&outcome)) ADD_FAILURE() << refused->message();
    return std::get<Appended>(outcome);
  }

  template <class Reason>
  Reason refused(Commit commit) {
    AppendOutcome outcome = log->append(std::move(commit));
    return std::get<Reason>(std::get<Rejected>(outcome).reason);
  }

  // `n` events `happened` in one stream, a commit each.
  void fill(const std::string& stream, int n) {
    for (int i = 0; i < n; ++i) append(commit_of(event_of(stream)));
  }

  static std::vector<std::uint64_t> positions(const Page& page) {
    std::vector<std::uint64_t> result;
    for (const auto& event : page.events) result.push_back(event.position.value);
    return result;
  }

  ManualClock clock;
  SeededRandomness randomness;
  TemporaryFolder folder;
  std::unique_ptr<EventLog> log;
};

}  // namespace annal::test
