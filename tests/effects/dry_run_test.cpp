#include "effects/shop.hpp"

#include <gtest/gtest.h>

namespace annal::effects::test {
namespace {

using Names = std::vector<std::string>;

TEST(DryRun, performs_nothing_and_lists_what_would_be_performed) {
  Shop shop;
  const auto program = perform(Tell{"a"}).then(perform(Charge{"ann", 1})).with_effect(Tell{"b"});
  const auto found = program.dry_run(shop.handlers);
  EXPECT_EQ(shop.performed, Shop::Diary{});
  EXPECT_EQ(names(found.trace), (Names{"tell", "charge", "tell"}));
  for (const TracedEffect& effect : found.trace.effects())
    EXPECT_EQ(effect.outcome, EffectOutcome::not_performed);
  EXPECT_EQ(found.trace.effects()[0].text, "\"a\"");
  EXPECT_TRUE(found.complete);
  EXPECT_FALSE(found.value.has_value());
}

TEST(DryRun, stops_where_a_bind_needs_a_result_nobody_knows) {
  Shop shop;
  bool called = false;
  const auto program = perform(FindCustomer{1})
                           .map([](const std::string& name) { return name.size(); })
                           .bind([&](std::size_t) {
                             called = true;
                             return perform(Tell{"found"});
                           });
  const auto found = program.dry_run(shop.handlers);
  EXPECT_EQ(names(found.trace), Names{"find_customer"});
  EXPECT_FALSE(found.complete);
  EXPECT_FALSE(called);
}

TEST(DryRun, goes_on_with_the_result_of_a_stand_in) {
  Shop shop;
  shop.handlers.on_dry_run<FindCustomer>(
      [](const FindCustomer& effect) { return "stand-in " + std::to_string(effect.number); });
  const auto program = perform(FindCustomer{1}).bind([](const std::string& customer) {
    return perform(Tell{customer}).map([customer] { return customer; });
  });
  const auto found = program.dry_run(shop.handlers);
  EXPECT_EQ(names(found.trace), (Names{"find_customer", "tell"}));
  EXPECT_EQ(found.trace.effects()[1].text, "\"stand-in 1\"");
  EXPECT_TRUE(found.complete);
  EXPECT_EQ(found.value, "stand-in 1");
  EXPECT_EQ(shop.performed, Shop::Diary{});
}

TEST(DryRun, a_stand_in_takes_no_part_in_a_real_run) {
  Shop shop;
  shop.handlers.on_dry_run<FindCustomer>([](const FindCustomer&) { return std::string("no"); });
  EXPECT_EQ(perform(FindCustomer{1}).run(shop.handlers), "customer 1");
}

TEST(DryRun, an_effect_nobody_handles_is_listed_as_missing) {
  const auto found = perform(Tell{"a"}).dry_run(Handlers());
  ASSERT_EQ(found.trace.effects().size(), 1u);
  EXPECT_EQ(found.trace.effects()[0].outcome, EffectOutcome::missing);
  EXPECT_NE(found.trace.effects()[0].error.find("'tell'"), std::string::npos);
  EXPECT_TRUE(found.complete);
}

TEST(DryRun, direct_style_goes_on_over_effects_without_a_result) {
  Shop shop;
  const auto telling = program([](auto perform) {
    perform(Tell{"a"});
    perform(Tell{"b"});
    return 3;
  });
  const auto found = telling.dry_run(shop.handlers);
  EXPECT_EQ(names(found.trace), (Names{"tell", "tell"}));
  EXPECT_TRUE(found.complete);
  EXPECT_EQ(found.value, 3);
}

TEST(DryRun, direct_style_stops_at_the_first_result_nobody_knows) {
  Shop shop;
  const auto buying = program([](auto perform) {
    const std::string customer = perform(FindCustomer{1});
    return perform(Charge{customer, 1});
  });
  const auto found = buying.dry_run(shop.handlers);
  EXPECT_EQ(names(found.trace), Names{"find_customer"});
  EXPECT_FALSE(found.complete);
  EXPECT_EQ(shop.performed, Shop::Diary{});
}

TEST(DryRun, a_program_performed_inside_another_stops_both) {
  Shop shop;
  const auto outer = program([](auto perform) {
    const std::size_t size = perform(
        effects::perform(FindCustomer{1}).map([](const std::string& name) { return name.size(); }));
    perform(Tell{std::to_string(size)});
  });
  const auto found = outer.dry_run(shop.handlers);
  EXPECT_EQ(names(found.trace), Names{"find_customer"});
  EXPECT_FALSE(found.complete);
}

TEST(DryRun, a_program_that_swallows_everything_cannot_go_on_after_the_stop) {
  Shop shop;
  const auto stubborn = program([](auto perform) {
    try {
      perform(FindCustomer{1});
    } catch (...) {
    }
    try {
      perform(Tell{"after"});
    } catch (...) {
    }
    return 1;
  });
  const auto found = stubborn.dry_run(shop.handlers);
  EXPECT_EQ(names(found.trace), Names{"find_customer"});
  EXPECT_FALSE(found.complete);
  EXPECT_FALSE(found.value.has_value());
}

TEST(DryRun, recover_does_not_see_the_stop) {
  Shop shop;
  const auto program = perform(FindCustomer{1})
                           .bind([](const std::string& name) { return pure(name); })
                           .recover([](std::exception_ptr) { return pure(std::string("no")); });
  EXPECT_FALSE(program.dry_run(shop.handlers).complete);
}

TEST(DryRun, what_the_program_itself_throws_leaves_it) {
  Shop shop;
  const auto program = perform(Tell{"a"}).bind([]() -> Effect<int> { throw InvalidInput("no"); });
  EXPECT_THROW(program.dry_run(shop.handlers), InvalidInput);
}

TEST(DryRun, an_overlay_finds_the_stand_ins_below_it) {
  Shop shop;
  shop.handlers.on_dry_run<FindCustomer>([](const FindCustomer&) { return std::string("ann"); });
  const Handlers test = shop.handlers.overlay();
  EXPECT_EQ(perform(FindCustomer{1}).dry_run(test).value, "ann");
}

}  // namespace
}  // namespace annal::effects::test
