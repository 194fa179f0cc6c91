// Rules about what is unusual.
#include "annal/bus/rules/anomaly_rule.hpp"

#include "engine/bus/rules/told.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace annal::test {
namespace {

// The number an event tells stands in its data.
std::optional<double> number_in(const Envelope& event) { return std::stod(event.data); }

rules::ValueAnomaly unusual_latency() {
  return {.name = "latency",
          .of = of_type("called"),
          .number = number_in,
          .deviations = 3,
          .samples = 10,
          .least_samples = 4,
          .emit = emits("noted")};
}

class UnusualValue : public ::testing::Test {
 protected:
  std::size_t see(Told& by, double number, Timestamp happened,
                  std::optional<Timestamp> recorded = {}) {
    Envelope event = by.event("called", happened, recorded);
    event.data = std::to_string(number);
    return by.see(event);
  }
  // A minute after the last.
  std::size_t see(double number) { return see(told, number, minute(next_++)); }
  std::size_t see_all(const std::vector<double>& numbers) {
    std::size_t matches = 0;
    for (const double number : numbers) matches += see(number);
    return matches;
  }

  Told told{rules::value_anomaly(unusual_latency())};
  std::int64_t next_ = 0;
};

TEST_F(UnusualValue, is_told_with_the_mean_and_deviation_before_it) {
  EXPECT_EQ(see_all({10, 12, 10, 12}), 0u);
  ASSERT_EQ(see(20), 1u);
  EXPECT_EQ(told.last().value, 20);
  EXPECT_EQ(told.last().mean, 11);
  EXPECT_DOUBLE_EQ(told.last().deviation, std::sqrt(4.0 / 3));
  EXPECT_EQ(told.last().at, minute(4));
  EXPECT_EQ(told.last().caused_by, ids({5}));
}

TEST_F(UnusualValue, is_more_than_so_many_deviations_away) {
  see_all({10, 12, 10, 12});
  const double bound = 11 + 3 * std::sqrt(4.0 / 3);
  EXPECT_EQ(see(bound - 1e-5), 0u);
  Told other(rules::value_anomaly(unusual_latency()));
  for (int i = 0; i < 4; ++i) see(other, i % 2 == 0 ? 10 : 12, minute(i));
  EXPECT_EQ(see(other, bound + 1e-5, minute(5)), 1u);
}

TEST_F(UnusualValue, is_not_known_from_too_few_samples) {
  EXPECT_EQ(see_all({10, 12, 10, 500}), 0u);
}

TEST_F(UnusualValue, is_measured_against_the_last_samples_alone) {
  see_all({500, 400, 500, 400, 500, 400});
  see_all({10, 12, 10, 12, 10, 12, 10, 12, 10, 12});
  ASSERT_EQ(see(20), 1u);
  EXPECT_EQ(told.last().mean, 11);
}

TEST_F(UnusualValue, is_a_sample_for_what_follows) {
  see_all({10, 12, 10, 12});
  EXPECT_EQ(see(500), 1u);
  EXPECT_EQ(see(500), 0u);
}

TEST_F(UnusualValue, is_any_other_where_all_were_the_same) {
  EXPECT_EQ(see_all({5, 5, 5, 5, 5}), 0u);
  EXPECT_EQ(see(5.001), 1u);
  EXPECT_EQ(told.last().deviation, 0);
}

TEST_F(UnusualValue, is_no_small_change_where_a_least_deviation_is_given) {
  auto options = unusual_latency();
  options.least_deviation = 1;
  Told calm(rules::value_anomaly(options));
  for (int i = 0; i < 5; ++i) see(calm, 5, minute(i));
  EXPECT_EQ(see(calm, 8, minute(5)), 0u);
  EXPECT_EQ(see(calm, 20, minute(6)), 1u);
}

TEST_F(UnusualValue, may_be_looked_for_on_one_side_only) {
  auto options = unusual_latency();
  options.side = rules::Side::above;
  Told above(rules::value_anomaly(options));
  options.side = rules::Side::below;
  Told below(rules::value_anomaly(options));
  for (auto* by : {&above, &below})
    for (int i = 0; i < 4; ++i) see(*by, 10 + i % 2, minute(i));
  EXPECT_EQ(see(above, -50, minute(5)), 0u);
  EXPECT_EQ(see(below, -50, minute(5)), 1u);
}

TEST_F(UnusualValue, that_comes_late_is_measured_against_what_was_before_it) {
  for (int i = 0; i < 4; ++i) see(told, 10 + i % 2, minute(i));
  for (int i = 10; i < 14; ++i) see(told, 500 + i % 2, minute(i));
  ASSERT_EQ(see(told, 20, minute(5), minute(14)), 1u);
  EXPECT_EQ(told.last().mean, 10.5);
}

rules::RateAnomaly unusual_traffic() {
  return {.name = "traffic",
          .of = of_type("called"),
          .bucket = minutes(1),
          .deviations = 3,
          .samples = 10,
          .least_samples = 4,
          .emit = emits("noted")};
}

class UnusualRate : public ::testing::Test {
 protected:
  void see(int count, std::int64_t in_minute) {
    for (int i = 0; i < count; ++i) told.see("called", minute(in_minute) + seconds(i));
  }
  void see_usual(std::int64_t from, std::int64_t to) {
    for (std::int64_t i = from; i < to; ++i) see(i % 2 == 0 ? 4 : 6, i);
  }

