// `annal purge`, `annal archive write --purge` and `annal compact` as processes.
#include "cli/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>

namespace annal::cli::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string secret = "ann-lives-in-bonn";

void put(const Shell& shell, const std::string& name, const std::string& content) {
  shell.ok({"put", name, "--content", content});
}

TEST(PurgeCommand, takes_a_deleted_document_for_ever_and_tells_so) {
  const Shell shell;
  put(shell, "orders/7", '"' + secret + '"');
  const auto too_early = shell.annal({"purge", "orders/7"});
  EXPECT_EQ(too_early.code, 3);
  EXPECT_THAT(too_early.err, HasSubstr("is not deleted"));
  shell.ok({"delete", "orders/7"});
  EXPECT_THAT(shell.ok({"purge", "orders/7", "--reason", "asked for"}), StartsWith("orders/7@v3"));
  for (const char* name : {"orders/7", "orders/7@v1"}) {
    const auto gone = shell.annal({"get", name});
    EXPECT_EQ(gone.code, 1) << name;
    EXPECT_THAT(gone.err, HasSubstr("was purged")) << name;
  }
  EXPECT_EQ(shell.annal({"undelete", "orders/7"}).code, 1);
  EXPECT_EQ(shell.annal({"purge", "orders/7"}).code, 1);
  EXPECT_EQ(shell.annal({"diff", "orders/7", "v1", "v2"}).code, 1);
  EXPECT_THAT(shell.ok({"log", "orders/7"}), HasSubstr("(purged)"));
  EXPECT_THAT(shell.ok({"log", "--json"}), HasSubstr("\"purged\":true"));
  EXPECT_THAT(shell.annal({"list", "orders@1"}).err, HasSubstr("purged: orders/7"));
  EXPECT_EQ(json::parse(shell.ok({"list", "orders@1", "--json"})).at("purged").at(0), "orders/7");
  EXPECT_EQ(shell.annal({"list", "orders"}).err, shell.annal({"list", "orders@head"}).err);
  EXPECT_THAT(shell.annal({"list", "orders", "--deleted"}).err, HasSubstr("purged: orders/7"));
  shell.ok({"verify"});
  EXPECT_THAT(shell.read("store.db"), Not(HasSubstr(secret)));
  put(shell, "orders/7", "2");
  EXPECT_EQ(shell.ok({"get", "orders/7"}), "2\n");
}

TEST(PurgeCommand, of_archived_versions_keeps_the_newest_and_the_archive_has_the_others) {
  const Shell shell, other;
  for (const char* content : {"1", "2", "3", "4"}) put(shell, "orders/7", content);
  const auto purged = shell.annal({"archive", "write", "..@3", "old.zst", "--purge"});
  EXPECT_EQ(purged.code, 0);
  EXPECT_THAT(purged.err, HasSubstr("purged versions: 1, of documents: 1, "));
  EXPECT_EQ(shell.annal({"get", "orders/7@v2"}).code, 1);
  const auto restored = shell.annal({"restore", "orders/7@v2"});
  EXPECT_EQ(restored.code, 1);
  EXPECT_THAT(restored.err, HasSubstr("at version 2: the data of events"));
  const auto over = shell.annal({"archive", "write", "..@3", "old.zst", "--purge"});
  EXPECT_EQ(over.code, 2);
  EXPECT_THAT(over.err, HasSubstr("old.zst exists already"));
  shell.ok({"archive", "write", "..@3", "stubs.zst"});
  EXPECT_THAT(shell.ok({"archive", "verify", "stubs.zst"}), HasSubstr("1 of them purged before"));
  EXPECT_EQ(shell.ok({"get", "orders/7@v3"}), "3\n");
  EXPECT_EQ(shell.ok({"get", "orders/7"}), "4\n");
  EXPECT_THAT(shell.ok({"stats"}), HasSubstr("up to @3"));
  EXPECT_EQ(json::parse(shell.ok({"stats", "--json"})).at("horizon"), 3);
  shell.ok({"verify"});
  other.ok({"import", "archive", "-"}, shell.read("old.zst"));
  EXPECT_EQ(other.ok({"get", "orders/7@v2"}), "2\n");

  shell.ok({"export", "jsonl", "log.jsonl"});
  const Shell third;
  third.ok({"import", "jsonl", "-"}, shell.read("log.jsonl"));
  EXPECT_EQ(json::parse(third.ok({"verify", "--json"})),
            json::parse(shell.ok({"verify", "--json"})));
  EXPECT_EQ(third.ok({"get", "orders/7"}), "4\n");
}

TEST(PurgeCommand, of_archived_versions_needs_a_file) {
  const Shell shell;
  put(shell, "orders/7", "1");
  const auto refused = shell.annal({"archive", "write", "--purge"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("name one"));
}

TEST(PurgeCommand, leaves_nothing_to_restore_before_its_end) {
  const Shell shell, other;
  for (const char* content : {"1", "2", "3"}) put(shell, "orders/7", content);
  shell.ok({"archive", "write", "old.zst", "--purge"});
  const std::string store = shell.store().string();
  const auto refused = other.annal({"restore-store", store, "--at", "2"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("position 3"));
  other.ok({"restore-store", store, "--at", "3"});
  EXPECT_EQ(other.ok({"get", "orders/7"}), "3\n");
  EXPECT_THAT(other.ok({"stats"}), HasSubstr("up to @3"));
}

TEST(PurgeCommand, a_document_purged_since_can_be_restored_around) {
  const Shell shell, other;
  put(shell, "orders/7", "1");
  put(shell, "orders/8", "2");
  shell.ok({"delete", "orders/7"});
  shell.ok({"purge", "orders/7"});
  other.ok({"restore-store", shell.store().string(), "--at", "2"});
  EXPECT_EQ(other.ok({"get", "orders/8"}), "2\n");
  EXPECT_THAT(other.annal({"get", "orders/7"}).err, HasSubstr("was purged"));
  EXPECT_THAT(other.annal({"list", "orders"}).err, HasSubstr("purged: orders/7"));
  EXPECT_THAT(other.annal({"put", "orders/7", "--content", "3"}).err, HasSubstr("was purged"));
  other.ok({"verify"});
  other.ok({"purge", "orders/7"});
  other.ok({"put", "orders/7", "--content", "3"});
  EXPECT_EQ(other.ok({"get", "orders/7"}), "3\n");
}

TEST(CompactCommand, gives_back_the_room_and_refuses_in_words) {
  const Shell shell;
  EXPECT_EQ(shell.annal({"compact"}).code, 73) << "there is no store";
  for (int i = 0; i < 20; ++i)
    shell.ok({"put", "orders/7", "--text-from", "-"}, std::string(100'000, "abcdefghij"[i % 10]));
  shell.ok({"archive", "write", "old.zst", "--purge"});
  const auto before = std::filesystem::file_size(shell.store());
  const auto report = json::parse(shell.ok({"compact", "--json"}));
  EXPECT_EQ(report.at("bytes_before"), before);
  EXPECT_EQ(report.at("bytes"), std::filesystem::file_size(shell.store()));
  EXPECT_LT(std::filesystem::file_size(shell.store()), before / 2);
  shell.ok({"verify"});
  Running server(shell.start_of({"serve", "--port", "0"}));
  ASSERT_THAT(server.read_line(), StartsWith("http://"));
  EXPECT_EQ(shell.annal({"compact"}).code, 75);
}

}  // namespace
}  // namespace annal::cli::test
