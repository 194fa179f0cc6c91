// `annal import` and `annal export` as processes.
#include "cli/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>

#include <chrono>
#include <sstream>

namespace annal::cli::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

// An object's name that stands for the number.
std::string oid(int number) {
  std::ostringstream text;
  text << std::hex;
  text.width(40);
  text.fill('0');
  text << number;
  return text.str();
}

// What `git fast-export --show-original-ids` writes for a history
// in which commit n writes file n % 7.
std::string commit_in_git(int number) {
  const std::string content = "content " + std::to_string(number) + "\n";
  const std::string message = "commit " + std::to_string(number);
  const std::string mark = std::to_string(2 * number);
  const std::string when = " A <a@example.com> " + std::to_string(1000000000 + number) + " +0000\n";
  std::string text = "blob\nmark :" + mark + "\noriginal-oid " + oid(1000000 + number) + "\ndata " +
                     std::to_string(content.size()) + "\n" + content + "\n";
  text += (number == 1 ? "reset refs/heads/main\n" : "");
  text += "commit refs/heads/main\nmark :" + std::to_string(2 * number + 1) + "\noriginal-oid " +
          oid(number) + "\nauthor" + when + "committer" + when + "data " +
          std::to_string(message.size()) + "\n" + message + "\n";
  if (number > 1) text += "from :" + std::to_string(2 * number - 1) + "\n";
  return text + "M 100644 :" + mark + " folder/file " + std::to_string(number % 7) + ".txt\n\n";
}

std::string history_in_git(int first, int last) {
  std::string text;
  for (int number = first; number <= last; ++number) text += commit_in_git(number);
  return text;
}

const std::vector<std::string> import_git = {"import", "git", "--collection", "repo", "-"};

// What two imports of one history have in common: everything but ids, salts and times of recording.
std::vector<std::string> said_by(const Shell& shell) {
  std::vector<std::string> events;
  const auto log = json::parse(shell.ok({"log", "--reverse", "--json"}));
  for (json event : log.at("events")) {
    for (const char* varies : {"id", "hash", "recorded_at", "correlation_id"}) event.erase(varies);
    events.push_back(event.dump());
  }
  return events;
}

// What they have in common of the list of documents: everything but times of recording.
std::vector<std::string> listed_by(const Shell& shell) {
  std::vector<std::string> documents;
  const auto list = json::parse(shell.ok({"list", "repo", "--json"}));
  for (json document : list.at("documents")) {
    for (const char* varies : {"created_at", "modified_at"}) document.erase(varies);
    documents.push_back(document.dump());
  }
  return documents;
}

TEST(ImportGit, makes_paths_documents_and_commits_points_in_time) {
  const Shell shell;
  EXPECT_THAT(shell.ok(import_git, history_in_git(1, 20)),
              StartsWith("imported 40 events of 20 commits ("));
  EXPECT_EQ(shell.ok({"get", "repo/folder/file 6.txt", "--raw"}), "content 20\n");
  EXPECT_EQ(shell.ok({"get", "repo/folder/file 6.txt@commit:" + oid(15), "--raw"}), "content 13\n");
  EXPECT_EQ(shell.annal({"get", "repo/folder/file 6.txt@commit:" + oid(2)}).code, 1);
  EXPECT_EQ(shell.annal({"get", "repo/folder/file 6.txt@commit:" + oid(99)}).code, 1);
}

TEST(ImportGit, is_shown_in_the_log_with_its_author_and_the_first_line_of_its_message) {
  const Shell shell;
  std::string history = commit_in_git(1);
  const std::string message = "commit 1";
  history.replace(history.find("data 8\n" + message), 7 + message.size(),
                  "data 13\nSay it\n\nLong.");
  shell.ok(import_git, history);
  const std::string log = shell.ok({"log", "--limit", "1"});
  EXPECT_THAT(log, HasSubstr("  message Say it\n"));
  EXPECT_THAT(log, HasSubstr("  tags commit:" + oid(1) + "\n"));
}

TEST(ImportGit, run_again_adds_only_what_is_new) {
  const Shell shell;
  shell.write("history", history_in_git(1, 10));
  shell.ok({"import", "git", "--collection", "repo", "history"});
  const auto head = shell.head();
  const auto report =
      json::parse(shell.ok({"import", "git", "--collection", "repo", "history", "--json"}));
  EXPECT_EQ(report.at("already_present"), 10);
  EXPECT_EQ(report.at("events"), 0);
  EXPECT_EQ(shell.head(), head);
  EXPECT_THAT(shell.ok(import_git, history_in_git(1, 12)),
              HasSubstr("10 commits were there already"));
  EXPECT_EQ(shell.head(), head + 4);
}

