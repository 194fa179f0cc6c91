#include "annal/interchange/git_tree.hpp"

#include <gtest/gtest.h>

namespace annal::interchange {
namespace {

// Sources told apart by where their bytes lie.
FileSource bytes_at(std::uint64_t offset) { return Spilled{{offset, 1}, FileMode::regular}; }

std::uint64_t offset(const FileSource& source) {
  const auto* spilled = std::get_if<Spilled>(&source);
  return spilled ? spilled->place.offset : 0;
}

// A tree holding the files, each with bytes of its own: the first at 1, the second at 2, …
GitTree tree_of(const std::vector<std::string>& paths) {
  GitTree tree;
  std::uint64_t place = 0;
  for (const auto& path : paths) tree.modify(path, bytes_at(++place));
  tree.apply();
  return tree;
}

// What the commit under way changes: `path` or `path=offset`, in order.
std::vector<std::string> changes(const GitTree& tree) {
  std::vector<std::string> changes;
  for (const auto& path : tree.changed()) {
    const auto& source = tree.change(path);
    const bool gone = std::holds_alternative<Absent>(source);
    changes.push_back(gone ? '-' + path : path + '=' + std::to_string(offset(source)));
  }
  return changes;
}

using Changes = std::vector<std::string>;

TEST(GitTree, a_rename_takes_the_bytes_along) {
  auto tree = tree_of({"a", "b"});
  tree.rename("a", "c");
  EXPECT_EQ(changes(tree), (Changes{"-a", "c=1"}));
}

TEST(GitTree, a_rename_and_a_change_of_the_new_name_are_one_change) {
  auto tree = tree_of({"a"});
  tree.rename("a", "c");
  tree.modify("c", bytes_at(9));
  EXPECT_EQ(changes(tree), (Changes{"-a", "c=9"}));
}

TEST(GitTree, a_folder_is_renamed_copied_and_removed_with_everything_in_it) {
  auto tree = tree_of({"d/x", "d/y/z", "dx"});
  tree.copy("d", "e");
  EXPECT_EQ(changes(tree), (Changes{"e/x=1", "e/y/z=2"}));
  tree.apply();
  tree.rename("d", "f");
  EXPECT_EQ(changes(tree), (Changes{"-d/x", "-d/y/z", "f/x=1", "f/y/z=2"}));
  tree.apply();
  tree.remove("e");
  EXPECT_EQ(changes(tree), (Changes{"-e/x", "-e/y/z"}));
}

TEST(GitTree, a_copy_is_of_what_the_file_is_now) {
  auto tree = tree_of({"a"});
  tree.modify("a", bytes_at(7));
  tree.copy("a", "b");
  EXPECT_EQ(changes(tree), (Changes{"a=7", "b=7"}));
}

TEST(GitTree, what_comes_from_nowhere_is_known_as_such) {
  auto tree = tree_of({});
  tree.rename("gone", "here");
  ASSERT_EQ(tree.changed(), Changes{"here"});
  EXPECT_EQ(std::get<NotImported>(tree.change("here")).from, "gone");
}

TEST(GitTree, a_file_that_becomes_a_folder_keeps_the_folders_files) {
  auto tree = tree_of({"a"});
  tree.modify("a/b", bytes_at(5));
  tree.remove("a");
  EXPECT_EQ(changes(tree), (Changes{"-a", "a/b=5"}));
}

TEST(GitTree, a_folder_that_becomes_a_file_loses_its_files) {
  auto tree = tree_of({"a/b", "a/c"});
  tree.remove("a/b");
  tree.modify("a", bytes_at(5));
  EXPECT_EQ(changes(tree), (Changes{"-a/b", "-a/c", "a=5"}));
}

TEST(GitTree, removing_all_spares_what_comes_afterwards) {
  auto tree = tree_of({"a", "b"});
  tree.modify("c", bytes_at(8));
  tree.remove_all();
  tree.modify("b", bytes_at(9));
  EXPECT_EQ(changes(tree), (Changes{"-c", "-a", "b=9"}));
}

TEST(GitTree, what_is_discarded_never_was) {
  auto tree = tree_of({"a"});
  tree.remove("a");
  tree.discard();
  tree.rename("a", "b");
  EXPECT_EQ(changes(tree), (Changes{"-a", "b=1"}));
}

}  // namespace
}  // namespace annal::interchange
