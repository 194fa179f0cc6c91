// `annal log` and `annal diff`.
#include "cli/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace annal::cli::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

void fill(const Shell& shell) {
  shell.ok({"put", "notes/a", "--title", "A", "--text", "one\ntwo\nthree\n", "--author", "ann"});
  shell.ok({"put", "orders/7", "--content", R"({"total":1,"lines":[1]})"});
  shell.ok({"put", "notes/a", "--title", "B", "--text", "one\n2\nthree\nfour"});
  shell.ok({"patch", "orders/7", "--content", R"({"total":2})"});
  shell.ok({"delete", "notes/a", "--reason", "done"});
}

std::vector<int> positions(const std::string& log) {
  std::vector<int> result;
  const auto answer = json::parse(log);
  for (const auto& event : answer.at("events")) result.push_back(event.at("position"));
  return result;
}

TEST(Log, shows_everything_newest_first_or_oldest_first) {
  const Shell shell;
  fill(shell);
  EXPECT_EQ(positions(shell.ok({"log", "--json"})), (std::vector{5, 4, 3, 2, 1}));
  EXPECT_EQ(positions(shell.ok({"log", "--json", "--reverse"})), (std::vector{1, 2, 3, 4, 5}));
  EXPECT_EQ(positions(shell.ok({"log", "--json", "--limit", "2"})), (std::vector{5, 4}));
}

TEST(Log, shows_one_document_or_one_collection) {
  const Shell shell;
  fill(shell);
  EXPECT_EQ(positions(shell.ok({"log", "notes/a", "--json"})), (std::vector{5, 3, 1}));
  EXPECT_EQ(positions(shell.ok({"log", "orders", "--json"})), (std::vector{4, 2}));
  EXPECT_EQ(positions(shell.ok({"log", "orders", "--limit", "1", "--json"})), (std::vector{4}));
  EXPECT_EQ(shell.annal({"log", "notes/nosuch"}).code, 1);
}

TEST(Log, shows_what_lies_between_two_points) {
  const Shell shell;
  fill(shell);
  EXPECT_EQ(positions(shell.ok({"log", "@2..@4", "--json"})), (std::vector{4, 3}));
  EXPECT_EQ(positions(shell.ok({"log", "notes", "..head~1", "--json"})), (std::vector{3, 1}));
  EXPECT_EQ(positions(shell.ok({"log", "notes/a@v1..v2", "--json"})), (std::vector{3}));
  EXPECT_EQ(positions(shell.ok({"log", "notes/a@v1..@v3", "--json"})), (std::vector{5, 3}));
  EXPECT_EQ(positions(shell.ok({"log", "notes/a@v2", "--json"})), (std::vector{3, 1}));
  EXPECT_EQ(positions(shell.ok({"log", "notes/a", "--at", "3", "--json"})), (std::vector{3, 1}));
  EXPECT_EQ(positions(shell.ok({"log", "@5..", "--json"})), (std::vector<int>{}));
  EXPECT_EQ(shell.annal({"log", "@4..@2"}).code, 2);
  EXPECT_EQ(shell.annal({"log", "@4..@99"}).code, 1);
}

TEST(Log, shows_types_by_pattern) {
  const Shell shell;
  fill(shell);
  EXPECT_EQ(positions(shell.ok({"log", "--type", "*.created", "--json"})), (std::vector{2, 1}));
  EXPECT_EQ(positions(shell.ok(
                {"log", "--type", "document.patched", "--type", "document.deleted", "--json"})),
            (std::vector{5, 4}));
  EXPECT_EQ(shell.annal({"log", "--type", "document..x"}).code, 2);
}

TEST(Log, says_in_json_where_it_began_and_ended_and_what_the_events_say) {
  const Shell shell;
  fill(shell);
  const auto log = json::parse(shell.ok({"log", "@4..", "--json"}));
  EXPECT_EQ(log.at("from"), 4);
  EXPECT_EQ(log.at("to"), 5);
  const auto& event = log.at("events")[0];
  EXPECT_EQ(event.at("type"), "document.deleted");
  EXPECT_EQ(event.at("stream"), "document/notes/a");
  EXPECT_EQ(event.at("version"), 3);
  EXPECT_EQ(event.at("data").at("reason"), "done");
}

TEST(Log, is_for_people_in_blocks_and_lines) {
  const Shell shell;
  fill(shell);
  const std::string lines = shell.ok({"log", "--oneline"});
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 5);
  EXPECT_THAT(lines, testing::MatchesRegex("@5 2[^ ]+ document.deleted notes/a@v3 .*"));
  const std::string blocks = shell.ok({"log", "notes/a", "--limit", "1"});
  EXPECT_THAT(blocks, HasSubstr("@5 document.deleted notes/a@v3\n"));
  EXPECT_THAT(blocks, HasSubstr("  recorded 2"));
  EXPECT_THAT(blocks, HasSubstr("done"));
}

TEST(Diff, shows_the_lines_of_a_text_that_changed) {
  const Shell shell;
  fill(shell);
  const std::string expected =
      "--- notes/a@v1\n+++ notes/a@v2\n-title: A\n+title: B\n@@ -1,3 +1,4 @@\n one\n-two\n+2\n "
      "three\n+four\n"
      "\\ No newline at end of text\n";
  EXPECT_EQ(shell.ok({"diff", "notes/a@v1..v2"}), expected);
  EXPECT_EQ(shell.ok({"diff", "notes/a@v1..@v2"}), expected);
  EXPECT_EQ(shell.ok({"diff", "notes/a", "v1", "@v2"}), expected);
  EXPECT_EQ(shell.ok({"diff", "notes/a", "1", "3"}), expected);
  EXPECT_EQ(shell.ok({"diff", "notes/a", "v2", "@3"}), "");
}

TEST(Diff, shows_the_members_of_json_that_changed) {
  const Shell shell;
  fill(shell);
  const std::string diff = shell.ok({"diff", "orders/7", "v1"});
  EXPECT_THAT(diff, HasSubstr("\n-  \"total\": 1"));
  EXPECT_THAT(diff, HasSubstr("\n+  \"total\": 2"));
  EXPECT_THAT(diff, Not(HasSubstr("title")));
}

TEST(Diff, is_a_json_patch_when_asked_for_json) {
  const Shell shell;
  fill(shell);
  const auto diff = json::parse(shell.ok({"diff", "orders/7@v1..v2", "--json"}));
  EXPECT_EQ(diff.at("from").at("position"), 2);
  EXPECT_EQ(diff.at("to").at("version"), 2);
  const auto before = json::parse(R"({"title":"","content":{"total":1,"lines":[1]}})");
  const auto after = json::parse(R"({"title":"","content":{"total":2,"lines":[1]}})");
  EXPECT_EQ(before.patch(diff.at("patch")), after);
}

TEST(Diff, begins_and_ends_with_nothing_where_the_document_was_not_there) {
  const Shell shell;
  fill(shell);
  EXPECT_THAT(shell.ok({"diff", "notes/a@0..v1"}),
              StartsWith("--- (nothing)\n+++ notes/a@v1\n+title: A\n@@ -0,0 +1,3 @@\n"));
  EXPECT_THAT(shell.ok({"diff", "notes/a@v2..head"}), HasSubstr("--- notes/a@v2\n+++ (nothing)\n"));
  EXPECT_EQ(shell.annal({"diff", "notes/b@v1..v2"}).code, 1);
  EXPECT_EQ(shell.annal({"diff", "notes/a"}).code, 2);
}

}  // namespace
}  // namespace annal::cli::test