// The stream stops half way and the import is killed;
// what it had recorded is seen by reading processes.
TEST(ImportGit, killed_in_the_middle_and_run_again_gives_the_same_documents) {
  const int commits = 600;
  const std::string whole = history_in_git(1, commits);
  const Shell undisturbed, killed;
  undisturbed.ok(import_git, whole);

  Start start = killed.start_of(import_git);
  start.keep_input_open = true;
  Running import(start);
  import.feed(history_in_git(1, commits / 2));
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  std::uint64_t seen = 0;
  while (seen < 100 && std::chrono::steady_clock::now() < give_up) {
    const auto stats = killed.annal({"stats", "--json"});
    if (stats.code == 0) seen = json::parse(stats.out).at("head");
  }
  ASSERT_GE(seen, 100u);
  import.signal(SIGKILL);
  EXPECT_EQ(import.finish().code, 128 + SIGKILL);

  EXPECT_THAT(killed.ok(import_git, whole), HasSubstr("commits were there already"));
  EXPECT_EQ(said_by(killed), said_by(undisturbed));
  EXPECT_EQ(listed_by(killed), listed_by(undisturbed));
  for (int file = 0; file < 7; ++file) {
    const std::string name = "repo/folder/file " + std::to_string(file) + ".txt";
    EXPECT_EQ(killed.ok({"get", name, "--raw"}), undisturbed.ok({"get", name, "--raw"}));
  }
  EXPECT_THAT(killed.ok({"verify"}), StartsWith("sound: "));
}

TEST(ImportGit, names_the_line_of_a_malformed_stream) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  const auto answer = shell.annal(import_git, "blob\nmark :1\ndata many\n");
  EXPECT_EQ(answer.code, 2);
  EXPECT_THAT(answer.err, StartsWith("annal: standard input: fast-export stream, line 3: "));
  EXPECT_EQ(std::count(answer.err.begin(), answer.err.end(), '\n'), 1);
  EXPECT_EQ(shell.head(), 1u);
}

TEST(ImportGit, names_what_it_leaves_out) {
  const Shell shell;
  std::string history = commit_in_git(1);
  history.insert(history.size() - 1, "M 160000 " + oid(5) + " library\n");
  const auto answer = shell.annal(import_git, history);
  EXPECT_EQ(answer.code, 0);
  EXPECT_THAT(answer.err, HasSubstr("skipped library at commit " + oid(1)));
  EXPECT_THAT(answer.out, HasSubstr("1 files skipped"));
}

// The rows of current documents are not compressed: an older version shows what was saved.
TEST(ImportJsonl, compresses_what_it_appends_if_asked_to) {
  const Shell from, plain, compressed;
  from.ok({"put", "orders/7", "--content", '"' + std::string(100'000, 'b') + '"'});
  from.ok({"put", "orders/7", "--content", "1"});
  const std::string exported = from.ok({"export", "jsonl"});
  plain.ok({"import", "jsonl", "-"}, exported);
  compressed.ok({"import", "jsonl", "--compress", "-"}, exported);
  EXPECT_LT(std::filesystem::file_size(compressed.store()) + 90'000,
            std::filesystem::file_size(plain.store()));
  EXPECT_EQ(compressed.ok({"export", "jsonl"}), exported);
  EXPECT_EQ(json::parse(compressed.ok({"verify", "--json"})),
            json::parse(from.ok({"verify", "--json"})));
  const auto stats = json::parse(compressed.ok({"stats", "--json"}));
  EXPECT_EQ(stats.at("dictionaries"), 0);
}

TEST(ImportGit, refuses_a_collection_that_cannot_be_one) {
  const Shell shell;
  const auto answer =
      shell.annal({"import", "git", "--collection", "a/b", "-"}, history_in_git(1, 1));
  EXPECT_EQ(answer.code, 2);
  EXPECT_FALSE(std::filesystem::exists(shell.store()));
}

TEST(ExportJsonl, and_import_into_an_empty_store_give_an_identical_log) {
  const Shell from, to;
  from.ok(import_git, history_in_git(1, 12));
  from.ok(
      {"put", "orders/7", "--title", "Ü", "--content", R"({"b":1.0})", "--idempotency-key", "k"});
  const std::string exported = from.ok({"export", "jsonl"});
  EXPECT_THAT(to.ok({"import", "jsonl", "-"}, exported), HasSubstr("head @25"));
  EXPECT_EQ(to.ok({"export", "jsonl"}), exported);
  EXPECT_EQ(to.ok({"log", "--json"}), from.ok({"log", "--json"}));
  EXPECT_EQ(json::parse(to.ok({"verify", "--json"})), json::parse(from.ok({"verify", "--json"})));
  EXPECT_EQ(to.ok({"get", "orders/7"}), "{\"b\":1.0}\n");
}

TEST(ExportJsonl, writes_a_range_to_a_file) {
  const Shell shell;
  for (const char* content : {"1", "2", "3", "4"})
    shell.ok({"put", "orders/7", "--content", content});
  const auto exported = shell.annal({"export", "jsonl", "@1..@3", "events.jsonl"});
  EXPECT_EQ(exported.code, 0);
  EXPECT_EQ(exported.out, "");
  EXPECT_THAT(exported.err, StartsWith("exported 2 events of 2 commits, @2 to @3, "));
  EXPECT_EQ(shell.read("events.jsonl"), shell.ok({"export", "jsonl", "@1..@3"}));
  EXPECT_FALSE(std::filesystem::exists(shell / "events.jsonl.part"));
  EXPECT_EQ(shell.annal({"export", "jsonl", "@9..", "other.jsonl"}).code, 1);
  EXPECT_EQ(shell.annal({"export", "jsonl", "@4..", "other.jsonl"}).code, 2);
  EXPECT_FALSE(std::filesystem::exists(shell / "other.jsonl"));
}

TEST(ExportJsonl, never_writes_over_the_store_and_writes_into_what_is_no_file) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  const std::string store = shell.store().string();
  for (const char* suffix : {"", ".lock"}) {
    const auto refused = shell.annal({"export", "jsonl", store + suffix});
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.err, HasSubstr("is a file of the store itself"));
  }
  EXPECT_EQ(shell.annal({"export", "jsonl", "."}).code, 2);
  EXPECT_EQ(shell.ok({"get", "orders/7"}), "1\n");
  EXPECT_EQ(shell.ok({"export", "jsonl", "/dev/stdout"}), shell.ok({"export", "jsonl"}));
  EXPECT_TRUE(std::filesystem::is_symlink("/dev/stdout"));
  std::filesystem::create_symlink("there.jsonl", shell / "link.jsonl");
  shell.ok({"export", "jsonl", "link.jsonl"});
  EXPECT_TRUE(std::filesystem::is_symlink(shell / "link.jsonl"));
  EXPECT_EQ(shell.read("there.jsonl"), shell.ok({"export", "jsonl"}));
}

TEST(ExportJsonl, takes_a_lone_point_for_a_mistake_and_not_for_a_file) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  for (const char* point : {"@1", "@head", "@2026-01-02"}) {
    const auto answer = shell.annal({"export", "jsonl", point});
    EXPECT_EQ(answer.code, 2);
    EXPECT_THAT(answer.err, HasSubstr(std::string(point) + ".. for what came after it"));
    EXPECT_FALSE(std::filesystem::exists(shell / point));
  }
  shell.ok({"export", "jsonl", "./@1"});
  EXPECT_EQ(shell.read("@1"), shell.ok({"export", "jsonl"}));
}

