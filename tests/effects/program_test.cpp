#include "effects/shop.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace annal::effects::test {
namespace {

TEST(Program, reads_like_the_code_it_stands_for) {
  Shop shop;
  const Effect<int> buying = program([](auto perform) {
    const std::string customer = perform(FindCustomer{1});
    int last = 0;
    for (int cents = 1; cents <= 3; ++cents) last = perform(Charge{customer, cents});
    perform(Tell{"thanks"});
    return last;
  });
  EXPECT_EQ(shop.performed, Shop::Diary{});
  EXPECT_EQ(buying.run(shop.handlers), 1003);
  EXPECT_EQ(shop.performed, (Shop::Diary{"find 1", "charge customer 1 1", "charge customer 1 2",
                                         "charge customer 1 3", "tell thanks"}));
}

TEST(Program, runs_anew_every_time) {
  Shop shop;
  const auto telling = program([](auto perform) { perform(Tell{"again"}); });
  telling.run(shop.handlers);
  telling.run(shop.handlers);
  EXPECT_EQ(shop.performed, (Shop::Diary{"tell again", "tell again"}));
}

TEST(Program, continues_as_a_chain) {
  Shop shop;
  const auto chain = program([](auto perform) {
                       return perform(FindCustomer{1});
                     }).map([](const std::string& name) {
                         return name.size();
                       }).with_effect(Tell{"counted"});
  EXPECT_EQ(chain.run(shop.handlers), 10u);
}

TEST(Program, performs_other_programs_in_the_same_run) {
  Shop shop;
  const auto find_and_tell = perform(FindCustomer{4}).with_effect(Tell{"found"});
  const auto outer = program([=](auto perform) {
    const std::string customer = perform(find_and_tell);
    return perform(Charge{customer, 1});
  });
  Trace trace;
  EXPECT_EQ(outer.run(shop.handlers, {.trace = &trace}), 1001);
  EXPECT_EQ(names(trace), (std::vector<std::string>{"find_customer", "tell", "charge"}));
}

TEST(Program, catches_what_a_handler_throws) {
  Shop shop;
  shop.handlers.on<Charge>([](const Charge&) -> int { throw std::runtime_error("declined"); });
  const auto buying = program([](auto perform) {
    try {
      return perform(Charge{"ann", 1});
    } catch (const std::runtime_error&) {
      perform(Tell{"declined"});
      return 0;
    }
  });
  EXPECT_EQ(buying.run(shop.handlers), 0);
  EXPECT_EQ(shop.performed, Shop::Diary{"tell declined"});
}

struct Store {
  using result = std::string;
  static constexpr std::string_view name = "store";
  std::string text;
};

TEST(Program, gives_the_effect_away_to_a_handler_that_takes_it) {
  const std::string text(1000, 'x');
  Handlers handlers;
  const char* stored = nullptr;
  handlers.on<Store>([&](Store store) {
    stored = store.text.data();
    return std::move(store.text);
  });
  const char* given = nullptr;
  const auto storing = program([&](auto perform) {
    Store store{text};
    given = store.text.data();
    return perform(std::move(store));
  });
  EXPECT_EQ(storing.run(handlers), text);
  EXPECT_EQ(stored, given) << "the text was copied on its way";
}

TEST(Program, a_chain_keeps_its_effect_though_a_handler_takes_it) {
  Handlers handlers;
  handlers.on<Store>([](Store&& store) { return std::move(store.text); });
  const auto storing = perform(Store{std::string(1000, 'x')});
  EXPECT_EQ(storing.run(handlers).size(), 1000u);
  EXPECT_EQ(storing.run(handlers).size(), 1000u);
}

}  // namespace
}  // namespace annal::effects::test
