// Handlers for tests: scripted ones, and ones that fail when they are told to.
#include "annal/effects/faults.hpp"
#include "annal/effects/script.hpp"
#include "effects/shop.hpp"

#include <gtest/gtest.h>

namespace annal::effects::test {
namespace {

// Compared by ==, which the effects of the shop have not.
struct Ship {
  using result = std::string;
  static constexpr std::string_view name = "ship";
  std::string article;
  int pieces = 0;
  friend bool operator==(const Ship&, const Ship&) = default;
};

Effect<std::string> delivery() {
  return program([](auto perform) {
    perform(Tell{"on its way"});
    return perform(Ship{"book", 2});
  });
}

TEST(Scripted, effects_give_what_the_script_says) {
  Script script;
  script.expect(Tell{"on its way"}).expect(Ship{"book", 2}, "parcel 7");
  EXPECT_EQ(script.rest(), "tell(\"on its way\")\nship()\n");
  EXPECT_EQ(delivery().run(script.handlers()), "parcel 7");
  EXPECT_EQ(script.rest(), "");
}

TEST(Scripted, effects_fail_where_the_script_says_so) {
  Script script;
  script.expect(Tell{"on its way"}).expect_failure(Ship{"book", 2}, Transient("no van"));
  EXPECT_EQ(delivery().outcome(script.handlers()).failure().kind, FailureKind::transient);
}

std::string mismatch(const Script& script) {
  const auto outcome = delivery().outcome(script.handlers());
  EXPECT_THROW((void)outcome.value(), ScriptMismatch);
  return outcome.failure().what;
}

TEST(Scripted, effects_that_differ_are_named_with_the_next_expected) {
  Script script;
  script.expect(Tell{"on its way"}).expect(Ship{"book", 3}, "parcel 7");
  EXPECT_EQ(mismatch(script),
            "the script does not go on with ship(); next expected: ship()\n"
            "  performed before: tell(\"on its way\")");
  EXPECT_EQ(script.rest(), "ship()\nperformed instead: ship()\n");
}

TEST(Scripted, effects_of_another_type_are_named_too) {
  Script script;
  script.expect(Ship{"book", 2}, "parcel 7");
  EXPECT_EQ(mismatch(script),
            "the script does not go on with tell(\"on its way\"); next expected: ship()");
  Script none;
  EXPECT_EQ(mismatch(none),
            "the script does not go on with tell(\"on its way\"); next expected: nothing more");
}

TEST(Scripted, effects_that_differ_are_told_though_the_program_goes_on) {
  Script script;
  const auto forgiving = perform(Tell{"hi"}).recover([](std::exception_ptr) { return pure(); });
  EXPECT_TRUE(forgiving.outcome(script.handlers()).ok());
  EXPECT_EQ(script.rest(), "performed instead: tell(\"hi\")\n");
}

TEST(Scripted, effects_may_outlive_the_script) {
  std::optional<Handlers> kept;
  {
    Script script;
    script.expect(Tell{"hi"});
    kept.emplace(script.handlers().overlay());
  }
  EXPECT_TRUE(perform(Tell{"hi"}).outcome(*kept).ok());
}

TEST(Faults, strike_the_effect_they_are_meant_for) {
  Shop shop;
  Faults faults;
  faults.fail<Charge>(2, Transient("the bank is busy"));
  const auto faulty = faults.over(shop.handlers);
  const auto once = perform(Charge{"ann", 5});
  EXPECT_TRUE(once.outcome(faulty).ok());
  EXPECT_EQ(once.outcome(faulty).failure().what, "the bank is busy");
  EXPECT_TRUE(once.outcome(faulty).ok());
  EXPECT_EQ(shop.performed.size(), 2u) << "the second was not performed";
  EXPECT_EQ(faults.count<Charge>(), 3u);
  EXPECT_TRUE(perform(Tell{"hi"}).outcome(faulty).ok());
}

TEST(Faults, may_lose_what_was_done) {
  Shop shop;
  Faults faults;
  faults.lose<Charge>(0, Error("no answer"));
  EXPECT_FALSE(perform(Charge{"ann", 5}).outcome(faults.over(shop.handlers)).ok());
  EXPECT_EQ(shop.performed.size(), 1u);
}

TEST(Faults, strike_each_attempt) {
  Shop shop;
  Faults faults;
  faults.fail<Charge>(1, Transient("busy")).fail<Charge>(2, Transient("busy"));
  const VirtualTime time;
  const auto once = perform(Charge{"ann", 5}, {.retry = RetryPolicy{.attempts = 3}});
  EXPECT_EQ(once.run(faults.over(shop.handlers), {.time = &time}), 1005);
}

}  // namespace
}  // namespace annal::effects::test
