// A process with a subscription and a projection is killed at any moment, also while rows are made
// anew: no checkpoint is ahead of what was done, and every event is in the rows once.
#include "annal/projection/projector.hpp"
#include "fakes.hpp"
#include "faults/workload.hpp"
#include "faults/workload_process.hpp"
#include "seed.hpp"
#include "thoroughness.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace annal::test {
namespace {

constexpr int following_callers = 2;
constexpr std::chrono::seconds long_enough_to_follow{60};

// ANNAL_FOLLOWER_KILLS=500 for a long campaign.
int follower_kills() {
  const char* wanted = std::getenv("ANNAL_FOLLOWER_KILLS");
  return wanted ? std::atoi(wanted) : static_cast<int>(6 / fault_stride);
}

Position kept_checkpoint(const EventLog& log) {
  const auto record = log.record(subscription_space().name, "printer");
  return Position{record ? std::stoull(record->value) : 0};
}

std::string not_handled(const EventLog& log, const std::set<std::uint64_t>& handled) {
  const Position checkpoint = kept_checkpoint(log);
  for (std::uint64_t position = 1; position <= checkpoint.value; ++position)
    if (!handled.contains(position))
      return "position " + std::to_string(position) + " was never handled, the checkpoint is " +
             std::to_string(checkpoint.value);
  return {};
}

// The rows as the kill left them, whichever version of the code had made them.
std::string differing_rows(EventLog& log) {
  for (const std::uint32_t version : {1u, 2u}) {
    Projector projector(log, workload_counts(version));
    if (projector.status().state == ProjectorStatus::State::outdated) continue;
    const auto comparison = projector.compare();
    return comparison.equal() ? "" : comparison.differences.front().to_string();
  }
  return "the rows are of no version";
}

TEST(FollowerKill, leaves_checkpoints_behind_what_was_done_and_every_event_in_the_rows_once) {
  std::mt19937_64 random(seed());
  const TemporaryFolder folder{place_in_memory()};
  const auto store = folder / "store.db";
  std::set<std::uint64_t> handled;
  int unfinished = 0;
  std::uint64_t generation = 0;
  for (int round = 0; round < follower_kills() && !HasFailure(); ++round) {
    WorkloadProcess child(store.string(), following_callers, 1 + static_cast<int>(random() % 2));
    child.kill_after(300 + random() % 2000, std::chrono::microseconds(random() % 20'000));
    ASSERT_TRUE(child.killed()) << "the child ended by itself";
    child.handled(handled);
    const auto log = open_workload(store);
    EXPECT_EQ(not_handled(*log, handled), "") << "after kill " << round;
    EXPECT_EQ(differing_rows(*log), "") << "after kill " << round;
    Projector projector(*log, workload_counts(1 + round % 2));
    unfinished += projector.status().unfinished ? 1 : 0;
    RebuildOptions compared;
    compared.compare = true;
    const auto outcome = projector.rebuild(compared);
    ASSERT_TRUE(std::holds_alternative<Rebuilt>(outcome)) << "after kill " << round;
    EXPECT_TRUE(projector.wait_until(log->head(), long_enough_to_follow));
    generation = projector.status().generation;
  }
  std::cout << follower_kills() << " kills, " << unfinished << " of them in a rebuild, "
            << generation << " generations, " << handled.size() << " events handled\n";
}

}  // namespace
}  // namespace annal::test