  Told told{rules::rate_anomaly(unusual_traffic())};
};

TEST_F(UnusualRate, is_told_when_its_bucket_is_over) {
  see_usual(0, 4);
  see(20, 4);
  EXPECT_TRUE(told.matches.empty());
  ASSERT_EQ(told.advance(minute(5)), 1u);
  EXPECT_EQ(told.last().count, 20u);
  EXPECT_EQ(told.last().value, 20);
  EXPECT_EQ(told.last().mean, 5);
  EXPECT_EQ(told.last().from, minute(4));
  EXPECT_EQ(told.last().at, minute(5));
  EXPECT_EQ(told.last().caused_by.size(), 20u);
  EXPECT_EQ(told.last().event.id, told.last().caused_by.back());
}

TEST_F(UnusualRate, is_not_what_is_usual) {
  see_usual(0, 60);
  told.advance(minute(60));
  EXPECT_TRUE(told.matches.empty());
}

TEST_F(UnusualRate, may_be_silence) {
  see_usual(0, 6);
  told.advance(minute(6));
  ASSERT_EQ(told.advance(minute(7)), 1u);
  EXPECT_EQ(told.last().count, 0u);
  EXPECT_EQ(told.last().at, minute(7));
  EXPECT_EQ(told.last().caused_by, std::vector<Ulid>{told.last().event.id});
  EXPECT_EQ(told.last().event.occurred_at, minute(5) + seconds(5)) << "the last there was";
}

TEST_F(UnusualRate, is_due_until_the_key_has_been_silent_for_all_its_samples) {
  see_usual(0, 6);
  std::size_t decided = 0;
  for (; told.run->due() && decided < 100; ++decided) told.advance(*told.run->due());
  EXPECT_EQ(decided, 11u) << "bucket 5, and ten empty ones";
}

TEST_F(UnusualRate, is_not_known_from_too_few_buckets) {
  see_usual(0, 3);
  see(20, 3);
  EXPECT_EQ(told.advance(minute(4)), 0u);
}

TEST_F(UnusualRate, counts_empty_buckets_between_others_as_samples) {
  see(10, 0);
  see(10, 4);
  see(60, 5);
  ASSERT_EQ(told.advance(minute(6)), 1u);
  EXPECT_EQ(told.last().mean, 4);
}

TEST_F(UnusualRate, counts_events_in_the_buckets_they_happened_in) {
  auto options = unusual_traffic();
  options.lateness = minutes(2);
  Told patient(rules::rate_anomaly(options));
  for (std::int64_t i = 0; i < 4; ++i)
    for (int each = 0; each < 5; ++each) patient.see("called", minute(i));
  for (int each = 0; each < 20; ++each) patient.see("called", minute(4), minute(6));
  EXPECT_TRUE(patient.matches.empty());
  EXPECT_EQ(patient.advance(minute(7)), 1u);
  EXPECT_EQ(patient.last().at, minute(5));
  EXPECT_EQ(patient.last().count, 20u);
}

TEST_F(UnusualRate, of_a_bucket_already_judged_is_a_sample_only) {
  see_usual(0, 4);
  told.advance(minute(5));
  told.matches.clear();
  for (int i = 0; i < 20; ++i) told.see("called", minute(3), minute(5));
  EXPECT_TRUE(told.matches.empty());
}

TEST_F(UnusualRate, is_judged_however_far_the_clock_jumps) {
  see_usual(0, 6);
  told.advance(at(hours(24 * 365 * 20)));
  EXPECT_EQ(told.run->due(), std::nullopt);
  EXPECT_EQ(told.run->counts().keys, 0u);
  EXPECT_GE(told.matches.size(), 1u);
}

}  // namespace
}  // namespace annal::test
