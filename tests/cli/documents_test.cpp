// Writing and reading documents, each command a process of its own.
#include "cli/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace annal::cli::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Put, creates_a_document_that_another_process_reads_back) {
  const Shell shell;
  EXPECT_THAT(shell.ok({"put", "orders/7",
                        R"({"title":"Order 7","content":{"b":1.0,"a":2},"author":"ann"})"}),
              StartsWith("orders/7@v1 at @1 2"));
  const auto document = json::parse(shell.ok({"get", "orders/7", "--json"}));
  EXPECT_EQ(document.at("title"), "Order 7");
  EXPECT_EQ(document.at("author"), "ann");
  EXPECT_EQ(document.at("version"), 1);
  EXPECT_EQ(document.at("at"), 1);
}

TEST(Put, keeps_content_byte_for_byte) {
  const Shell shell;
  const std::string content = R"({ "b": 1.0, "a": 1e2,  "n": 9223372036854775807 })";
  shell.ok({"put", "orders/7", "--content", content});
  EXPECT_EQ(shell.ok({"get", "orders/7"}), content + "\n");
}

TEST(Put, replaces_the_document_that_is_there) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--title", "One", "--content", "1", "--author", "ann"});
  EXPECT_THAT(shell.ok({"put", "orders/7", "--content", "2", "--editor", "bob"}),
              StartsWith("orders/7@v2 at @2 "));
  const auto document = json::parse(shell.ok({"get", "orders/7", "--json"}));
  EXPECT_EQ(document.at("title"), "");
  EXPECT_EQ(document.at("content"), 2);
  EXPECT_EQ(document.at("author"), "ann");
  EXPECT_EQ(document.at("last_editor"), "bob");
}

TEST(Put, reads_json_from_a_file_and_from_standard_input) {
  const Shell shell;
  shell.write("order.json", R"({"title":"From a file","content":[1,2]})");
  shell.ok({"put", "orders/1", "@order.json"});
  shell.ok({"put", "orders/2", "-"}, R"({"content":[3]})");
  shell.ok({"put", "orders/3", "--content", "@order.json"});
  EXPECT_EQ(shell.ok({"get", "orders/1"}), "[1,2]\n");
  EXPECT_EQ(shell.ok({"get", "orders/2"}), "[3]\n");
  EXPECT_EQ(shell.ok({"get", "orders/3"}), shell.read("order.json") + "\n");
}

TEST(Put, takes_plain_text_from_an_argument_and_from_a_file) {
  const Shell shell;
  shell.write("plan.md", "# Plan\n\ttwo \"lines\"\n");
  shell.ok({"put", "notes/a", "--text", "@not a file"});
  shell.ok({"put", "notes/b", "--text-from", "plan.md"});
  EXPECT_EQ(shell.ok({"get", "notes/a", "--raw"}), "@not a file");
  EXPECT_EQ(shell.ok({"get", "notes/b", "--raw"}), shell.read("plan.md"));
}

TEST(Put, options_go_before_what_the_json_says) {
  const Shell shell;
  shell.ok({"put", "notes/a", R"({"title":"A","content":1})", "--title", "B", "--text", "two"});
  const auto document = json::parse(shell.ok({"get", "notes/a", "--json"}));
  EXPECT_EQ(document.at("title"), "B");
  EXPECT_EQ(document.at("content"), "two");
}

TEST(Put, under_a_condition_that_does_not_hold_is_a_conflict_and_changes_nothing) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1", "--expect", "none"});
  EXPECT_EQ(shell.annal({"put", "orders/7", "--content", "2", "--expect", "none"}).code, 3);
  EXPECT_EQ(shell.annal({"put", "orders/7", "--content", "2", "--expect", "4"}).code, 3);
  EXPECT_EQ(shell.annal({"put", "orders/8", "--content", "2", "--expect", "exists"}).code, 3);
  EXPECT_EQ(shell.head(), 1u);
  EXPECT_EQ(shell.ok({"get", "orders/7"}), "1\n");
  shell.ok({"put", "orders/7", "--content", "2", "--expect", "1"});
  shell.ok({"put", "orders/7", "--content", "3", "--expect", "exists"});
  EXPECT_EQ(shell.head(), 3u);
}

