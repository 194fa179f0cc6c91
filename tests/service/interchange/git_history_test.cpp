// A repository made on the spot, imported, and held against what git itself shows.
#include "annal/event/json.hpp"
#include "service/interchange/git_repository.hpp"
#include "service/interchange/imported.hpp"

#include <gtest/gtest.h>

namespace annal {
namespace {

using test::GitRepository;
using test::MemoryStore;

constexpr std::int64_t start = 1'600'000'000;
const std::string binary("\x00\xff\xfe\x80 binary \x00", 13);

// Merges, renames, deletions, binary files, unicode and spaces in paths, a clock going backwards.
void make_history(GitRepository& repository) {
  repository.write("README.md", "# Rates\n\nThe beginning.\n");
  repository.write("src/main.cpp", "int main() {\n\treturn 0;\n}\n");
  repository.write("with space.txt", "spaces\r\nand carriage returns\r\n");
  repository.write("ünïcode/größe 長さ.txt", "größe: 長さ\n");
  repository.write("quote\"back\\slash.txt", "no end of line");
  repository.write("image.bin", binary);
  repository.write("empty", "");
  repository.commit("The beginning", start);

  repository.write("README.md", "# Rates\n\nChanged.\n");
  repository.rename("src/main.cpp", "source/main program.cpp");
  repository.remove("empty");
  repository.write("tool.sh", "#!/bin/sh\n");
  repository.make_executable("tool.sh");
  repository.link("link", "source/main program.cpp");
  repository.commit("Rename, delete, link", start + 10);

  repository.call_author("J\xfcrgen", "juergen@example.com");
  repository.write("image.bin", binary + binary);
  repository.commit("The clock goes back\n\nby a thousand seconds: größer", start - 990);
  repository.call_author("Jürgen", "juergen@example.com");

  repository.git({"checkout", "--quiet", "-b", "side"});
  repository.write("side/one", "1\n");
  repository.write("README.md", "# Rates\n\nChanged on the side.\n");
  repository.commit("Beside", start + 20);
  repository.write("side/two", "2\n");
  repository.commit("Beside again", start + 30);
  repository.git({"checkout", "--quiet", "main"});
  repository.write("main/one", "m\n");
  repository.commit("Meanwhile", start + 40);
  repository.merge("side", "Merge the side", start + 50);

  repository.commit("Nothing at all", start + 60);
  repository.remove("side");
  repository.write("side", "a folder became a file\n");
  repository.remove("link");
  repository.write("link/to", "a link became a folder\n");
  repository.write("image.bin", "binary became text\n");
  repository.write("README.md", binary);
  repository.commit("", start + 60);

  repository.remove("side");
  repository.write("side/back", "a file became a folder\n");
  repository.write("empty", "back\n");
  repository.git({"mv", "tool.sh", "tool"});
  repository.commit("And back", start + 70);
}

// Every imported path at every commit, held against git; all but those that cannot be imported.
void expect_every_file(Store& store, const GitRepository& repository,
                       const std::set<std::string>& not_imported = {}) {
  std::map<std::string, std::string> shown;  // by object
  for (const auto& sha : repository.history()) {
    auto documents = test::documents(store, "c", Point{AtTag{"commit:" + sha}});
    for (const auto& [path, entry] : repository.files(sha)) {
      if (not_imported.contains(path) || entry.mode == "160000") {
        documents.erase(path);
        continue;
      }
      if (!shown.contains(entry.object)) shown[entry.object] = repository.show(sha, path);
      const auto found = documents.find(path);
      ASSERT_NE(found, documents.end()) << path << " at " << sha;
      EXPECT_EQ(test::bytes_of_content(found->second), shown[entry.object])
          << path << " at " << sha;
      EXPECT_EQ(found->second.starts_with("{\"symlink\""), entry.mode == "120000") << path;
      documents.erase(found);
    }
    EXPECT_TRUE(documents.empty()) << documents.begin()->first << " is not in " << sha;
  }
}

TEST(GitHistory, every_path_at_every_commit_is_what_git_shows) {
  GitRepository repository;
  make_history(repository);
  MemoryStore store;
  const auto report = test::import_git(*store, repository.fast_export());
  EXPECT_EQ(report.source_commits, repository.history().size());
  EXPECT_EQ(report.commits, report.source_commits);
  EXPECT_EQ(report.skipped_files, 0u);
  EXPECT_EQ(report.head, store->log().head());
  expect_every_file(*store, repository);
  EXPECT_TRUE(store->documents().verify_rows().empty());
  EXPECT_TRUE(store->log().verify().faults.empty());
}

TEST(GitHistory, is_the_same_with_renames_given_as_renames) {
  GitRepository repository;
  make_history(repository);
  MemoryStore store;
  const auto stream = repository.fast_export({"-M", "-C", "HEAD"});
  ASSERT_NE(stream.find("\nR "), stream.npos);
  test::import_git(*store, stream);
  expect_every_file(*store, repository);
}

TEST(GitHistory, is_the_same_with_every_tree_given_whole) {
  GitRepository repository;
  make_history(repository);
  MemoryStore store, plain;
  const auto stream = repository.fast_export({"--full-tree", "HEAD"});
  ASSERT_NE(stream.find("deleteall"), stream.npos);
  test::import_git(*store, stream);
  expect_every_file(*store, repository);
  test::import_git(*plain, repository.fast_export());
  EXPECT_EQ(store->log().head(), plain->log().head());
}

TEST(GitHistory, a_repository_that_grew_is_taken_further) {
  GitRepository repository;
  make_history(repository);
  MemoryStore store;
  test::import_git(*store, repository.fast_export({"-M", "HEAD"}));
  const auto old = repository.history();
  repository.write("later", "1\n");
  repository.rename("tool", "tool2");
  const auto sha = repository.commit("Later", start + 80);

  const auto report = test::import_git(*store, repository.fast_export({"-M", "HEAD"}));
  EXPECT_EQ(report.already_present, old.size());
  EXPECT_EQ(report.commits, 1u);
  expect_every_file(*store, repository);

  MemoryStore at_once;
  test::import_git(*at_once, repository.fast_export({"-M", "HEAD"}));
  EXPECT_EQ(test::sayings(store->log()), test::sayings(at_once->log()));
  EXPECT_EQ(test::tagged(store->log(), "commit:" + sha).size(), 4u);
}

TEST(GitHistory, what_was_added_may_be_exported_alone) {
  GitRepository repository;
  make_history(repository);
  MemoryStore store;
  test::import_git(*store, repository.fast_export());
  const auto old = repository.history().back();
  repository.rename("tool", "tool2");
  repository.write("later", "1\n");
  repository.commit("Later", start + 80);
  const auto report = test::import_git(
      *store, repository.fast_export({"-M", "--reference-excluded-parents", old + "..HEAD"}));
  EXPECT_EQ(report.source_commits, 1u);
  expect_every_file(*store, repository);
}

TEST(GitHistory, what_no_document_can_hold_is_skipped_counted_and_named) {
  GitRepository repository;
  const std::string long_path = std::string(128, 'a') + '/' + std::string(128, 'b');
  const std::string odd_path = "caf\xe9.txt";
  const std::string large(document::content_limit, 'x');
  repository.write(long_path, "1\n");
  repository.write(odd_path, "2\n");
  repository.write("tab\there", "3\n");
  repository.write("large", large);
  repository.write("grows", "small\n");
  const auto first = repository.commit("First", start);
  repository.write("grows", large);
  repository.git({"add", "--all"});
  repository.git({"update-index", "--add", "--cacheinfo", "160000," + first + ",module"});
  const auto second = repository.commit_staged("Grown, and a module", start + 1);
  repository.git({"rm", "--quiet", "--cached", "module"});
  repository.write("grows", "small again\n");
  repository.write("large", "small at last\n");
  const auto third = repository.commit("Shrunk", start + 2);

  MemoryStore store;
  const auto report = test::import_git(*store, repository.fast_export());
  std::map<std::pair<std::string, std::string>, std::string> skipped;
  for (const auto& file : report.skipped) skipped[{file.commit, file.path}] = file.reason;
  EXPECT_EQ(report.skipped_files, 6u);
  EXPECT_EQ(skipped.size(), 6u);
  const std::string too_large = "too large: 1044487 bytes, 1044480 are the limit";
  EXPECT_EQ((skipped[{first, long_path}]),
            "document name \"" + ("c/" + long_path).substr(0, 80) +
                "\"… has an id that is longer than 256 bytes: it has 257");
  EXPECT_EQ((skipped[{first, "café.txt"}]), "its path is not UTF-8");
  EXPECT_NE((skipped[{first, "tab\there"}]).find("control"), std::string::npos);
  EXPECT_EQ((skipped[{first, "large"}]), too_large);
  EXPECT_EQ((skipped[{second, "grows"}]), too_large);
  EXPECT_EQ((skipped[{second, "module"}]), "it is a submodule");

  const auto grows = DocumentKey::of("c", "grows");
  const auto gone = store->documents().get(grows, Point{AtTag{"commit:" + second}});
  ASSERT_TRUE(std::holds_alternative<DocumentGone>(gone));
  EXPECT_EQ(std::get<DocumentGone>(gone).reason, too_large);
  expect_every_file(*store, repository, {long_path, odd_path, "tab\there", "large", "grows"});
  const auto last = test::documents(*store, "c", Point{AtTag{"commit:" + third}});
  EXPECT_EQ(last.at("grows"), R"("small again\n")");
  EXPECT_EQ(last.at("large"), R"("small at last\n")");
}

}  // namespace
}  // namespace annal
