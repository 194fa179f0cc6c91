#include "annal/service/file_handlers.hpp"

#include "annal/effects/effect.hpp"
#include "annal/effects/kinds.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

namespace annal::test {
namespace {

using effects::FileRead;
using effects::FileRemoval;
using effects::FileWrite;

class FileHandlers : public ::testing::Test {
 protected:
  FileHandlers() { add_file_handlers(handlers, folder.path()); }
  std::optional<std::string> content(const std::string& path) {
    return effects::perform(FileRead{path}).run(handlers);
  }
  std::size_t files_in(const std::filesystem::path& place) {
    std::size_t files = 0;
    for (const auto& each : std::filesystem::recursive_directory_iterator(place))
      files += each.is_regular_file() ? 1 : 0;
    return files;
  }

  TemporaryFolder folder;
  effects::Handlers handlers;
};

TEST_F(FileHandlers, write_read_and_remove) {
  EXPECT_EQ(content("reports/2026/today.txt"), std::nullopt);
  effects::perform(FileWrite{"reports/2026/today.txt", "one"}).run(handlers);
  EXPECT_EQ(content("reports/2026/today.txt"), "one");
  const std::string large(300'000, 'x');
  effects::perform(FileWrite{"reports/2026/today.txt", large}).run(handlers);
  EXPECT_EQ(content("reports/2026/today.txt"), large);
  EXPECT_EQ(files_in(folder.path()), 1u) << "nothing is left beside it";
  EXPECT_TRUE(effects::perform(FileRemoval{"reports/2026/today.txt"}).run(handlers));
  EXPECT_FALSE(effects::perform(FileRemoval{"reports/2026/today.txt"}).run(handlers));
  EXPECT_EQ(content("reports/2026/today.txt"), std::nullopt);
}

// Whoever reads sees one of the two, whole.
TEST_F(FileHandlers, put_a_file_in_place_whole) {
  const std::string one(100'000, '1'), two(50'000, '2');
  effects::perform(FileWrite{"file", one}).run(handlers);
  std::jthread writing([&] {
    for (int i = 0; i < 50; ++i)
      effects::perform(FileWrite{"file", i % 2 == 0 ? two : one}).run(handlers);
  });
  for (int i = 0; i < 200; ++i) {
    const auto seen = content("file");
    ASSERT_TRUE(seen == one || seen == two) << (seen ? seen->size() : 0);
  }
}

TEST_F(FileHandlers, do_not_leave_their_folder) {
  for (const auto* path :
       {"", "/etc/hostname", "../outside", "reports/../../outside", "reports/", ".", "reports/."}) {
    EXPECT_THROW((void)content(path), InvalidInput) << path;
    EXPECT_THROW(effects::perform(FileWrite{path, "x"}).run(handlers), InvalidInput) << path;
    EXPECT_THROW((void)effects::perform(FileRemoval{path}).run(handlers), InvalidInput) << path;
  }
  effects::Handlers others;
  EXPECT_THROW(add_file_handlers(others, folder.path() / "nowhere"), InvalidInput);
}

TEST_F(FileHandlers, take_a_path_as_it_is) {
  EXPECT_THROW(effects::perform(FileWrite{std::string("a\0b", 3), "x"}).run(handlers),
               InvalidInput);
  const std::string long_name(255, 'n');
  effects::perform(FileWrite{long_name, "x"}).run(handlers);
  EXPECT_EQ(content(long_name), "x");
  EXPECT_FALSE(effects::perform(FileWrite{long_name + 'n', "x"}).outcome(handlers).ok());
}

TEST_F(FileHandlers, keep_the_mode_of_a_file) {
  effects::perform(FileWrite{"secret", "x"}).run(handlers);
  std::filesystem::permissions(folder / "secret", std::filesystem::perms::owner_read);
  effects::perform(FileWrite{"secret", "y"}).run(handlers);
  EXPECT_EQ(std::filesystem::status(folder / "secret").permissions(),
            std::filesystem::perms::owner_read);
  EXPECT_EQ(content("secret"), "y");
}

TEST_F(FileHandlers, fail_where_their_folder_is_gone) {
  std::filesystem::remove_all(folder.path());
  EXPECT_FALSE(effects::perform(FileWrite{"a/b/c", "x"}).outcome(handlers).ok());
  EXPECT_EQ(content("a/b/c"), std::nullopt);
}

TEST_F(FileHandlers, say_what_the_system_says) {
  effects::perform(FileWrite{"file", "x"}).run(handlers);
  const auto outcome = effects::perform(FileWrite{"file/below", "x"}).outcome(handlers);
  ASSERT_FALSE(outcome.ok());
  EXPECT_NE(outcome.failure().what.find("Not a directory"), std::string::npos)
      << outcome.failure().what;
  std::filesystem::create_directory(folder.path() / "there");
  EXPECT_FALSE(effects::perform(FileWrite{"there", "x"}).outcome(handlers).ok());
  EXPECT_EQ(files_in(folder.path()), 1u) << "and what it wrote beside is gone";
  EXPECT_EQ(content("file"), "x");
}

TEST_F(FileHandlers, change_nothing_in_a_dry_run) {
  effects::perform(FileWrite{"file", "x"}).run(handlers);
  const auto planned = effects::program([](auto perform) {
    if (perform(FileRead{"file"}) == "x") perform(FileWrite{"file", "y"});
    return perform(FileRemoval{"file"});
  });
  const auto found = planned.dry_run(handlers);
  EXPECT_TRUE(found.complete);
  EXPECT_EQ(found.value, true);
  EXPECT_EQ(found.trace.effects().size(), 3u);
  EXPECT_EQ(content("file"), "x");
}

}  // namespace
}  // namespace annal::test