TEST(Put, with_an_idempotency_key_is_done_once) {
  const Shell shell;
  const std::vector<std::string> put = {
      "put", "orders/7", "--content", "1", "--author", "ann", "--idempotency-key", "k1", "--json"};
  const auto first = json::parse(shell.ok(put));
  const auto second = json::parse(shell.ok(put));
  EXPECT_FALSE(first.at("replayed").get<bool>());
  EXPECT_TRUE(second.at("replayed").get<bool>());
  EXPECT_EQ(second.at("position"), first.at("position"));
  EXPECT_EQ(shell.head(), 1u);
  const auto other = shell.annal({"put", "orders/7", "--content", "2", "--idempotency-key", "k1"});
  EXPECT_EQ(other.code, 3);
  EXPECT_THAT(other.err, HasSubstr("k1"));
}

TEST(Put, says_what_json_it_takes_when_it_gets_other) {
  const Shell shell;
  const auto total = shell.annal({"put", "orders/7", R"({"total":12})"});
  EXPECT_EQ(total.code, 2);
  EXPECT_THAT(total.err, HasSubstr("--content"));
  const auto nothing = shell.annal({"put", "orders/7", "--title", "x"});
  EXPECT_EQ(nothing.code, 2);
  EXPECT_THAT(nothing.err, HasSubstr("content"));
}

TEST(Patch, changes_parts_by_json_and_by_options) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--title", "Order", "--content", R"({"total":12,"note":"x"})"});
  shell.ok({"patch", "orders/7", R"({"content":{"total":13,"note":null}})", "--editor", "bob"});
  EXPECT_EQ(json::parse(shell.ok({"get", "orders/7"})), json::parse(R"({"total":13})"));
  shell.ok(
      {"patch", "orders/7", "--title", "Seven", "--content", R"({"paid":true})", "--expect", "v2"});
  const auto document = json::parse(shell.ok({"get", "orders/7", "--json"}));
  EXPECT_EQ(document.at("title"), "Seven");
  EXPECT_EQ(document.at("content"), json::parse(R"({"total":13,"paid":true})"));
  EXPECT_EQ(document.at("last_editor"), "bob");
}

TEST(Patch, of_what_is_not_there_is_not_found) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  const auto patched = shell.annal({"patch", "orders/8", "--title", "x"});
  EXPECT_EQ(patched.code, 1);
  EXPECT_THAT(patched.err, StartsWith("annal: orders/8: "));
}

TEST(Delete, leaves_a_hint_to_the_last_version) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  shell.ok({"put", "orders/7", "--content", "2"});
  shell.ok({"delete", "orders/7", "--reason", "cancelled", "--editor", "ann"});
  const auto gone = shell.annal({"get", "orders/7"});
  EXPECT_EQ(gone.code, 1);
  EXPECT_EQ(gone.out, "");
  EXPECT_THAT(gone.err, HasSubstr("cancelled"));
  EXPECT_THAT(gone.err, HasSubstr("annal get orders/7@v2"));
  EXPECT_EQ(shell.ok({"get", "orders/7@v2"}), "2\n");
}

TEST(Delete, of_a_deleted_document_is_a_conflict) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  shell.ok({"delete", "orders/7"});
  const auto again = shell.annal({"delete", "orders/7"});
  EXPECT_EQ(again.code, 3);
  EXPECT_THAT(again.err, HasSubstr("annal undelete orders/7"));
  EXPECT_EQ(shell.head(), 2u);
}

