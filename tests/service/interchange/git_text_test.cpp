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

TEST(FileContent, is_read_back) {
  for (const std::string& bytes :
       {std::string("text\n"), std::string("a\0b", 3), std::string("\xff")})
    EXPECT_EQ(read_content(file_content(bytes)).bytes, bytes);
  for (const char* target : {"../a b", "caf\xe9"}) {
    const auto link = read_content(symlink_content(target));
    EXPECT_EQ(link.kind, ContentKind::symlink);
    EXPECT_EQ(link.bytes, target);
  }
}

TEST(FileContent, is_told_from_other_json_by_its_shape) {
  EXPECT_EQ(read_content("\"a\\n\"").bytes, "a\n");
  EXPECT_EQ(read_content(R"({"encoding":"base64","data":""})").kind, ContentKind::binary);
  EXPECT_EQ(read_content(R"({"encoding":"base64","data":"AA=="})").bytes, std::string(1, '\0'));
  EXPECT_EQ(read_content(R"({"encoding":"base64","data":"AAE="})").bytes, std::string("\0\1", 2));
  EXPECT_EQ(read_content(R"({"encoding":"base64","data":"A"})").kind, ContentKind::json);
  EXPECT_EQ(read_content(R"({"encoding":"base64","data":"A==="})").kind, ContentKind::json);
  EXPECT_EQ(read_content(R"({"encoding":"base64","data":"A*A="})").kind, ContentKind::json);
  EXPECT_EQ(read_content(R"({"encoding":"base64","data":1})").kind, ContentKind::json);
  EXPECT_EQ(read_content(R"({"symlink":"a"})").kind, ContentKind::symlink);
  EXPECT_EQ(read_content(R"({"symlink":1})").kind, ContentKind::json);
  EXPECT_EQ(read_content(R"({"symlink":{"symlink":"a"}})").kind, ContentKind::json);
  EXPECT_EQ(read_content("[1.0]").bytes, "[1.0]");
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
