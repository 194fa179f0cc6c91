// The pieces the commands are made of.
#include "annal/effects/kinds.hpp"
#include "annal/error.hpp"
#include "exit_code.hpp"
#include "fakes.hpp"
#include "interruption.hpp"
#include "invocation.hpp"
#include "naming.hpp"
#include "print/escape.hpp"
#include "print/json_text.hpp"
#include "print/line_diff.hpp"
#include "print/progress.hpp"
#include "seed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <clocale>
#include <thread>

namespace annal::cli {
namespace {

using testing::ElementsAre;

TEST(InterruptionDeathTest, the_first_asks_and_the_second_ends_the_process) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto interrupted_twice = [] {
    const Interruption interruption;
    ::kill(::getpid(), SIGINT);
    while (!interruption.token().stop_requested()) std::this_thread::yield();
    ::kill(::getpid(), SIGINT);
    std::this_thread::sleep_for(std::chrono::seconds(60));
  };
  EXPECT_EXIT(interrupted_twice(), testing::KilledBySignal(SIGINT), "");
}

TEST(ExitCodes, follow_the_kind_of_fault) {
  EXPECT_EQ(exit_code_of(UnknownPoint("")), ExitCode::not_found);
  EXPECT_EQ(exit_code_of(NotThere("")), ExitCode::not_found);
  EXPECT_EQ(exit_code_of(InvalidInput("")), ExitCode::usage);
  EXPECT_EQ(exit_code_of(CorruptionError("")), ExitCode::corrupt);
  EXPECT_EQ(exit_code_of(UnknownFormat("")), ExitCode::corrupt);
  EXPECT_EQ(exit_code_of(DecodeError("")), ExitCode::corrupt);
  EXPECT_EQ(exit_code_of(CannotOpen("")), ExitCode::cannot_open);
  EXPECT_EQ(exit_code_of(StorageError("")), ExitCode::input_output);
  EXPECT_EQ(exit_code_of(InputOutputError("")), ExitCode::input_output);
  EXPECT_EQ(exit_code_of(StoreBusy("")), ExitCode::busy);
  EXPECT_EQ(exit_code_of(PermissionDenied("")), ExitCode::permission);
  EXPECT_EQ(exit_code_of(ConfigurationError("")), ExitCode::configuration);
  EXPECT_EQ(exit_code_of(std::bad_alloc()), ExitCode::input_output);
}

TEST(ExitCodes, follow_the_outcome_of_a_change) {
  const DocumentKey key{"orders", "7"};
  const auto rejected = [](auto reason) { return exit_code_of(ChangeOutcome(Rejected{reason})); };
  EXPECT_EQ(exit_code_of(ChangeOutcome(Changed{})), ExitCode::ok);
  EXPECT_EQ(exit_code_of(ChangeOutcome(Unknown{"fsync failed"})), ExitCode::outcome_unknown);
  EXPECT_EQ(exit_code_of(ChangeOutcome(StaleVersion{key, ExpectedVersion::any(), {}})),
            ExitCode::conflict);
  EXPECT_EQ(exit_code_of(ChangeOutcome(Refused{document::NotFound{}, key, {}})),
            ExitCode::not_found);
  EXPECT_EQ(exit_code_of(ChangeOutcome(Refused{document::AlreadyExists{}, key, {}})),
            ExitCode::conflict);
  EXPECT_EQ(exit_code_of(ChangeOutcome(Refused{document::TooBig{}, key, {}})), ExitCode::usage);
  EXPECT_EQ(exit_code_of(ChangeOutcome(Refused{document::InvalidContent{}, key, {}})),
            ExitCode::usage);
  EXPECT_EQ(rejected(TooLarge{}), ExitCode::usage);
  EXPECT_EQ(rejected(Malformed{}), ExitCode::usage);
  EXPECT_EQ(rejected(Busy{}), ExitCode::busy);
  EXPECT_EQ(rejected(DiskFull{}), ExitCode::input_output);
  EXPECT_EQ(rejected(Closed{}), ExitCode::input_output);
  EXPECT_EQ(rejected(Vetoed{}), ExitCode::conflict);
  EXPECT_EQ(rejected(IdempotencyMismatch{}), ExitCode::conflict);
}

TEST(LineDiff, of_equal_texts_is_empty) {
  EXPECT_TRUE(unified_diff("", "").empty());
  EXPECT_TRUE(unified_diff("a\nb", "a\nb").empty());
}

TEST(LineDiff, shows_context_around_changes_and_joins_those_that_are_near) {
  EXPECT_THAT(unified_diff("a\nb\nc\n", "a\nx\nc\n", 1),
              ElementsAre("@@ -1,3 +1,3 @@", " a", "-b", "+x", " c"));
  EXPECT_THAT(
      unified_diff("1\n2\n3\n4\n5\n6\n7\n", "x\n2\n3\n4\n5\n6\ny\n", 1),
      ElementsAre("@@ -1,2 +1,2 @@", "-1", "+x", " 2", "@@ -6,2 +6,2 @@", " 6", "-7", "+y"));
  EXPECT_THAT(unified_diff("1\n2\n3\n", "x\n2\ny\n", 1),
              ElementsAre("@@ -1,3 +1,3 @@", "-1", "+x", " 2", "-3", "+y"));
}

TEST(LineDiff, begins_at_line_zero_of_an_empty_text) {
  EXPECT_THAT(unified_diff("", "a\n"), ElementsAre("@@ -0,0 +1 @@", "+a"));
  EXPECT_THAT(unified_diff("a\n", ""), ElementsAre("@@ -1 +0,0 @@", "-a"));
}

TEST(LineDiff, tells_where_the_last_newline_is_missing) {
  EXPECT_THAT(unified_diff("a\n", "a"),
              ElementsAre("@@ -1 +1 @@", "-a", "+a", "\\ No newline at end of text"));
}

// Takes the texts a diff speaks of out of it again.
std::pair<std::string, std::string> sides(const std::vector<std::string>& diff) {
  std::string before, after;
  for (const auto& line : diff) {
    const std::string text = line.substr(1) + '\n';
    if (line[0] == ' ' || line[0] == '-') before += text;
    if (line[0] == ' ' || line[0] == '+') after += text;
  }
  return {before, after};
}

TEST(LineDiff, holds_both_texts_and_no_more_changes_than_lines) {
  std::mt19937_64 random(annal::test::seed());
  const auto text_of = [&](std::size_t lines) {
    std::string text;
    for (std::size_t i = 0; i < lines; ++i) text += std::to_string(random() % 4) + '\n';
    return text;
  };
  for (int round = 0; round < 300; ++round) {
    const std::string before = text_of(random() % 20), after = text_of(random() % 20);
    const auto diff = unified_diff(before, after, 1000);
    if (before == after) {
      EXPECT_TRUE(diff.empty());
      continue;
    }
    EXPECT_EQ(sides(diff), std::pair(before, after));
  }
}

TEST(LineDiff, of_texts_with_nothing_in_common_still_ends_soon) {
  std::string before, after;
  for (int i = 0; i < 20000; ++i) {
    before += "a" + std::to_string(i) + '\n';
    after += "b" + std::to_string(i) + '\n';
  }
  const auto diff = unified_diff(before, after);
  EXPECT_EQ(diff.size(), 40001u);
  EXPECT_EQ(sides({diff.begin() + 1, diff.end()}), std::pair(before, after));
}

TEST(Escaping, makes_controls_and_broken_bytes_visible) {
  EXPECT_EQ(escape_controls("a\033[1m\x7f", Lines::kept), "a\\u001b[1m\\u007f");
  EXPECT_EQ(escape_controls("\302\205\342\200\256\357\273\277", Lines::kept),
            "\\u0085\\u202e\\ufeff");
  EXPECT_EQ(escape_controls("\xff\xc0\x80\xe2\x82", Lines::kept), "\\xff\\xc0\\x80\\xe2\\x82");
  EXPECT_EQ(escape_controls("ü 日本 😀", Lines::escaped), "ü 日本 😀");
  EXPECT_EQ(escape_controls("a\n\tb", Lines::kept), "a\n\tb");
  EXPECT_EQ(escape_controls("a\n\tb", Lines::escaped), "a\\u000a\\u0009b");
  EXPECT_EQ(escape_controls("\r", Lines::kept), "\\u000d");
}

TEST(Widths, count_columns_and_not_bytes) {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  EXPECT_EQ(display_width("für"), 3u);
  EXPECT_EQ(display_width("日本"), 4u);
  EXPECT_EQ(cut_to_width("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to_width("abcdef", 5), "abcd…");
  EXPECT_EQ(cut_to_width("日本語", 4), "日…");
  EXPECT_EQ(cut_to_width("abc", 0), "");
}

TEST(IndentedJson, keeps_every_value_as_it_stands) {
  EXPECT_EQ(
      indent_json(R"({"b":1.0,"a":[1e2,{}],"s":"x,{\"y\":[\\"})"),
      "{\n  \"b\": 1.0,\n  \"a\": [\n    1e2,\n    {}\n  ],\n  \"s\": \"x,{\\\"y\\\":[\\\\\"\n}");
  EXPECT_EQ(indent_json(" [ ] "), "[]");
  EXPECT_EQ(indent_json("\"text\""), "\"text\"");
}

TEST(JsonOnOneLine, keeps_its_tokens) {
  EXPECT_EQ(json_on_one_line("{\"a\":\t[1,\r\n2]}\n"), "{\"a\": [1,  2]} ");
}

TEST(StandardError, is_told_once_of_what_goes_wrong_in_a_change_that_is_made) {
  const annal::test::TemporaryFolder folder;
  Invocation invocation;
  invocation.store = (folder / "store.db").string();
  const auto store = invocation.open_to_write();
  store->handlers().on<effects::Notification>(
      [](const effects::Notification&) { throw StorageError("no mail today"); });
  const auto key = DocumentKey::of("a", "b");
  store->documents().create(key, {"t", {"1"}, "ann"});
  testing::internal::CaptureStderr();
  store->documents().update(key, {{}, Json{"2"}, "bob"});
  EXPECT_THROW(store->documents().get(key, AtPosition{Position{9}}), UnknownPoint);
  const auto said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, testing::StartsWith("annal: error: nobody could be told that a/b was changed"));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

const Timestamp moment = *parse_iso8601("2026-01-02T03:04:05Z");

TEST(Naming, finds_the_range_behind_a_name_that_may_hold_signs_and_dots) {
  EXPECT_EQ(name_and_range("orders/7@v3..v5", moment).name, "orders/7");
  EXPECT_EQ(name_and_range("orders/7@v3..@v5", moment).name, "orders/7");
  EXPECT_EQ(name_and_range("ann@work/7@1..@head", moment).name, "ann@work/7");
  EXPECT_FALSE(name_and_range("orders/a..b", moment).range);
  EXPECT_FALSE(name_and_range("orders/a@home..b", moment).range);
  EXPECT_FALSE(name_and_range("orders/7@v3", moment).range);
  EXPECT_FALSE(name_and_range("@", moment).range);
}

TEST(Naming, refuses_a_point_where_a_change_is_made) {
  EXPECT_EQ(document_to_change("orders/7", false, moment).id, "7");
  EXPECT_EQ(document_to_change("users/ann@home", false, moment).id, "ann@home");
  EXPECT_THROW(document_to_change("orders/7@v3", false, moment), InvalidInput);
  EXPECT_EQ(document_to_change("orders/7@v3", true, moment).id, "7@v3");
}

TEST(Naming, reads_what_is_expected_of_a_document) {
  EXPECT_EQ(expectation_of(std::nullopt).kind, Expectation::Kind::anything);
  EXPECT_EQ(expectation_of("none").kind, Expectation::Kind::none);
  EXPECT_EQ(expectation_of("exists").kind, Expectation::Kind::exists);
  EXPECT_EQ(expectation_of("3").version, Version{3});
  EXPECT_EQ(expectation_of("v3").version, Version{3});
  for (const char* text : {"", "0", "v", "-1", "3x", "some", "99999999999999999999"})
    EXPECT_THROW(expectation_of(text), InvalidInput) << text;
}

TEST(Sizes, are_told_in_words) {
  EXPECT_EQ(size_in_words(0), "0 bytes");
  EXPECT_EQ(size_in_words(1023), "1023 bytes");
  EXPECT_EQ(size_in_words(1536), "1.5 KiB");
  EXPECT_EQ(size_in_words(3ull << 40), "3.0 TiB");
}

}  // namespace
}  // namespace annal::cli