TEST(Undelete, brings_a_document_back_as_it_was) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  shell.ok({"delete", "orders/7"});
  EXPECT_THAT(shell.ok({"undelete", "orders/7"}), StartsWith("orders/7@v3 at @3 "));
  EXPECT_EQ(shell.ok({"get", "orders/7"}), "1\n");
  EXPECT_EQ(shell.annal({"undelete", "orders/7"}).code, 3);
}

TEST(Restore, takes_a_document_back_as_a_new_version) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  shell.ok({"put", "orders/7", "--content", "2"});
  shell.ok({"put", "orders/7", "--content", "3"});
  EXPECT_THAT(shell.ok({"restore", "orders/7@v1"}), StartsWith("orders/7@v4 at @4 "));
  EXPECT_EQ(shell.ok({"get", "orders/7"}), "1\n");
  shell.ok({"restore", "orders/7", "--at", "@2"});
  EXPECT_EQ(shell.ok({"get", "orders/7"}), "2\n");
  EXPECT_EQ(shell.annal({"restore", "orders/7"}).code, 2);
  EXPECT_EQ(shell.annal({"restore", "orders/7@v9"}).code, 1);
}

TEST(List, shows_collections_and_documents) {
  const Shell shell;
  shell.ok({"put", "orders/2026/1", "--title", "One", "--content", "1"});
  shell.ok({"put", "orders/2026/2", "--title", "Two\tand", "--content", "1"});
  shell.ok({"put", "orders/2025/1", "--content", "1"});
  shell.ok({"put", "notes/a", "--content", "1"});
  shell.ok({"delete", "orders/2026/1"});
  EXPECT_EQ(shell.ok({"list"}), "notes\norders\n");
  EXPECT_EQ(json::parse(shell.ok({"list", "--json"})).at("collections"), json({"notes", "orders"}));

  const std::string orders = shell.ok({"list", "orders", "--prefix", "2026/"});
  EXPECT_THAT(orders, StartsWith("orders/2026/2\tv1\t2"));
  EXPECT_THAT(orders, HasSubstr("Two\\u0009and\n"));
  EXPECT_THAT(shell.ok({"list", "orders", "--deleted"}), HasSubstr("orders/2026/1\tv2 deleted\t"));

  const auto then = json::parse(shell.ok({"list", "orders", "--at", "@2", "--json"}));
  EXPECT_EQ(then.at("at"), 2);
  ASSERT_EQ(then.at("documents").size(), 2u);
  EXPECT_EQ(then.at("documents")[0].at("id"), "2026/1");
  EXPECT_EQ(shell.ok({"list", "orders@2"}), shell.ok({"list", "orders", "--at", "2"}));
}

TEST(List, of_a_collection_that_never_was_is_not_found) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  EXPECT_EQ(shell.annal({"list", "nosuch"}).code, 1);
  EXPECT_EQ(shell.ok({"list", "orders@0"}), "");
  EXPECT_EQ(shell.annal({"list", "--deleted"}).code, 2);
}

TEST(Get, decodes_base64_and_links_when_asked_for_bytes) {
  const Shell shell;
  shell.ok({"put", "files/a", "--content", R"({"encoding":"base64","data":"AAEC/w=="})"});
  shell.ok({"put", "files/b", "--content", R"({"symlink":"../target"})"});
  shell.ok({"put", "files/c", "--content", R"({"symlink":"x","other":1})"});
  EXPECT_EQ(shell.ok({"get", "files/a", "--raw"}), std::string("\0\1\2\xff", 4));
  EXPECT_EQ(shell.ok({"get", "files/b", "--raw"}), "../target");
  EXPECT_EQ(shell.ok({"get", "files/c", "--raw"}), R"({"symlink":"x","other":1})");
}

