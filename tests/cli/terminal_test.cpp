// What a terminal gets: colours, tables, and nothing from a document that it would obey.
#include "cli/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace annal::cli::test {
namespace {

using testing::HasSubstr;
using testing::Not;

// A title and a text that would colour, move and retitle a terminal;
// \u009b is CSI in one character.
constexpr const char* wicked = "\033[31mred\033]0;title\007\302\233\342\200\256";

void fill_with_wickedness(const Shell& shell) {
  shell.ok({"put", "notes/a", "--title", wicked, "--text", std::string(wicked) + "\nsecond\tline\n",
            "--author", wicked});
  shell.ok({"put", "notes/a", "--title", "plain", "--text", "first\nsecond\tline\n"});
  shell.ok(
      {"put", "notes/a", "--title", wicked, "--text", std::string(wicked) + "\nsecond\tline\n"});
}

std::vector<std::vector<std::string>> reading_commands() {
  return {{"get", "notes/a"},          {"get", "notes/a", "--json"},
          {"get", "notes/a", "--raw"}, {"list", "notes"},
          {"list", "notes", "--json"}, {"log"},
          {"log", "--oneline"},        {"log", "--json"},
          {"diff", "notes/a@v2..v3"},  {"diff", "notes/a@v2..v3", "--json"}};
}

TEST(Terminal, is_not_obeyed_by_what_a_document_says) {
  const Shell shell;
  fill_with_wickedness(shell);
  for (const auto& arguments : reading_commands()) {
    Start start = shell.start_of(arguments);
    start.environment["NO_COLOR"] = "1";
    const auto shown = run_on_terminal(start);
    EXPECT_EQ(shown.code, 0);
    EXPECT_THAT(shown.out, Not(HasSubstr("\033"))) << arguments[0];
    EXPECT_THAT(shown.out, Not(HasSubstr("\007"))) << arguments[0];
    EXPECT_THAT(shown.out, Not(HasSubstr("\302\233"))) << arguments[0];
    EXPECT_THAT(shown.out, Not(HasSubstr("\342\200\256"))) << arguments[0];
    EXPECT_THAT(shown.out, HasSubstr("\\u001b")) << arguments[0];
  }
}

TEST(Terminal, is_the_only_one_text_is_escaped_for) {
  const Shell shell;
  fill_with_wickedness(shell);
  EXPECT_EQ(shell.ok({"get", "notes/a", "--raw"}), std::string(wicked) + "\nsecond\tline\n");
  EXPECT_THAT(shell.ok({"diff", "notes/a@v2..v3"}), HasSubstr(std::string("\n+") + wicked));
}

TEST(Terminal, gets_colours_unless_they_are_refused) {
  const Shell shell;
  fill_with_wickedness(shell);
  Start start = shell.start_of({"log", "--limit", "1"});
  EXPECT_THAT(run_on_terminal(start).out, HasSubstr("\033[33m@3\033[0m"));
  start.environment["NO_COLOR"] = "1";
  EXPECT_THAT(run_on_terminal(start).out, Not(HasSubstr("\033[")));
  start.environment["NO_COLOR"] = "";
  EXPECT_THAT(run_on_terminal(start).out, HasSubstr("\033["));
  start.environment["TERM"] = "dumb";
  EXPECT_THAT(run_on_terminal(start).out, Not(HasSubstr("\033[")));
  EXPECT_THAT(shell.ok({"log", "--limit", "1"}), Not(HasSubstr("\033[")));
}

TEST(Terminal, gets_tables_as_wide_as_it_is) {
  const Shell shell;
  shell.ok({"put", "notes/a", "--title", std::string(300, 'x'), "--text", "1"});
  shell.ok({"put", "notes/longer", "--title", "日本語", "--text", "1"});
  Start start = shell.start_of({"list", "notes"});
  start.environment["NO_COLOR"] = "1";
  const std::string table = run_on_terminal(start, 60).out;
  EXPECT_THAT(table, HasSubstr("DOCUMENT      VERSION  MODIFIED "));
  EXPECT_THAT(table, HasSubstr("notes/a       v1       2"));
  EXPECT_THAT(table, HasSubstr("…\r\n"));
  EXPECT_THAT(shell.ok({"list", "notes"}), HasSubstr("notes/a\tv1\t2"));
}

TEST(Terminal, gets_a_document_with_its_title_and_indented_content) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--title", "Order 7", "--content", R"({"b":1.0,"a":[]})", "--author",
            "ann"});
  Start start = shell.start_of({"get", "orders/7"});
  start.environment["NO_COLOR"] = "1";
  const std::string shown = run_on_terminal(start).out;
  EXPECT_THAT(shown, HasSubstr("orders/7@v1\r\ntitle    Order 7\r\nauthor   ann\r\n"));
  EXPECT_THAT(shown, HasSubstr("{\r\n  \"b\": 1.0,\r\n  \"a\": []\r\n}\r\n"));
}

// A terminal's line ends made newlines again.
std::string without_returns(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
  return text;
}

TEST(Terminal, gets_json_that_is_json_and_others_get_it_on_one_line) {
  const Shell shell;
  const std::string content = "{\n\t\"a\": [1,\r\n 2]\n}";
  shell.ok({"put", "orders/7", "--content", content});
  const auto expected = nlohmann::json::parse(content);
  const std::string one = shell.ok({"get", "orders/7", "--json"});
  EXPECT_EQ(std::count(one.begin(), one.end(), '\n'), 1) << one;
  EXPECT_EQ(nlohmann::json::parse(one).at("content"), expected);
  const std::string log = shell.ok({"log", "--json"});
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 3) << log;

  Start start = shell.start_of({"log", "--json"});
  start.environment["NO_COLOR"] = "1";
  const auto shown = nlohmann::json::parse(without_returns(run_on_terminal(start).out));
  EXPECT_EQ(shown.at("events").at(0).at("data").at("content"), expected);
  start = shell.start_of({"get", "orders/7", "--json"});
  const auto indented = nlohmann::json::parse(without_returns(run_on_terminal(start).out));
  EXPECT_EQ(indented.at("content"), expected);
}

TEST(Terminal, errors_stay_one_line_whatever_the_name) {
  const Shell shell;
  const auto answer = shell.annal({"get", "notes/a\nb\033[31m"});
  EXPECT_EQ(answer.code, 2);
  EXPECT_EQ(std::count(answer.err.begin(), answer.err.end(), '\n'), 1);
  EXPECT_THAT(answer.err, Not(HasSubstr("\033")));
}

TEST(Terminal, sees_how_far_a_verification_is_and_then_only_its_end) {
  const Shell shell;
  fill_with_wickedness(shell);
  const std::string shown = shell.annal_on_terminal({"verify"}).out;
  EXPECT_THAT(shown, HasSubstr("] 100% "));
  EXPECT_THAT(shown, HasSubstr("\r\033[Ksound: 3 events"));
  EXPECT_EQ(shell.annal({"verify"}).err, "");
}

}  // namespace
}  // namespace annal::cli::test
