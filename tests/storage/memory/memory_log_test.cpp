#include "annal/memory/memory_log.hpp"

#include "contracts/event_log_contract.hpp"

namespace annal::test {

INSTANTIATE_TEST_SUITE_P(
    Memory, EventLogContract,
    testing::Values(LogAdapter{
        "memory",
        [](const LogSetup& setup) {
          return memory::open({setup.spaces, setup.queue_requests, setup.clock, setup.randomness});
        }}),
    [](const auto& adapter) { return adapter.param.name; });

TEST(MemoryLog, calls_itself_ephemeral) {
  const auto log = memory::open();
  EXPECT_EQ(log->durability(), Durability::ephemeral);
  EXPECT_EQ(std::get<Appended>(log->append(commit_of(event_of("thing/1")))).durability,
            Durability::ephemeral);
}

}  // namespace annal::test
