// Rules about a number that events tell.
#include "annal/bus/rules/threshold_rule.hpp"

#include "engine/bus/rules/told.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

class Threshold : public ::testing::Test {
 protected:
  Threshold() { catalogue.add<Load>("loaded"); }

  rules::Threshold options() {
    return {.name = "hot",
            .of = of_type("loaded"),
            .number = rules::number_of<Load>(catalogue, &Load::percent),
            .limit = rules::at_least(90),
            .emit = emits("noted")};
  }

  Envelope loaded(Told& by, std::optional<double> percent, Timestamp happened,
                  std::optional<Timestamp> recorded = {}) {
    Envelope event = by.event("loaded", happened, recorded);
    const Envelope payload = catalogue.wrap(Load{percent, "h", 1});
    event.codec = payload.codec;
    event.data = payload.data;
    return event;
  }

  // How many matches a row of numbers gives, a minute after one another.
  std::size_t matches_of(rules::Threshold of, const std::vector<double>& numbers) {
    Told by(rules::threshold(std::move(of)));
    for (std::size_t i = 0; i < numbers.size(); ++i)
      by.see(loaded(by, numbers[i], minute(static_cast<std::int64_t>(i))));
    return by.matches.size();
  }

  Catalogue catalogue;
};

TEST_F(Threshold, tells_a_number_that_meets_it) {
  Told told(rules::threshold(options()));
  EXPECT_EQ(told.see(loaded(told, 89.9, minute(0))), 0u);
  ASSERT_EQ(told.see(loaded(told, 90, minute(1))), 1u);
  EXPECT_EQ(told.last().value, 90);
  EXPECT_EQ(told.last().at, minute(1));
  EXPECT_EQ(told.last().caused_by, ids({2}));
}

TEST_F(Threshold, speaks_once_until_the_number_goes_back) {
  EXPECT_EQ(matches_of(options(), {95, 96, 97}), 1u);
  EXPECT_EQ(matches_of(options(), {95, 50, 97}), 2u);
}

TEST_F(Threshold, may_speak_each_time) {
  auto each = options();
  each.says = rules::Says::each_time;
  EXPECT_EQ(matches_of(each, {95, 96, 50, 97}), 3u);
}

TEST_F(Threshold, can_be_a_lower_bound_or_two) {
  auto low = options();
  low.limit = rules::at_most(10);
  EXPECT_EQ(matches_of(low, {11, 10, 50, 9}), 2u);
  auto both = options();
  both.limit = rules::outside(10, 90);
  EXPECT_EQ(matches_of(both, {10, 90, 91, 50, 9}), 2u);
}

TEST_F(Threshold, ignores_events_that_tell_no_number) {
  Told told(rules::threshold(options()));
  told.see(loaded(told, 95, minute(0)));
  EXPECT_EQ(told.see(loaded(told, std::nullopt, minute(1))), 0u);
  EXPECT_EQ(told.see(loaded(told, std::nan(""), minute(2))), 0u);
  Envelope purged = loaded(told, 95, minute(3));
  purge(purged);
  EXPECT_EQ(told.see(purged), 0u);
  EXPECT_EQ(told.see(loaded(told, 95, minute(4))), 0u) << "still above";
}

TEST_F(Threshold, puts_late_numbers_where_they_belong) {
  Told told(rules::threshold(options()));
  told.see(loaded(told, 50, minute(0)));
  told.see(loaded(told, 50, minute(10)));
  ASSERT_EQ(told.see(loaded(told, 95, minute(5), minute(11))), 1u);
  EXPECT_EQ(told.last().at, minute(5));
  EXPECT_EQ(told.see(loaded(told, 96, minute(6), minute(12))), 0u) << "the one before met it";
  EXPECT_EQ(told.see(loaded(told, 94, minute(4), minute(12))), 0u) << "the one after has spoken";
}

TEST_F(Threshold, speaks_again_after_a_silence_as_long_as_its_memory) {
  Told told(rules::threshold(options()));
  told.see(loaded(told, 95, minute(0)));
  EXPECT_EQ(told.see(loaded(told, 95, at(hours(23)))), 0u);
  EXPECT_EQ(told.see(loaded(told, 95, at(hours(47)))), 1u);
}

TEST_F(Threshold, lets_what_does_not_decode_through_to_the_caller_and_goes_on) {
  Told told(rules::threshold(options()));
  Envelope damaged = loaded(told, 95, minute(0));
  damaged.data.pop_back();
  EXPECT_THROW(told.see(damaged), DecodeError);
  EXPECT_EQ(told.see(loaded(told, 95, minute(1))), 1u);
}

TEST_F(Threshold, needs_a_type_that_the_catalogue_lists) {
  const Catalogue empty;
  EXPECT_THROW((void)rules::number_of<Load>(empty, &Load::percent), ConfigurationError);
}

TEST_F(Threshold, reads_numbers_and_keys_by_any_function_of_the_payload) {
  Envelope event = catalogue.wrap(Load{40.0, "h", 7});
  EXPECT_EQ(rules::number_of<Load>(catalogue, &Load::shelf)(event), 7.0);
  EXPECT_EQ(
      rules::number_of<Load>(catalogue, [](const Load& load) { return *load.percent / 2; })(event),
      20.0);
  EXPECT_EQ(rules::by_field<Load>(catalogue, &Load::host)(event), "h");
  EXPECT_EQ(rules::by_field<Load>(catalogue, &Load::shelf)(event), "7");
  event.type = "other";
  EXPECT_EQ(rules::by_field<Load>(catalogue, &Load::host)(event), std::nullopt);
}

}  // namespace
}  // namespace annal::test
