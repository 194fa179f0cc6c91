// Files and pages are what a reader may expect,
// and each rule that says so notices a breach planted for it.
#include "architecture/text_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace annal::architecture {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Repository, is_read_whole) {
  for (const char* path :
       {"README.md", "CMakeLists.txt", "docs/architecture.md", "src/engine/annal/error.hpp",
        "aggregates/annal/document/document.cpp", "tests/architecture/texts_test.cpp"}) {
    ASSERT_TRUE(repository().contains(path)) << path;
    EXPECT_FALSE(repository().at(path).empty()) << path;
  }
}

TEST(Files, have_at_most_800_lines) {
  EXPECT_THAT(files_too_long(repository()), IsEmpty());
  std::string text(longest_file, '\n');
  EXPECT_THAT(files_too_long({{"src/engine/annal/a.cpp", text}}), IsEmpty());
  text += "one more\n";
  EXPECT_THAT(files_too_long({{"src/engine/annal/a.cpp", text}}),
              ElementsAre("src/engine/annal/a.cpp: 801 lines"));
}

TEST(Headers, open_with_what_they_are) {
  EXPECT_THAT(headers_without_opening(repository()), IsEmpty());
  EXPECT_THAT(
      headers_without_opening({{"effects/annal/effects/a.hpp", "#pragma once\n// Later.\n"}}),
      ElementsAre(HasSubstr("effects/annal/effects/a.hpp")));
}

TEST(Pages, lead_to_files_and_headings_that_are_there) {
  EXPECT_THAT(dead_links(repository()), IsEmpty());
}

TEST(Pages, a_dead_link_is_noticed) {
  const Tree tree = {
      {"docs/a.md", "[b](b.md) [c](guides/c.md#the-way) [top](../README.md) [dir](guides/)\n"},
      {"docs/b.md", "[c](guides/c.md#the-end)\n```\n[not](a-link.md)\n```\n"},
      {"docs/guides/c.md", "# The way\n[gone](gone.md) [out](https://example.org/x.md)\n"},
      {"README.md", "[here](#nowhere)\n"}};
  EXPECT_THAT(
      dead_links(tree),
      ElementsAre("README.md: (#nowhere): README.md has no heading #nowhere",
                  "docs/b.md: (guides/c.md#the-end): docs/guides/c.md has no heading #the-end",
                  "docs/guides/c.md: (gone.md): there is no docs/guides/gone.md"));
}

TEST(Pages, that_sources_and_pages_name_are_there) {
  EXPECT_THAT(dead_mentions(repository()), IsEmpty());
}

TEST(Pages, one_that_is_named_but_not_there_is_noticed) {
  const Tree tree = {{"src/engine/annal/bus/bus.hpp", "// Guide: docs/guides/bus.md\n"},
                     {"README.md", "See docs/architecture.md.\n"},
                     {"docs/architecture.md", ""}};
  EXPECT_THAT(dead_mentions(tree),
              ElementsAre("src/engine/annal/bus/bus.hpp: there is no docs/guides/bus.md"));
}

TEST(Guarantees, name_tests_that_exist) {
  EXPECT_THAT(dead_tests(repository(), "docs/reference/guarantees.md"), IsEmpty());
}

TEST(Guarantees, one_whose_test_is_gone_is_noticed) {
  const Tree tree = {{"docs/g.md", "Kept: `Log.keeps_order`, `Log.keeps_all`.\n"},
                     {"tests/log_test.cpp", "TEST_P(Log,\n       keeps_order) {}\n"}};
  EXPECT_THAT(dead_tests(tree, "docs/g.md"),
              ElementsAre("docs/g.md: there is no test Log.keeps_all"));
}

}  // namespace
}  // namespace annal::architecture
