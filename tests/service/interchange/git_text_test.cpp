#include "annal/interchange/git_text.hpp"

#include "annal/event/json.hpp"

#include <gtest/gtest.h>

namespace annal::interchange {
namespace {

TEST(FileContent, text_becomes_a_json_string_that_gives_back_its_bytes) {
  for (const std::string text : {"", "line\n", "ümläut \"quoted\" \\ \t\r\n",
                                 "\xEF\xBB\xBFwith a byte order mark", "\x01\x1f\x7f"}) {
    const auto json = file_content(text);
    EXPECT_FALSE(check_json(json)) << json;
    EXPECT_EQ(json_unquote(json), text);
  }
}

TEST(FileContent, bytes_that_are_no_text_become_base_64) {
  EXPECT_EQ(file_content("\xff\xfe"), R"({"encoding":"base64","data":"//4="})");
  EXPECT_EQ(file_content(std::string("a\0b", 3)), R"({"encoding":"base64","data":"YQBi"})");
}

TEST(FileContent, a_link_names_its_target) {
  EXPECT_EQ(symlink_content("../a b"), R"({"symlink":"../a b"})");
  EXPECT_EQ(symlink_content("\xff"), R"({"symlink":{"encoding":"base64","data":"/w=="}})");
}

TEST(GitText, what_is_no_utf8_is_read_as_latin_1) {
  EXPECT_EQ(as_utf8("J\xfcrgen"), "Jürgen");
  EXPECT_EQ(as_utf8("Jürgen"), "Jürgen");
}

TEST(GitText, is_cut_behind_a_character) {
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdefg", 6), "abc…");
  EXPECT_EQ(shortened("aäöüß", 8), "aäö…");
  EXPECT_EQ(shortened("aäöüß", 7), "aä…");
}

TEST(GitTime, becomes_a_time_between_the_years_1_and_9999) {
  EXPECT_EQ(to_iso8601(to_timestamp({1767323045, "+0200"})), "2026-01-02T03:04:05Z");
  EXPECT_EQ(to_iso8601(to_timestamp({std::numeric_limits<std::int64_t>::max(), "+0000"})),
            "9999-12-31T23:59:59Z");
  EXPECT_EQ(to_iso8601(to_timestamp({std::numeric_limits<std::int64_t>::min(), "+0000"})),
            "0001-01-01T00:00:00Z");
  EXPECT_EQ(to_string(GitTime{-5, "-0330"}), "-5 -0330");
}

}  // namespace
}  // namespace annal::interchange
