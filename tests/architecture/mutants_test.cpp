// The planted bugs can be planted, and one that cannot is noticed.
#include "architecture/mutant_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace annal::architecture {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* planted =
    "It adds.\nfile: src/a.cpp\nsuite: annal_a_test A.*\n--- before\na - b\n--- after\na + b\n"
    "--- end\n";

Tree tree_with(std::string source, std::string bug) {
  return {{"src/a.cpp", std::move(source)},
          {"tests/CMakeLists.txt", "annal_test(a\n  SOURCES a_test.cpp)\n"},
          {"tests/mutants/adds.txt", std::move(bug)}};
}

std::string without(std::string text, const std::string& part) {
  return text.erase(text.find(part), part.size());
}

TEST(Mutants, still_apply) {
  EXPECT_THAT(mutants_that_do_not_apply(repository()), IsEmpty());
  const auto bugs = std::count_if(repository().begin(), repository().end(), [](const auto& file) {
    return file.first.starts_with("tests/mutants/") && file.first.ends_with(".txt");
  });
  EXPECT_GE(bugs, 10);
}

TEST(Mutants, one_that_applies_is_no_fault) {
  EXPECT_THAT(mutants_that_do_not_apply(tree_with("a - b\n", planted)), IsEmpty());
}

TEST(Mutants, one_that_does_not_apply_is_noticed) {
  const auto fault = [](std::string source, std::string bug) {
    return mutants_that_do_not_apply(tree_with(std::move(source), std::move(bug)));
  };
  EXPECT_THAT(fault("a * b\n", planted), ElementsAre(HasSubstr("occurs 0 times in src/a.cpp")));
  EXPECT_THAT(fault("a - b\na - b\n", planted), ElementsAre(HasSubstr("occurs 2 times")));
  EXPECT_THAT(fault("a - b\n", without(planted, "--- end\n")),
              ElementsAre(HasSubstr("adds.txt: it is not complete")));
  EXPECT_THAT(fault("a - b\n", without(planted, " A.*")), ElementsAre(HasSubstr("not complete")));
  EXPECT_THAT(fault("a - b\n", without(planted, "a_")),
              ElementsAre(HasSubstr("there is no test program annal_test")));
}

}  // namespace
}  // namespace annal::architecture
