// docs/start.md promises that its commands work and what they print; the guides to HTTP and to importing
// and exporting say what comes of theirs. This runs them.
#include "cli/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>

namespace annal::cli::test {
namespace {

// Commands, and what the page says they print; nothing if it does not say.
struct Step {
  std::string commands;
  std::optional<std::string> printed;
};

// The fenced blocks of a page: ```sh is run, a ```text right behind it is what comes out.
std::vector<Step> steps_of(std::istream& page) {
  std::vector<Step> steps;
  std::string line, *block = nullptr;
  while (std::getline(page, line)) {
    if (block && line == "```") {
      block = nullptr;
    } else if (block) {
      *block += line + '\n';
    } else if (line == "```sh") {
      block = &steps.emplace_back().commands;
    } else if (line == "```text" && !steps.empty() && !steps.back().printed) {
      block = &steps.back().printed.emplace();
    }
  }
  return steps;
}

// Times and hashes differ from run to run.
// Whether two commits of one second can both keep their times depends on the second.
std::string without_times(std::string text) {
  static const std::pair<std::regex, const char*> varying[] = {
      {std::regex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z"), "TIME"},
      {std::regex("[0-9a-f]{64}"), "HASH"},
      {std::regex("[0-9]+/s"), "RATE"},
      {std::regex(", [0-9]+ recorded at another time than theirs"), ""}};
  for (const auto& [pattern, name] : varying) text = std::regex_replace(text, pattern, name);
  return text;
}

std::vector<Step> steps_of_page(const std::string& name) {
  std::ifstream page(ANNAL_SOURCE_FOLDER "/docs/" + name);
  EXPECT_TRUE(page) << name;
  return steps_of(page);
}

// Bash with the built program at hand.
Start commands_in(const std::filesystem::path& folder, const std::string& commands) {
  const auto path =
      std::filesystem::path(program()).parent_path().string() + ":" + std::getenv("PATH");
  Start start;
  start.arguments = {"/bin/bash", "-ec", commands};
  start.environment = {{"PATH", path},
                       {"GIT_AUTHOR_NAME", "Ann"},
                       {"GIT_COMMITTER_NAME", "Ann"},
                       {"GIT_AUTHOR_EMAIL", "ann@example.com"},
                       {"GIT_COMMITTER_EMAIL", "ann@example.com"}};
  start.folder = folder;
  return start;
}

std::string with(std::string text, const std::string& placeholder, const std::string& meant) {
  const auto at = text.find(placeholder);
  EXPECT_NE(at, std::string::npos) << placeholder << " is not in:\n" << text;
  return at == std::string::npos ? text : text.replace(at, placeholder.size(), meant);
}

// What the comments promise of answers: `# HTTP/1.1 201 Created   ETag: "1"`, `# Link: …`.
std::vector<std::string> promises_of(const std::string& commands) {
  static const std::regex promise("# (HTTP/1.1 .*|Link: .*)"), part("[^ ]([^ ]| (?! ))*");
  std::vector<std::string> promises;
  std::istringstream lines(commands);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, promise)) continue;
    const std::string said = match[1];
    for (std::sregex_iterator at(said.begin(), said.end(), part), end; at != end; ++at)
      promises.push_back(std::regex_replace(at->str(), std::regex("^… "), ""));
  }
  return promises;
}

TEST(HttpGuide, commands_are_answered_as_it_says) {
  const auto steps = steps_of_page("guides/http.md");
  ASSERT_EQ(steps.size(), 3u);
  const Shell shell;
  Running server(shell.start_of({"serve", "--port", "0"}));  // the first block says how
  const std::string url = server.read_line();
  const auto commands = with(steps[1].commands, "http://127.0.0.1:8080/", url) + steps[2].commands;
  const auto finished = run(commands_in(shell / "", commands));
  EXPECT_EQ(finished.code, 0) << finished.err;
  const auto promises = promises_of(commands);
  EXPECT_GE(promises.size(), 8u);
  std::size_t read = 0;
  for (const auto& promise : promises) {
    const auto at = finished.out.find(promise, read);
    ASSERT_NE(at, std::string::npos) << promise << "\nis not what comes next in\n"
                                     << finished.out.substr(read);
    read = at + promise.size();
  }
  EXPECT_EQ(finished.out.find("HTTP/1.1 5"), std::string::npos);
  EXPECT_EQ(finished.out.find("unknown-point"), std::string::npos) << finished.out;
  EXPECT_EQ(shell.head(), 5u);
}

TEST(ImportExportGuide, commands_bring_a_history_in_and_out) {
  const auto steps = steps_of_page("guides/import-export.md");
  ASSERT_EQ(steps.size(), 3u);
  const annal::test::TemporaryFolder folder;
  const auto does = [&](const std::string& commands) {
    const auto finished = run(commands_in(folder.path(), commands));
    EXPECT_EQ(finished.code, 0) << commands << finished.err;
    return finished.out;
  };
  const auto commit = [&](const std::string& text) {
    does("echo '" + text +
         "' > REPO/README.md; git -C REPO add README.md; git -C REPO commit -qm x");
  };
  does("git init -q REPO");
  commit("hello");
  does("git -C REPO tag OLD");
  const auto sha = does("git -C REPO rev-parse HEAD").substr(0, 40);
  EXPECT_TRUE(does(with(steps[0].commands, "1f3a9c…", sha)).ends_with("hello\n"));
  commit("hello, world");
  does(steps[1].commands);
  EXPECT_EQ(does("annal get project/README.md --raw"), "hello, world\n");
  does("mv annal.db a.db");
  does(with(steps[2].commands, "@1000", "@2"));
  EXPECT_EQ(does("annal --store b.db get project/README.md --raw"), "hello, world\n");
}

TEST(StartPage, commands_work_and_print_what_it_says) {
  const auto steps = steps_of_page("start.md");
  ASSERT_GE(steps.size(), 5u);
  const annal::test::TemporaryFolder folder;
  std::size_t compared = 0;
  for (const auto& step : steps) {
    const auto finished = run(commands_in(folder.path(), "exec 2>&1\n" + step.commands));
    EXPECT_EQ(finished.code, 0) << step.commands << finished.out;
    if (!step.printed) continue;
    EXPECT_EQ(without_times(finished.out), without_times(*step.printed)) << step.commands;
    ++compared;
  }
  EXPECT_GE(compared, 3u);
}

}  // namespace
}  // namespace annal::cli::test
