#include "annal/effects/effect.hpp"

#include "effects/shop.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace annal::effects::test {
namespace {

TEST(Effect, pure_gives_its_value_and_performs_nothing) {
  Shop shop;
  EXPECT_EQ(pure(7).run(shop.handlers), 7);
  EXPECT_EQ(shop.performed, Shop::Diary{});
}

TEST(Effect, building_a_program_performs_nothing) {
  Shop shop;
  int functions_called = 0;
  const auto program = perform(FindCustomer{1})
                           .bind([&](const std::string& customer) {
                             ++functions_called;
                             return perform(Charge{customer, 5});
                           })
                           .with_effect(Tell{"done"});
  EXPECT_EQ(shop.performed, Shop::Diary{});
  EXPECT_EQ(functions_called, 0);
}

TEST(Effect, performs_its_effects_in_order) {
  Shop shop;
  const auto receipt = perform(FindCustomer{1})
                           .bind([](const std::string& customer) {
                             return perform(Charge{customer, 5});
                           })
                           .with_effect(Tell{"charged"})
                           .run(shop.handlers);
  EXPECT_EQ(receipt, 1005);
  EXPECT_EQ(shop.performed, (Shop::Diary{"find 1", "charge customer 1 5", "tell charged"}));
}

TEST(Effect, runs_anew_every_time) {
  Shop shop;
  const auto program =
      perform(FindCustomer{1}).map([](const std::string& name) { return name.size(); });
  EXPECT_EQ(program.run(shop.handlers), 10u);
  EXPECT_EQ(program.run(shop.handlers), 10u);
  EXPECT_EQ(shop.performed, (Shop::Diary{"find 1", "find 1"}));
}

TEST(Effect, is_unchanged_by_what_is_built_on_it) {
  Shop shop;
  const auto find = perform(FindCustomer{1});
  const auto longer = find.with_effect(Tell{"found"});
  EXPECT_EQ(find.run(shop.handlers), "customer 1");
  EXPECT_EQ(shop.performed, Shop::Diary{"find 1"});
  EXPECT_EQ(longer.run(shop.handlers), "customer 1");
  EXPECT_EQ(shop.performed, (Shop::Diary{"find 1", "find 1", "tell found"}));
}

TEST(Effect, map_changes_the_value_and_its_type) {
  EXPECT_EQ(pure(20).map([](int value) { return std::to_string(value); }).run(Handlers()), "20");
}

TEST(Effect, map_to_nothing_gives_a_program_without_a_value) {
  int seen = 0;
  const Effect<void> program = pure(3).map([&](int value) { seen = value; });
  program.run(Handlers());
  EXPECT_EQ(seen, 3);
}

TEST(Effect, a_program_without_a_value_goes_on_with_functions_that_take_none) {
  Shop shop;
  const Effect<int> program =
      perform(Tell{"a"}).bind([] { return perform(Tell{"b"}); }).map([] { return 9; });
  EXPECT_EQ(program.run(shop.handlers), 9);
  EXPECT_EQ(shop.performed, (Shop::Diary{"tell a", "tell b"}));
}

TEST(Effect, then_leaves_the_first_value_behind) {
  Shop shop;
  EXPECT_EQ(perform(FindCustomer{1}).then(perform(Charge{"ann", 2})).run(shop.handlers), 1002);
  EXPECT_EQ(shop.performed, (Shop::Diary{"find 1", "charge ann 2"}));
}

TEST(Effect, with_effect_takes_a_whole_program_and_keeps_the_value) {
  Shop shop;
  const auto telling =
      perform(FindCustomer{2}).bind([](const std::string& other) { return perform(Tell{other}); });
  const auto program = perform(FindCustomer{1}).with_effect(telling).with_effect(Tell{"end"});
  EXPECT_EQ(program.run(shop.handlers), "customer 1");
  EXPECT_EQ(shop.performed, (Shop::Diary{"find 1", "find 2", "tell customer 2", "tell end"}));
}

struct Open {
  using result = std::unique_ptr<int>;
  static constexpr std::string_view name = "open";
};

TEST(Effect, carries_values_that_can_only_be_moved) {
  Handlers handlers;
  handlers.on<Open>([](const Open&) { return std::make_unique<int>(5); });
  const auto program = perform(Open{}).with_effect(pure()).map([](std::unique_ptr<int> value) {
    *value += 1;
    return value;
  });
  EXPECT_EQ(*program.run(handlers), 6);
}

TEST(Effect, carries_values_too_large_to_be_kept_in_place) {
  struct Large {
    std::string text;
    char filling[200] = {};
  };
  const auto program = pure(Large{.text = std::string(100, 'x')})
                           .with_effect(pure(Large{.text = "other"}))
                           .map([](const Large& large) { return large.text.size(); });
  EXPECT_EQ(program.run(Handlers()), 100u);
}

TEST(Effect, an_exception_of_a_handler_leaves_the_run_and_ends_it) {
  Shop shop;
  shop.handlers.on<Charge>([](const Charge&) -> int { throw std::runtime_error("declined"); });
  const auto program = perform(Charge{"ann", 5}).with_effect(Tell{"charged"});
  EXPECT_THROW(program.run(shop.handlers), std::runtime_error);
  EXPECT_EQ(shop.performed, Shop::Diary{});
}

TEST(Effect, a_missing_handler_is_an_error_naming_the_effect) {
  Shop shop;
  shop.handlers.remove<Charge>();
  const auto program = perform(FindCustomer{1}).bind([](const std::string& customer) {
    return perform(Charge{customer, 1});
  });
  try {
    program.run(shop.handlers);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("'charge'"), std::string::npos) << error.what();
  }
  EXPECT_EQ(shop.performed, Shop::Diary{"find 1"});
}

