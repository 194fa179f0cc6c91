#include "annal/effects/can.hpp"

#include "effects/shop.hpp"

#include <gtest/gtest.h>

namespace annal::effects::test {
namespace {

void greet(can<Tell> perform, const std::string& customer) { perform(Tell{"hello " + customer}); }

int sell(can<Tell, Charge> perform, const std::string& customer) {
  greet(perform, customer);
  return perform(Charge{customer, 5});
}

TEST(Can, performs_the_effects_it_names) {
  Shop shop;
  const auto sale = block<FindCustomer, Charge, Tell>([](auto perform) {
    const std::string customer = perform(FindCustomer{7});
    return sell(perform, customer);
  });
  EXPECT_EQ(sale.run(shop.handlers), 1005);
  EXPECT_EQ(shop.performed,
            (Shop::Diary{"find 7", "tell hello customer 7", "charge customer 7 5"}));
}

TEST(Can, runs_as_often_as_one_likes) {
  Shop shop;
  const auto telling = block<Tell>([](can<Tell> perform) { perform(Tell{"again"}); });
  telling.run(shop.handlers);
  telling.run(shop.handlers);
  EXPECT_EQ(shop.performed.size(), 2u);
}

TEST(Can, is_given_by_whoever_may_perform_everything) {
  Shop shop;
  const auto sale = program([](Perform perform) { return sell(perform, "ann"); });
  EXPECT_EQ(sale.run(shop.handlers), 1005);
}

TEST(Can, is_listed_in_a_dry_run) {
  const auto telling = block<Tell>([](can<Tell> perform) {
    perform(Tell{"one"});
    perform(Tell{"two"});
  });
  EXPECT_EQ(names(telling.dry_run(Handlers()).trace), (std::vector<std::string>{"tell", "tell"}));
}

TEST(Can, asks_ahead_for_a_handler) {
  const auto telling = block<Tell, Charge>([](auto perform) {
    perform.template require<Charge>();
    perform(Tell{"never said"});
  });
  Handlers handlers;
  bool was_told = false;
  handlers.on<Tell>([&](const Tell&) { was_told = true; });
  EXPECT_THROW(telling.run(handlers), MissingHandler);
  EXPECT_FALSE(was_told);
}

}  // namespace
}  // namespace annal::effects::test
