#include "annal/interchange/git_path.hpp"

#include <gtest/gtest.h>

namespace annal::interchange {
namespace {

std::optional<std::string> last(std::string_view text) {
  auto path = take_git_path(text, true);
  return text.empty() ? path : std::nullopt;
}

TEST(GitPath, a_plain_path_reaches_to_the_end_of_the_line) {
  EXPECT_EQ(last("src/main.cpp"), "src/main.cpp");
  EXPECT_EQ(last("with space and \"quotes\""), "with space and \"quotes\"");
}

TEST(GitPath, the_first_of_two_plain_paths_ends_at_the_space) {
  std::string_view text = "old/name new/name";
  EXPECT_EQ(take_git_path(text, false), "old/name");
  EXPECT_EQ(text, " new/name");
}

TEST(GitPath, a_quoted_path_is_unquoted) {
  EXPECT_EQ(last(R"("a b")"), "a b");
  EXPECT_EQ(last(R"("tab\there \"and\" back\\slash\n")"), "tab\there \"and\" back\\slash\n");
  EXPECT_EQ(last(R"("\303\244\342\202\254.txt")"), "ä€.txt");
  EXPECT_EQ(last(R"("\a\b\f\r\v\001\377")"), std::string("\a\b\f\r\v\001\377"));
}

TEST(GitPath, what_follows_a_quoted_path_is_left) {
  std::string_view text = R"("old name" "new name")";
  EXPECT_EQ(take_git_path(text, false), "old name");
  EXPECT_EQ(text, R"( "new name")");
}

TEST(GitPath, refuses_quotes_that_do_not_close_and_escapes_there_are_not) {
  for (const char* text : {"\"open", "\"\\x41\"", "\"\\12\"", "\"\\477\"", "\"\\\"", "\"\"", ""})
    EXPECT_EQ(last(text), std::nullopt) << text;
}

}  // namespace
}  // namespace annal::interchange