TEST(Recover, goes_on_where_the_program_throws) {
  Shop shop;
  const auto program = fail<int>(std::runtime_error("broken"))
                           .with_effect(Tell{"never"})
                           .recover([](std::exception_ptr) { return pure(1); })
                           .with_effect(Tell{"after"});
  EXPECT_EQ(program.run(shop.handlers), 1);
  EXPECT_EQ(shop.performed, Shop::Diary{"tell after"});
}

TEST(Recover, is_passed_by_when_nothing_is_thrown) {
  const auto program = pure(2).recover([](std::exception_ptr) { return pure(1); });
  EXPECT_EQ(program.run(Handlers()), 2);
}

TEST(Recover, is_given_the_exception) {
  const auto program = fail<std::string>(std::runtime_error("broken"))
                           .recover([](std::exception_ptr failure) -> Effect<std::string> {
                             try {
                               std::rethrow_exception(failure);
                             } catch (const std::runtime_error& error) {
                               return pure(std::string(error.what()));
                             }
                           });
  EXPECT_EQ(program.run(Handlers()), "broken");
}

TEST(Recover, what_it_throws_reaches_the_next_one_out) {
  const auto program =
      fail<int>(std::runtime_error("first"))
          .recover([](std::exception_ptr) -> Effect<int> { throw std::logic_error("second"); })
          .recover([](std::exception_ptr failure) { return fail<int>(std::move(failure)); });
  EXPECT_THROW(program.run(Handlers()), std::logic_error);
}

TEST(Recover, a_value_put_aside_inside_is_forgotten) {
  const auto failing = pure(1).with_effect(fail<int>(std::runtime_error("broken")));
  const auto program =
      pure(5).with_effect(failing.recover([](std::exception_ptr) { return pure(2); }));
  EXPECT_EQ(program.run(Handlers()), 5);
}

TEST(Recover, a_missing_handler_is_not_recovered_from) {
  const auto program =
      perform(Charge{"ann", 1}).recover([](std::exception_ptr) { return pure(0); });
  EXPECT_THROW(program.run(Handlers()), MissingHandler);
}

}  // namespace
}  // namespace annal::effects::test
