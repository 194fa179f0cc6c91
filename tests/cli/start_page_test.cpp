// docs/start.md promises that its commands work and what they print. This runs them.
#include "cli/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>

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

TEST(StartPage, commands_work_and_print_what_it_says) {
  std::ifstream page(ANNAL_SOURCE_FOLDER "/docs/start.md");
  ASSERT_TRUE(page);
  const auto steps = steps_of(page);
  ASSERT_GE(steps.size(), 5u);
  const annal::test::TemporaryFolder folder;
  const std::string path =
      std::filesystem::path(program()).parent_path().string() + ":" + std::getenv("PATH");
  std::size_t compared = 0;
  for (const auto& step : steps) {
    Start start;
    start.arguments = {"/bin/bash", "-ec", "exec 2>&1\n" + step.commands};
    start.environment = {{"PATH", path},
                         {"GIT_AUTHOR_NAME", "Ann"},
                         {"GIT_COMMITTER_NAME", "Ann"},
                         {"GIT_AUTHOR_EMAIL", "ann@example.com"},
                         {"GIT_COMMITTER_EMAIL", "ann@example.com"}};
    start.folder = folder.path();
    const auto finished = run(start);
    EXPECT_EQ(finished.code, 0) << step.commands << finished.out;
    if (!step.printed) continue;
    EXPECT_EQ(without_times(finished.out), without_times(*step.printed)) << step.commands;
    ++compared;
  }
  EXPECT_GE(compared, 3u);
}

}  // namespace
}  // namespace annal::cli::test