TEST(Verify, prints_head_commits_and_hash_of_a_sound_store) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  const auto changed = json::parse(shell.ok({"put", "orders/7", "--content", "2", "--json"}));
  const std::string receipt = "2:" + changed.at("commit").get<std::string>();
  EXPECT_THAT(shell.ok({"verify"}),
              StartsWith("sound: 2 events in 2 commits, head @2, receipt " + receipt));
  const auto findings = json::parse(shell.ok({"verify", "--json"}));
  EXPECT_TRUE(findings.at("clean").get<bool>());
  EXPECT_EQ(findings.at("head_hash"), changed.at("commit"));
  EXPECT_EQ(findings.at("receipt"), receipt);
}

TEST(Verify, holds_the_store_to_receipts_that_were_kept) {
  const Shell shell, other;
  shell.ok({"put", "orders/7", "--content", "1"});
  other.ok({"put", "orders/7", "--content", "1"});
  const std::string first = json::parse(shell.ok({"verify", "--json"})).at("receipt");
  shell.ok({"put", "orders/7", "--content", "2"});
  const std::string second = json::parse(shell.ok({"verify", "--json"})).at("receipt");

  shell.ok({"verify", "--receipt", first, "--receipt", second});
  const auto answer = other.annal({"verify", "--json", "--receipt", first, "--receipt", second});
  EXPECT_EQ(answer.code, 65);
  const auto findings = json::parse(answer.out);
  EXPECT_FALSE(findings.at("clean").get<bool>());
  EXPECT_EQ(findings.at("receipts").at(0).at("answer"), "rewritten");
  EXPECT_EQ(findings.at("receipts").at(1).at("answer"), "truncated");
  EXPECT_THAT(answer.err, HasSubstr("the log ends at position 1, but a receipt was given for 2"));
  EXPECT_EQ(other.annal({"verify", "--receipt", "2"}).code, 2);
}

TEST(Stats, counts_what_the_store_holds) {
  const Shell shell;
  shell.ok({"put", "orders/7", "--content", "1"});
  shell.ok({"put", "notes/1", "--content", "2"});
  const auto stats = json::parse(shell.ok({"stats", "--json"}));
  EXPECT_EQ(stats.at("head"), 2);
  EXPECT_EQ(stats.at("collections"), 2);
  EXPECT_EQ(stats.at("durability"), "power");
  EXPECT_EQ(stats.at("durable"), 2);
  EXPECT_EQ(stats.at("subscriptions"), json::array());
  EXPECT_THAT(shell.ok({"stats"}), HasSubstr("collections\t2\n"));
}

TEST(Store, is_named_by_option_before_or_behind_the_command_or_by_the_environment) {
  const Shell shell;
  const std::string other = (shell / "other.db").string();
  shell.ok({"put", "orders/7", "--content", "1", "--store", other});
  EXPECT_EQ(shell.ok({"--store", other, "get", "orders/7"}), "1\n");
  EXPECT_EQ(shell.ok({"get", "--store", other, "orders/7"}), "1\n");
  Start start = shell.start_of({"get", "orders/7"});
  start.environment["ANNAL_STORE"] = other;
  EXPECT_EQ(run(start).out, "1\n");
  start.environment["ANNAL_STORE"] = "";
  EXPECT_THAT(run(start).err, HasSubstr("annal.db"));
}

TEST(Program, tells_its_version_and_helps) {
  const Shell shell;
  EXPECT_EQ(shell.ok({"--version"}), "annal " ANNAL_VERSION "\n");
  EXPECT_THAT(shell.ok({"--help"}), HasSubstr("Exit codes:"));
  for (const char* command :
       {"put", "get", "patch", "delete", "undelete", "restore", "list", "log", "diff", "import",
        "export", "archive", "backup", "restore-store", "serve", "verify", "stats"}) {
    const std::string help = shell.ok({command, "--help"});
    EXPECT_THAT(help, HasSubstr("Examples:\n")) << command;
    EXPECT_THAT(help, HasSubstr("--store")) << command;
  }
}

}  // namespace
}  // namespace annal::cli::test
