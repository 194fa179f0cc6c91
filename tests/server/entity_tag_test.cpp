#include "annal/server/entity_tag.hpp"

#include "annal/error.hpp"

#include <gtest/gtest.h>

namespace annal::server {
namespace {

TEST(EntityTag, is_the_version_in_quotes) { EXPECT_EQ(entity_tag(Version{7}), "\"7\""); }

TEST(TagCondition, matches_the_version_it_names) {
  const auto condition = TagCondition::parse("\"7\"");
  EXPECT_TRUE(condition.matches_strongly(Version{7}));
  EXPECT_FALSE(condition.matches_strongly(Version{8}));
  EXPECT_EQ(condition.only_version(), Version{7});
}

TEST(TagCondition, matches_any_of_a_list) {
  const auto condition = TagCondition::parse(" \"7\" ,\"9\"");
  EXPECT_TRUE(condition.matches_strongly(Version{9}));
  EXPECT_FALSE(condition.matches_strongly(Version{8}));
  EXPECT_EQ(condition.only_version(), std::nullopt);
}

TEST(TagCondition, matches_a_weak_tag_in_weak_comparison_only) {
  const auto condition = TagCondition::parse("W/\"7\"");
  EXPECT_TRUE(condition.matches_weakly(Version{7}));
  EXPECT_FALSE(condition.matches_strongly(Version{7}));
  EXPECT_EQ(condition.only_version(), std::nullopt);
}

TEST(TagCondition, with_an_asterisk_matches_everything) {
  EXPECT_TRUE(TagCondition::parse("*").matches_strongly(Version{1}));
  EXPECT_EQ(TagCondition::parse("*").only_version(), std::nullopt);
}

TEST(TagCondition, never_matches_a_tag_that_is_none_of_ours) {
  for (const auto* tag :
       {"\"x\"", "\"07\"", "\"7 \"", "\"\"", "\"0\"", "\"99999999999999999999\""}) {
    const auto condition = TagCondition::parse(tag);
    EXPECT_FALSE(condition.matches_strongly(Version{7})) << tag;
    EXPECT_FALSE(condition.matches_strongly(Version{0})) << tag;
    EXPECT_EQ(condition.only_version(), std::nullopt) << tag;
  }
}

TEST(TagCondition, refuses_what_is_no_list_of_tags) {
  for (const auto* text : {"", "7", "\"7", "\"7\" \"8\"", "\"7\",", "*, \"7\"", "w/\"7\""})
    EXPECT_THROW(TagCondition::parse(text), InvalidInput) << text;
}

}  // namespace
}  // namespace annal::server
