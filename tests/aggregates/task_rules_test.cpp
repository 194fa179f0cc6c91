#include "annal/task/task_rules.hpp"

#include "annal/error.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

namespace annal::task {
namespace {

class TaskRules : public testing::Test {
 protected:
  TaskRules() { add_to(catalogue); }

  void see(std::string type, std::chrono::microseconds later, std::string stream = "task/t1") {
    clock.advance(later);
    Envelope event;
    event.type = std::move(type);
    event.stream = std::move(stream);
    event.position = {++last};
    event.recorded_at = clock.now();
    run->see(event, matches);
  }
  void wait(std::chrono::microseconds time) {
    clock.advance(time);
    run->advance(clock.now(), matches);
  }

  test::ManualClock clock{Timestamp(std::chrono::hours(0))};
  Catalogue catalogue;
  Rule rule = stays_blocked(catalogue);
  std::unique_ptr<RuleRun> run = rule.start();
  std::vector<Match> matches;
  std::uint64_t last = 0;
};

constexpr std::chrono::hours an_hour{1};

TEST_F(TaskRules, detect_a_task_that_stays_blocked) {
  see("task.blocked", an_hour);
  wait(4 * an_hour);
  ASSERT_EQ(matches.size(), 1u);
  const Envelope event = emission(rule, matches[0])->event;
  EXPECT_EQ(event.type, "pattern.detected");
  EXPECT_EQ(event.stream, "task/t1");
  EXPECT_EQ(event.occurred_at, Timestamp(5 * an_hour));
  EXPECT_EQ(catalogue.unwrap<PatternDetected>(event),
            (PatternDetected{
                .pattern = "task_stays_blocked",
                .task_id = "t1",
                .description = "blocked since 1970-01-01T01:00:00Z, and nothing has freed it",
                .duration_minutes = 240}));
}

TEST_F(TaskRules, are_content_when_the_task_is_freed_or_goes_on) {
  for (const auto* type : {"blocker.resolved", "task.progress", "task.completed"}) {
    see("task.blocked", an_hour);
    see(type, 3 * an_hour);
  }
  wait(9 * an_hour);
  EXPECT_TRUE(matches.empty());
}

TEST_F(TaskRules, do_not_take_other_events_or_tasks_for_a_resolution) {
  see("task.blocked", an_hour);
  see("task.assigned", an_hour);
  see("blocker.resolved", an_hour, "task/t2");
  wait(2 * an_hour);
  EXPECT_EQ(matches.size(), 1u);
}

TEST_F(TaskRules, detect_a_task_that_is_blocked_again_and_again_once) {
  for (int i = 0; i < 20; ++i) see("task.blocked", an_hour);
  EXPECT_EQ(matches.size(), 1u);
}

TEST_F(TaskRules, know_a_task_by_its_tag_in_other_streams) {
  Envelope event;
  event.stream = "agent/a1";
  event.tags = {"board:b", "task:t9"};
  EXPECT_EQ(task_of(event), "t9");
  event.tags.clear();
  EXPECT_EQ(task_of(event), std::nullopt);
}

TEST_F(TaskRules, need_a_time) {
  EXPECT_THROW((void)stays_blocked(catalogue, std::chrono::minutes(0)), InvalidInput);
}

TEST_F(TaskRules, bring_their_events_along) {
  const Blocked blocked{"t1", "a1", "missing_access", "no key"};
  EXPECT_EQ(catalogue.unwrap<Blocked>(catalogue.wrap(blocked)), blocked);
  const BlockerResolved resolved{"t1", "a1", "key found"};
  EXPECT_EQ(catalogue.unwrap<BlockerResolved>(catalogue.wrap(resolved)), resolved);
}

}  // namespace
}  // namespace annal::task
