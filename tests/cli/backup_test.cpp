// `annal backup` and `annal restore-store` as processes.
#include "cli/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>

namespace annal::cli::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

void put_three_versions(const Shell& shell) {
  for (const char* content : {"1", "2", "3"}) shell.ok({"put", "orders/7", "--content", content});
}

TEST(BackupCommand, copies_a_store_that_is_served) {
  const Shell shell;
  put_three_versions(shell);
  Running server(shell.start_of({"serve", "--port", "0"}));
  ASSERT_THAT(server.read_line(), StartsWith("http://"));
  const std::string copy = (shell / "copy.db").string();
  const auto report = json::parse(shell.ok({"backup", copy, "--json"}));
  EXPECT_EQ(report.at("head"), 3);
  EXPECT_EQ(report.at("checked"), "everything");
  const std::string receipt = report.at("receipt");
  EXPECT_THAT(shell.ok({"verify", "--receipt", receipt}), HasSubstr(receipt));
  EXPECT_EQ(shell.ok({"--store", copy, "get", "orders/7"}), "3\n");
  EXPECT_THAT(shell.ok({"backup", copy, "--replace", "--quick"}),
              StartsWith("backed up 3 events to " + copy + ", "));
}

TEST(BackupCommand, refuses_in_words) {
  const Shell shell;
  const std::string copy = (shell / "copy.db").string();
  EXPECT_EQ(shell.annal({"backup", copy}).code, 73) << "there is no store";
  put_three_versions(shell);
  shell.ok({"backup", copy});
  const auto again = shell.annal({"backup", copy});
  EXPECT_EQ(again.code, 73);
  EXPECT_THAT(again.err, HasSubstr("exists already"));
  EXPECT_EQ(shell.annal({"backup", (shell / "nowhere" / "copy.db").string()}).code, 73);
  EXPECT_EQ(shell.annal({"backup", copy, "--rate", "quick"}).code, 2);
  EXPECT_EQ(shell.annal({"backup"}).code, 2);
}

// A backup that is under way until somebody stops it: it is held back to a byte a second.
Finished stopped_by(int signal, const Shell& shell, const std::string& copy) {
  shell.ok({"put", "orders/7", "--text-from", "-"}, std::string(900'000, 'x'));
  shell.ok({"put", "orders/8", "--text-from", "-"}, std::string(900'000, 'x'));
  Running backup(shell.start_of({"backup", copy, "--rate", "1"}));
  while (!std::filesystem::exists(copy + ".part")) sched_yield();
  backup.signal(signal);
  return backup.finish();
}

TEST(BackupCommand, that_is_killed_leaves_none_and_is_no_hindrance) {
  const Shell shell;
  const std::string copy = (shell / "copy.db").string();
  EXPECT_EQ(stopped_by(SIGKILL, shell, copy).code, 128 + SIGKILL);
  EXPECT_FALSE(std::filesystem::exists(copy));
  shell.ok({"backup", copy});
  EXPECT_FALSE(std::filesystem::exists(copy + ".part"));
  EXPECT_THAT(shell.ok({"--store", copy, "verify"}), StartsWith("sound: 2 events"));
}

TEST(BackupCommand, clears_up_when_it_is_interrupted) {
  const Shell shell;
  const std::string copy = (shell / "copy.db").string();
  const auto finished = stopped_by(SIGINT, shell, copy);
  EXPECT_EQ(finished.code, 130);
  EXPECT_THAT(finished.err, HasSubstr("stopped; nothing is left"));
  EXPECT_FALSE(std::filesystem::exists(copy + ".part"));
  EXPECT_FALSE(std::filesystem::exists(copy));
}

TEST(RestoreStoreCommand, makes_a_store_as_it_was) {
  const Shell shell, other;
  put_three_versions(shell);
  const std::string copy = (shell / "copy.db").string();
  shell.ok({"backup", copy});
  const auto report = json::parse(other.ok({"restore-store", copy, "--at", "@2", "--json"}));
  EXPECT_EQ(report.at("head"), 2);
  EXPECT_EQ(other.ok({"get", "orders/7"}), "2\n");
  other.ok({"verify", "--receipt", report.at("receipt")});
  other.ok({"put", "orders/7", "--content", "4"});
  EXPECT_EQ(other.head(), 3u);
  EXPECT_EQ(other.annal({"restore-store", copy}).code, 73) << "a store is there";

  const std::string whole = (shell / "whole.db").string();
  EXPECT_THAT(shell.ok({"--store", whole, "restore-store", copy}),
              StartsWith("restored 3 events to " + whole + ", "));
  EXPECT_EQ(shell.ok({"--store", whole, "get", "orders/7"}), "3\n");
}

TEST(RestoreStoreCommand, refuses_in_words) {
  const Shell shell, other;
  put_three_versions(shell);
  const std::string store = shell.store().string();
  EXPECT_EQ(other.annal({"restore-store", (other / "nosuch.db").string()}).code, 73);
  EXPECT_EQ(other.annal({"restore-store", store, "--at", "@9"}).code, 1);
  EXPECT_EQ(other.annal({"restore-store", store, "--at", "nonsense"}).code, 2);
  EXPECT_FALSE(std::filesystem::exists(other.store()));
}

TEST(ArchiveCommand, puts_a_part_of_the_log_away_and_brings_it_back) {
  const Shell shell, other;
  put_three_versions(shell);
  const auto written = shell.annal({"archive", "write", "..@2", "first.zst"});
  EXPECT_EQ(written.code, 0);
  EXPECT_THAT(written.err, StartsWith("archived 2 events, @1 to @2, recorded "));
  shell.ok({"archive", "write", "@2..", "second.zst"});
  EXPECT_THAT(shell.ok({"archive", "verify", "first.zst", "second.zst"}),
              StartsWith("sound: first.zst, 2 events"));
  const auto swapped = shell.annal({"archive", "verify", "second.zst", "first.zst"});
  EXPECT_EQ(swapped.code, 65);
  EXPECT_THAT(swapped.err, HasSubstr("first.zst: does not go on where"));
  const auto shown = json::parse(shell.ok({"archive", "show", "second.zst", "--json"}));
  EXPECT_EQ(shown.at("from"), 3);
  EXPECT_EQ(shown.at("list").at(0).at("type"), "document.updated");
  EXPECT_THAT(shell.ok({"archive", "show", "first.zst", "--oneline"}), HasSubstr("orders/7"));

  other.ok({"import", "archive", "-"}, shell.read("first.zst"));
  other.ok({"import", "archive", "-"}, shell.read("second.zst"));
  EXPECT_EQ(json::parse(other.ok({"verify", "--json"})),
            json::parse(shell.ok({"verify", "--json"})));
}

TEST(ArchiveCommand, names_the_file_that_is_damaged_or_none) {
  const Shell shell;
  put_three_versions(shell);
  shell.ok({"archive", "write", "whole.zst"});
  shell.write("cut.zst", shell.read("whole.zst").substr(0, 200));
  shell.write("notes", "no archive at all");
  for (const char* file : {"cut.zst", "notes"})
    for (const char* command : {"show", "verify"}) {
      const auto answer = shell.annal({"archive", command, file});
      EXPECT_EQ(answer.code, 65) << command << file;
      EXPECT_THAT(answer.err, HasSubstr(std::string(file) + ": "));
    }
  EXPECT_EQ(shell.annal({"archive", "verify", "nosuch"}).code, 74);
  EXPECT_EQ(shell.annal({"archive", "write", "@3..", "none.zst"}).code, 2);
  EXPECT_FALSE(std::filesystem::exists(shell / "none.zst"));
}

}  // namespace
}  // namespace annal::cli::test
