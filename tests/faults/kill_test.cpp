// A process is killed at any moment, again and again: what it acknowledged is there.
#include "fakes.hpp"
#include "faults/workload.hpp"
#include "faults/workload_process.hpp"
#include "seed.hpp"
#include "thoroughness.hpp"

#include <gtest/gtest.h>

#include <random>

namespace annal::test {
namespace {

constexpr int killed_callers = 4;

// ANNAL_KILLS=1000 for a long campaign.
int kills() {
  const char* wanted = std::getenv("ANNAL_KILLS");
  return wanted ? std::atoi(wanted) : static_cast<int>(40 / fault_stride);
}

// Kills so many processes on one store, one after the other.
//   returns   how many commits it holds then
std::uint64_t kill_on_one_store(int times, std::mt19937_64& random) {
  const TemporaryFolder folder{place_in_memory()};
  const auto store = folder / "store.db";
  Acknowledged acknowledged;
  for (int caller = 0; caller < killed_callers; ++caller) acknowledged[caller] = 0;
  for (int round = 1; round <= times; ++round) {
    WorkloadProcess child(store.string(), killed_callers);
    child.kill_after(random() % 2000, std::chrono::microseconds(random() % 3000));
    EXPECT_TRUE(child.killed()) << "the child ended by itself";
    child.acknowledgements(acknowledged);
    const auto log = open_workload(store);
    Acknowledged begun = acknowledged;
    for (auto& [caller, newest] : begun) ++newest;
    EXPECT_EQ(broken_promises(*log, acknowledged, begun), "") << "after kill " << round;
    acknowledged = newest_commits(*log, killed_callers);  // what was never answered counts now
  }
  std::uint64_t commits = 0;
  for (const auto& [caller, newest] : acknowledged) commits += newest;
  return commits;
}

TEST(Kill, at_any_moment_loses_nothing_that_was_acknowledged) {
  constexpr int on_one_store = 5;
  std::mt19937_64 random(seed());
  std::uint64_t commits = 0;
  for (int done = 0; done < kills() && !HasFailure(); done += on_one_store)
    commits += kill_on_one_store(on_one_store, random);
  std::cout << kills() << " kills, " << commits << " commits\n";
}

}  // namespace
}  // namespace annal::test
