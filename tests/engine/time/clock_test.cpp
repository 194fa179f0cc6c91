#include "annal/time/clock.hpp"

#include "seed.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace annal {
namespace {

using namespace std::chrono_literals;

Timestamp at(std::int64_t microseconds) {
  return Timestamp{std::chrono::microseconds{microseconds}};
}

TEST(Iso8601, leaves_the_fraction_out_when_it_is_zero) {
  EXPECT_EQ(to_iso8601(at(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(to_iso8601(at(1767323045000000)), "2026-01-02T03:04:05Z");
}

TEST(Iso8601, writes_six_digits_of_a_fraction) {
  EXPECT_EQ(to_iso8601(at(1767323045678901)), "2026-01-02T03:04:05.678901Z");
  EXPECT_EQ(to_iso8601(at(1)), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(to_iso8601(at(500000)), "1970-01-01T00:00:00.500000Z");
}

TEST(Iso8601, writes_times_before_the_epoch) {
  EXPECT_EQ(to_iso8601(at(-1)), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(to_iso8601(at(-62135596800000000)), "0001-01-01T00:00:00Z");
}

TEST(Iso8601, reads_a_date_as_its_midnight) {
  EXPECT_EQ(parse_iso8601("1970-01-02"), at(86400000000));
  EXPECT_EQ(parse_iso8601("2024-02-29"), at(1709164800000000));
}

TEST(Iso8601, reads_offsets_east_and_west_of_greenwich) {
  EXPECT_EQ(parse_iso8601("2026-01-02T05:04:05+02:00"), at(1767323045000000));
  EXPECT_EQ(parse_iso8601("2026-01-01T21:34:05-05:30"), at(1767323045000000));
  EXPECT_EQ(parse_iso8601("2026-01-02T03:04:05-00:00"), at(1767323045000000));
}

TEST(Iso8601, reads_small_letters_and_a_space_in_the_middle) {
  EXPECT_EQ(parse_iso8601("2026-01-02t03:04:05z"), at(1767323045000000));
  EXPECT_EQ(parse_iso8601("2026-01-02 03:04:05Z"), at(1767323045000000));
}

TEST(Iso8601, reads_fractions_of_one_to_nine_digits_and_cuts_what_is_below_a_microsecond) {
  EXPECT_EQ(parse_iso8601("1970-01-01T00:00:00.5Z"), at(500000));
  EXPECT_EQ(parse_iso8601("1970-01-01T00:00:00.000001Z"), at(1));
  EXPECT_EQ(parse_iso8601("1970-01-01T00:00:00.123456789Z"), at(123456));
  EXPECT_EQ(parse_iso8601("1970-01-01T00:00:00.000000999Z"), at(0));
}

class NoTime : public testing::TestWithParam<const char*> {};

TEST_P(NoTime, is_refused) { EXPECT_EQ(parse_iso8601(GetParam()), std::nullopt); }

INSTANTIATE_TEST_SUITE_P(
    Texts, NoTime,
    testing::Values("", "yesterday", "2026", "2026-01", "2026-1-2", "2026-13-01", "2026-00-10",
                    "2026-02-29", "2026-04-31", "2026-01-00", "0000-01-01", "12026-01-01",
                    "2026/01/02", "2026-01/02", "2026-01-02T", "2026-01-02T03", "2026-01-02T03:04",
                    "2026-01-02T03:04:05", "2026-01-02T03:04Z", "2026-01-02X03:04:05Z",
                    "2026-01-02T24:00:00Z", "2026-01-02T03:60:00Z", "2026-01-02T03:04:60Z",
                    "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05.1234567890Z",
                    "2026-01-02T03:04:05.5", "2026-01-02T03:04:05+2:00", "2026-01-02T03:04:05+0200",
                    "2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05+02:60",
                    "2026-01-02T03:04:05ZZ", "2026-01-02Z", " 2026-01-02", "2026-01-02 ",
                    "+026-01-02T03:04:05Z", "2026-01-02T+3:04:05Z"));

RC_GTEST_PROP(Iso8601, reads_back_every_time_it_writes, ()) {
  constexpr std::int64_t first = -62135596800000000, behind = 253402300800000000;  // years 1–9999
  const auto time = at(*rc::gen::inRange(first, behind));
  RC_ASSERT(parse_iso8601(to_iso8601(time)) == time);
}

TEST(SystemClock, tells_the_machine_s_time) {
  const auto before =
      std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  const auto now = system_clock().now();
  EXPECT_GE(now, before);
  EXPECT_LE(now, std::chrono::system_clock::now());
}

}  // namespace
}  // namespace annal