TEST(ExportJsonl, names_the_file_that_takes_no_more) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  const auto device = shell.annal({"export", "jsonl", "/dev/full"});
  EXPECT_EQ(device.code, 74);
  EXPECT_THAT(device.err, StartsWith("annal: /dev/full: "));
  EXPECT_EQ(std::count(device.err.begin(), device.err.end(), '\n'), 1);
}

// The shell allows no file as large as the export.
TEST(ExportJsonl, keeps_the_file_there_was_until_another_is_whole) {
  const Shell shell;
  shell.write("events.jsonl", "as it was");
  shell.ok({"put", "orders/7", "--text-from", "-"}, std::string(300'000, 'x'));
  Start start = shell.start_of({});
  start.arguments = {"/bin/sh", "-c",
                     "trap '' XFSZ; ulimit -f 160; exec \"$0\" export jsonl events.jsonl",
                     program()};
  const auto answer = run(start);
  EXPECT_EQ(answer.code, 74);
  EXPECT_THAT(answer.err, StartsWith("annal: events.jsonl: "));
  EXPECT_EQ(shell.read("events.jsonl"), "as it was");
  EXPECT_FALSE(std::filesystem::exists(shell / "events.jsonl.part"));
}

TEST(ExportJsonl, cannot_create_a_file_where_there_is_no_folder) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  EXPECT_EQ(shell.annal({"export", "jsonl", "nosuch/events.jsonl"}).code, 73);
}

TEST(ImportJsonl, says_that_a_file_held_nothing) {
  const Shell shell;
  EXPECT_THAT(
      shell.ok({"import", "jsonl", "-"}),
      HasSubstr("imported 0 events of 0 commits (0/s), standard input holds none; head @0"));
}

TEST(ImportJsonl, names_the_line_of_a_malformed_stream_and_keeps_the_store_as_it_was) {
  const Shell from, to;
  from.ok({"put", "orders/7", "--content", "1"});
  from.ok({"put", "orders/7", "--content", "2"});
  to.ok({"put", "notes/1", "--content", "1"});
  const auto garbage = to.annal({"import", "jsonl", "-"}, "{\"specversion\":\n");
  EXPECT_EQ(garbage.code, 2);
  EXPECT_THAT(garbage.err, StartsWith("annal: standard input: "));
  EXPECT_THAT(garbage.err, HasSubstr("line 1"));
  EXPECT_EQ(to.head(), 1u);
}

}  // namespace
}  // namespace annal::cli::test
