#include "annal/coder/coder_rules.hpp"

#include "annal/bus/rules/rule_history.hpp"
#include "annal/memory/memory_log.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

namespace annal::coder {
namespace {

class CoderRules : public testing::Test {
 protected:
  CoderRules() { add_to(catalogue); }

  template <class T>
  void record(const T& payload, std::chrono::microseconds later, std::string stream = "coder/7") {
    clock.advance(later);
    Commit commit;
    commit.events.push_back(catalogue.wrap(payload));
    commit.events[0].stream = std::move(stream);
    ASSERT_TRUE(std::holds_alternative<Appended>(log->append(std::move(commit))));
  }

  // What a rule says about the log, as the payloads it emits.
  template <class T>
  std::vector<T> said_by(const Rule& rule) {
    const RuleHistory history = run_over(rule, *log);
    EXPECT_EQ(history.failed, 0u);
    std::vector<T> said;
    for (const auto& emission : history.emissions)
      said.push_back(catalogue.unwrap<T>(emission.event).value());
    return said;
  }

  test::ManualClock clock;
  Catalogue catalogue;
  std::unique_ptr<EventLog> log = memory::open({.spaces = {}, .clock = &clock});
};

constexpr std::chrono::minutes a_minute{1};

TEST_F(CoderRules, alert_of_three_failures_within_ten_minutes) {
  for (int i = 0; i < 4; ++i) record(Failed{}, 3 * a_minute);
  EXPECT_EQ(said_by<FailureAlert>(failure_alert(catalogue)),
            (std::vector<FailureAlert>{{"7", 3}, {"7", 4}}));
}

TEST_F(CoderRules, do_not_alert_of_three_failures_in_more_than_that) {
  for (int i = 0; i < 4; ++i) record(Failed{}, 5 * a_minute);
  EXPECT_TRUE(said_by<FailureAlert>(failure_alert(catalogue)).empty());
}

TEST_F(CoderRules, do_not_alert_of_failures_of_several_coders) {
  for (const auto* stream : {"coder/1", "coder/2", "coder/3"}) record(Failed{}, a_minute, stream);
  EXPECT_TRUE(said_by<FailureAlert>(failure_alert(catalogue)).empty());
}

TEST_F(CoderRules, alert_in_the_coders_stream_with_the_failures_that_caused_it) {
  for (int i = 0; i < 3; ++i) record(Failed{}, a_minute);
  const RuleHistory history = run_over(failure_alert(catalogue), *log);
  ASSERT_EQ(history.emissions.size(), 1u);
  const Envelope& alert = history.emissions[0].event;
  EXPECT_EQ(alert.type, "ai_coder.failure_alert");
  EXPECT_EQ(alert.stream, "coder/7");
  EXPECT_EQ(alert.source, "rule:ai_coder.failure_alert");
  std::string ids;
  for (std::uint64_t i = 1; i <= 3; ++i)
    ids += (ids.empty() ? "" : " ") + log->event_at({i})->id.to_string();
  EXPECT_EQ(alert.meta("caused_by"), ids);
}

TEST_F(CoderRules, tell_how_long_a_coder_took) {
  record(Created{}, a_minute);
  record(Failed{}, a_minute);
  record(Completed{}, 89 * a_minute);
  EXPECT_EQ(said_by<CompletionMetrics>(completion_metrics(catalogue)),
            (std::vector<CompletionMetrics>{{"7", 90 * 60 * 1'000'000ULL}}));
}

TEST_F(CoderRules, warn_at_each_rate_limit) {
  record(RateLimited{{.coder_id = "7", .provider = "acme", .model = "m1"}}, a_minute);
  record(RateLimited{{.coder_id = "7", .error_message = "slow down"}},
         std::chrono::microseconds(1));
  EXPECT_EQ(said_by<SystemWarning>(rate_limit_warning(catalogue)),
            (std::vector<SystemWarning>{{"rate_limit", "7", "rate limit of acme reached with m1"},
                                        {"rate_limit", "7", "slow down"}}));
}

TEST_F(CoderRules, warn_at_each_resource_limit) {
  record(ResourceLimited{{.memory_mb = 2048.4, .cpu_percent = 99.6, .disk_usage_mb = 10}},
         a_minute);
  EXPECT_EQ(said_by<SystemWarning>(resource_limit_warning(catalogue)),
            (std::vector<SystemWarning>{
                {"resource_limit", "7",
                 "resource limit reached: 2048 MB memory, 100 % CPU, 10 MB disk"}}));
}

TEST_F(CoderRules, warn_of_limits_whose_data_was_purged) {
  record(RateLimited{}, a_minute);
  record(ResourceLimited{}, a_minute);
  Commit purge;
  purge.purges = {{Position{1}}, {Position{2}}};
  log->append(std::move(purge));
  EXPECT_EQ(said_by<SystemWarning>(rate_limit_warning(catalogue)),
            (std::vector<SystemWarning>{{"rate_limit", "7", "rate limit reached"}}));
  EXPECT_EQ(said_by<SystemWarning>(resource_limit_warning(catalogue)),
            (std::vector<SystemWarning>{{"resource_limit", "7", "resource limit reached"}}));
}

TEST_F(CoderRules, know_a_coder_by_its_tag_in_other_streams) {
  Envelope event;
  event.stream = "pipeline/1";
  event.tags = {"board:b", "coder:9"};
  EXPECT_EQ(coder_of(event), "9");
  event.tags.clear();
  EXPECT_EQ(coder_of(event), std::nullopt);
}

TEST_F(CoderRules, are_four) {
  std::vector<std::string> names;
  for (const Rule& rule : rules(catalogue)) names.push_back(rule.name);
  EXPECT_EQ(names, (std::vector<std::string>{
                       "ai_coder.failure_alert", "ai_coder.completion_metrics",
                       "ai_coder.rate_limit_warning", "ai_coder.resource_limit_warning"}));
}

}  // namespace
}  // namespace annal::coder
