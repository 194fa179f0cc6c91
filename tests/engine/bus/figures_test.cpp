// Counts over the last minute, and quantiles of durations, against simple models.
#include "annal/bus/figures.hpp"

#include "seed.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace annal::test {
namespace {

using std::chrono::nanoseconds;

Timestamp at_second(std::int64_t second, std::chrono::microseconds more = {}) {
  return Timestamp(std::chrono::seconds(second)) + more;
}

TEST(SlidingCountTest, counts_what_happened_in_the_last_minute) {
  SlidingCount count;
  count.add(1000);
  count.add(1030);
  count.add(1030);
  EXPECT_DOUBLE_EQ(count.per_minute(at_second(1030)), 3);
  EXPECT_DOUBLE_EQ(count.per_minute(at_second(1060)), 3);
  EXPECT_DOUBLE_EQ(count.per_minute(at_second(1061)), 2);
  EXPECT_DOUBLE_EQ(count.per_minute(at_second(1091)), 0);
  EXPECT_DOUBLE_EQ(count.per_minute(at_second(1'000'000)), 0);
}

TEST(SlidingCountTest, lets_the_oldest_second_go_bit_by_bit) {
  SlidingCount count;
  for (int i = 0; i < 100; ++i) count.add(1000);
  EXPECT_DOUBLE_EQ(count.per_minute(at_second(1060, std::chrono::milliseconds(250))), 75);
}

TEST(SlidingCountTest, counts_a_clock_that_went_back_as_the_newest_second) {
  SlidingCount count;
  count.add(1000);
  count.add(900);
  EXPECT_DOUBLE_EQ(count.per_minute(at_second(1000)), 2);
  EXPECT_DOUBLE_EQ(count.per_minute(at_second(900)), 2);
  EXPECT_DOUBLE_EQ(count.per_minute(at_second(1061)), 0);
}

TEST(SlidingCountTest, may_be_asked_before_anything_happened_and_before_1970) {
  SlidingCount count;
  EXPECT_DOUBLE_EQ(count.per_minute(at_second(1'800'000'000)), 0);
  EXPECT_DOUBLE_EQ(count.per_minute(at_second(-5)), 0);
  count.add(-5);
  EXPECT_DOUBLE_EQ(count.per_minute(at_second(0)), 1);
}

TEST(SlidingCountTest, agrees_with_a_list_of_seconds_also_where_two_are_added) {
  std::mt19937_64 random(seed());
  for (int round = 0; round < 300; ++round) {
    SlidingCount ours, theirs;
    std::vector<std::int64_t> happened;
    const auto run = [&](SlidingCount& count) {
      std::int64_t second = 10'000 + static_cast<std::int64_t>(random() % 90);
      for (int i = 0; i < 40; ++i) {
        if (random() % 2 == 0) second += static_cast<std::int64_t>(random() % 9);
        if (random() % 30 == 0) second += static_cast<std::int64_t>(random() % 200);
        count.add(second);
        happened.push_back(second);
      }
    };
    run(ours);
    run(theirs);
    ours.add(theirs);
    const std::int64_t newest = *std::max_element(happened.begin(), happened.end());
    const std::int64_t now = newest + static_cast<std::int64_t>(random() % 70);
    const auto wanted = std::count_if(happened.begin(), happened.end(),
                                      [&](std::int64_t second) { return second >= now - 60; });
    ASSERT_DOUBLE_EQ(ours.per_minute(at_second(now)), static_cast<double>(wanted));
  }
}

TEST(LatencyHistogramTest, is_all_zero_before_anything_was_measured) {
  const auto latencies = LatencyHistogram().latencies();
  EXPECT_EQ(latencies.measured, 0u);
  EXPECT_EQ(latencies.p50, nanoseconds(0));
  EXPECT_EQ(latencies.longest, nanoseconds(0));
}

TEST(LatencyHistogramTest, knows_the_longest_exactly_and_nothing_longer) {
  LatencyHistogram histogram;
  for (const int duration : {5, 70, 1'234'567}) histogram.add(nanoseconds(duration));
  EXPECT_EQ(histogram.latencies().longest, nanoseconds(1'234'567));
  LatencyHistogram short_ones;
  short_ones.add(nanoseconds(3));
  EXPECT_EQ(short_ones.latencies().p99, nanoseconds(3));
}

TEST(LatencyHistogramTest, takes_a_negative_duration_for_none_and_days_for_a_day) {
  LatencyHistogram histogram;
  histogram.add(nanoseconds(-7));
  EXPECT_EQ(histogram.latencies().longest, nanoseconds(0));
  histogram.add(std::chrono::hours(24 * 300));
  EXPECT_EQ(histogram.latencies().longest, std::chrono::hours(24 * 300));
  EXPECT_EQ(histogram.latencies().measured, 2u);
}

// Durations from 64 ns to hours, as many of each size.
std::vector<std::int64_t> any_durations(std::mt19937_64& random) {
  std::vector<std::int64_t> durations(1 + random() % 300);
  const auto octaves = 1 + random() % 36;
  for (auto& duration : durations) {
    const std::uint64_t octave = std::uint64_t{64} << random() % octaves;
    duration = static_cast<std::int64_t>(octave + random() % octave);
  }
  return durations;
}

void expect_within_a_fifth(const std::vector<std::int64_t>& sorted, double part,
                           nanoseconds measured) {
  const auto place = static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1));
  const auto wanted = static_cast<double>(sorted[place]);
  EXPECT_NEAR(static_cast<double>(measured.count()), wanted, wanted / 5) << part;
}

TEST(LatencyHistogramTest, has_quantiles_within_a_fifth_also_where_two_are_added) {
  std::mt19937_64 random(seed());
  for (int round = 0; round < 300; ++round) {
    auto durations = any_durations(random);
    LatencyHistogram one, other;
    for (const auto duration : durations)
      (random() % 2 == 0 ? one : other).add(nanoseconds(duration));
    other.add_to(one);
    std::sort(durations.begin(), durations.end());
    const auto latencies = one.latencies();
    ASSERT_EQ(latencies.measured, durations.size());
    EXPECT_EQ(latencies.longest.count(), durations.back());
    expect_within_a_fifth(durations, 0.5, latencies.p50);
    expect_within_a_fifth(durations, 0.95, latencies.p95);
    expect_within_a_fifth(durations, 0.99, latencies.p99);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace annal::test
