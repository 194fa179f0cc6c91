// A process that publishes is killed at any moment: what publish returned for is recorded, once and in
// the order of its stream.
#include "annal/service/store.hpp"
#include "fakes.hpp"
#include "faults/workload_process.hpp"
#include "seed.hpp"
#include "thoroughness.hpp"

#include <gtest/gtest.h>

#include <random>

namespace annal::test {
namespace {

constexpr int publishing_callers = 3;

// ANNAL_PUBLISHER_KILLS=500 for a long campaign.
int publisher_kills() {
  const char* wanted = std::getenv("ANNAL_PUBLISHER_KILLS");
  return wanted ? std::atoi(wanted) : static_cast<int>(10 / fault_stride);
}

// How many events the caller's stream holds, if they are those that were published.
std::uint64_t said_by_caller(const EventLog& log, int caller) {
  ReadRequest request;
  request.query = Query::of_stream("caller/" + std::to_string(caller));
  request.limit = 4096;
  std::uint64_t number = 0;
  for (bool more = true; more;) {
    const Page page = log.read(request);
    for (const auto& event : page.events)
      EXPECT_EQ(event.data, std::to_string(++number)) << "of caller " << caller;
    more = page.more;
    if (more) request.from = next(page.events.back().position);
  }
  return number;
}

TEST(PublisherKill, at_any_moment_loses_nothing_that_was_published) {
  std::mt19937_64 random(seed());
  const TemporaryFolder folder{place_in_memory()};
  const auto file = folder / "store.db";
  Acknowledged acknowledged;
  std::uint64_t published = 0;
  for (int round = 1; round <= publisher_kills() && !HasFailure(); ++round) {
    WorkloadProcess child(file.string(), publishing_callers, 0, ANNAL_PUBLISHING_CHILD);
    child.kill_after(random() % 2000, std::chrono::microseconds(random() % 3000));
    ASSERT_TRUE(child.killed()) << "the child ended by itself";
    child.acknowledgements(acknowledged);
    const auto store = open(file);
    EXPECT_TRUE(store->log().verify().faults.empty()) << "after kill " << round;
    published = 0;
    for (int caller = 0; caller < publishing_callers; ++caller) {
      const auto held = said_by_caller(store->log(), caller);
      EXPECT_GE(held, acknowledged[caller]) << "after kill " << round;
      EXPECT_LE(held, acknowledged[caller] + 1) << "after kill " << round;
      acknowledged[caller] = held;  // what was never answered counts now
      published += held;
    }
  }
  std::cout << publisher_kills() << " kills, " << published << " events\n";
}

}  // namespace
}  // namespace annal::test
