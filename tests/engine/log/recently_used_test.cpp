#include "annal/log/recently_used.hpp"

#include <gtest/gtest.h>

#include <string>

namespace annal::test {
namespace {

using Values = RecentlyUsed<std::string, int>;

TEST(RecentlyUsed, remembers_what_was_put) {
  Values values(4);
  values.put("a", 1);
  ASSERT_NE(values.find("a"), nullptr);
  EXPECT_EQ(*values.find("a"), 1);
  EXPECT_EQ(values.find("b"), nullptr);
  values.put("a", 2);
  EXPECT_EQ(*values.find("a"), 2);
}

TEST(RecentlyUsed, never_holds_more_than_its_limit) {
  Values values(10);
  for (int i = 0; i < 1000; ++i) {
    values.put(std::to_string(i), i);
    EXPECT_LE(values.size(), 10u);
  }
}

TEST(RecentlyUsed, forgets_what_was_not_used_for_long_and_keeps_what_was) {
  Values values(10);
  values.put("used", 1);
  values.put("unused", 2);
  for (int i = 0; i < 100; ++i) {
    values.put(std::to_string(i), i);
    ASSERT_TRUE(values.find("used")) << "after " << i;
  }
  EXPECT_EQ(values.find("unused"), nullptr);
}

TEST(RecentlyUsed, holds_one_at_least) {
  Values values(0);
  values.put("a", 1);
  EXPECT_TRUE(values.find("a"));
}

TEST(RecentlyUsed, forgets_what_it_is_told_to_in_both_generations) {
  Values values(4);
  for (const auto* name : {"a1", "b1", "a2"}) values.put(name, 1);
  values.forget_if([](const std::string& name) { return name[0] == 'a'; });
  EXPECT_EQ(values.find("a1"), nullptr);
  EXPECT_EQ(values.find("a2"), nullptr);
  EXPECT_TRUE(values.find("b1"));
  values.clear();
  EXPECT_EQ(values.size(), 0u);
}

}  // namespace
}  // namespace annal::test
