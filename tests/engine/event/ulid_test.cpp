#include "annal/event/ulid.hpp"

#include "fakes.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace annal {
namespace {

using namespace std::chrono_literals;
using test::ManualClock;
using test::SeededRandomness;

// Randomness that repeats one byte.
class Constant : public Randomness {
 public:
  explicit Constant(std::uint8_t byte) : byte_(byte) {}
  void fill(std::span<std::uint8_t> bytes) override {
    ++calls;
    std::fill(bytes.begin(), bytes.end(), byte_);
  }
  int calls = 0;

 private:
  std::uint8_t byte_;
};

std::uint64_t milliseconds_of(const Ulid& id) {
  std::uint64_t milliseconds = 0;
  for (int i = 0; i < 6; ++i)
    milliseconds = milliseconds << 8 | id.bytes[static_cast<std::size_t>(i)];
  return milliseconds;
}

// Source: the ULID specification's own example of a time part
TEST(Ulid, reads_as_26_characters_of_which_ten_are_the_time) {
  const ManualClock clock(Timestamp{1469918176385ms});
  SeededRandomness randomness;
  const auto text = UlidGenerator(clock, randomness).next().to_string();
  EXPECT_EQ(text.size(), 26U);
  EXPECT_EQ(text.substr(0, 10), "01ARYZ6S41");
}

TEST(Ulid, at_its_ends_is_all_zeros_and_7_followed_by_z) {
  Ulid highest;
  highest.bytes.fill(0xFF);
  EXPECT_EQ(Ulid{}.to_string(), "00000000000000000000000000");
  EXPECT_EQ(highest.to_string(), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
  EXPECT_EQ(Ulid::parse("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"), highest);
  EXPECT_EQ(Ulid::parse("00000000000000000000000000"), Ulid{});
}

TEST(Ulid, is_nil_only_when_every_byte_is_zero) {
  Ulid id;
  EXPECT_TRUE(id.is_nil());
  id.bytes[15] = 1;
  EXPECT_FALSE(id.is_nil());
}

RC_GTEST_PROP(Ulid, reads_back_what_it_writes_in_either_case,
              (std::array<std::uint8_t, 16> bytes)) {
  const Ulid id{bytes};
  std::string text = id.to_string();
  RC_ASSERT(Ulid::parse(text) == id);
  for (char& c : text)
    if (c >= 'A') c = static_cast<char>(c - 'A' + 'a');
  RC_ASSERT(Ulid::parse(text) == id);
}

RC_GTEST_PROP(Ulid, sorts_as_text_as_it_sorts_as_bytes,
              (std::array<std::uint8_t, 16> a, std::array<std::uint8_t, 16> b)) {
  RC_ASSERT((Ulid{a} < Ulid{b}) == (Ulid{a}.to_string() < Ulid{b}.to_string()));
}

TEST(Ulid, refuses_other_lengths_other_characters_and_more_than_128_bits) {
  const std::string good = "01ARYZ6S410000000000000000";
  ASSERT_TRUE(Ulid::parse(good));
  EXPECT_FALSE(Ulid::parse(""));
  EXPECT_FALSE(Ulid::parse(good.substr(1)));
  EXPECT_FALSE(Ulid::parse(good + "0"));
  EXPECT_FALSE(Ulid::parse("8ZZZZZZZZZZZZZZZZZZZZZZZZZ"));
  EXPECT_FALSE(Ulid::parse("ZZZZZZZZZZZZZZZZZZZZZZZZZZ"));
  for (const char bad : {'I', 'L', 'O', 'U', 'i', 'l', 'o', 'u', '-', ' ', '\0', '\x80', '['})
    EXPECT_FALSE(Ulid::parse(good.substr(0, 25) + bad)) << bad;
}

TEST(UlidGenerator, takes_fresh_randomness_in_every_millisecond) {
  ManualClock clock;
  Constant randomness(0x11);
  UlidGenerator generator(clock, randomness);
  for (int i = 0; i < 3; ++i) {
    generator.next();
    clock.advance(1ms);
  }
  EXPECT_EQ(randomness.calls, 3);
}

TEST(UlidGenerator, counts_up_within_a_millisecond) {
  ManualClock clock;
  Constant randomness(0x11);
  UlidGenerator generator(clock, randomness);
  const Ulid first = generator.next();
  clock.advance(999us);
  Ulid expected = first;
  ++expected.bytes[15];
  EXPECT_EQ(generator.next(), expected);
  EXPECT_EQ(randomness.calls, 1);
}

TEST(UlidGenerator, carries_into_the_next_byte) {
  const ManualClock clock;
  Constant randomness(0xFF);
  UlidGenerator generator(clock, randomness);
  generator.next();                    // all ones
  const Ulid next = generator.next();  // a millisecond later, all ones again
  Constant low(0);
  UlidGenerator counting(clock, low);
  for (int i = 0; i < 256; ++i) counting.next();
  const Ulid carried = counting.next();
  EXPECT_EQ(carried.bytes[14], 1);
  EXPECT_EQ(carried.bytes[15], 0);
  EXPECT_EQ(next.bytes[15], 0xFF);
}

TEST(UlidGenerator, moves_on_by_a_millisecond_when_80_bits_overflow) {
  const ManualClock clock(Timestamp{1000ms});
  Constant randomness(0xFF);
  UlidGenerator generator(clock, randomness);
  const Ulid first = generator.next();
  const Ulid second = generator.next();
  const Ulid third = generator.next();
  EXPECT_EQ(milliseconds_of(first), 1000U);
  EXPECT_EQ(milliseconds_of(second), 1001U);
  EXPECT_EQ(milliseconds_of(third), 1002U);
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

TEST(UlidGenerator, keeps_rising_when_the_clock_goes_back) {
  ManualClock clock(Timestamp{5000ms});
  SeededRandomness randomness;
  UlidGenerator generator(clock, randomness);
  const Ulid before = generator.next();
  clock.set(Timestamp{1000ms});
  const Ulid after = generator.next();
  EXPECT_LT(before, after);
  EXPECT_EQ(milliseconds_of(after), 5000U);
  clock.set(Timestamp{5001ms});
  EXPECT_EQ(milliseconds_of(generator.next()), 5001U);
}

TEST(UlidGenerator, takes_a_clock_before_the_epoch_for_one_at_it) {
  const ManualClock clock(Timestamp{-5ms});
  SeededRandomness randomness;
  UlidGenerator generator(clock, randomness);
  const Ulid first = generator.next();
  EXPECT_EQ(milliseconds_of(first), 0U);
  EXPECT_FALSE(first.is_nil());
  EXPECT_LT(first, generator.next());
}

RC_GTEST_PROP(UlidGenerator, gives_each_id_greater_than_the_one_before,
              (std::vector<std::int16_t> steps)) {
  ManualClock clock;
  SeededRandomness randomness(test::seed());
  UlidGenerator generator(clock, randomness);
  Ulid last;
  for (const auto step : steps) {
    clock.advance(std::chrono::microseconds{step});
    const Ulid id = generator.next();
    RC_ASSERT(last < id);
    last = id;
  }
}

}  // namespace
}  // namespace annal
