// What is known of an effect that failed, and how a program goes on.
#include "annal/effects/failure.hpp"

#include "effects/shop.hpp"

#include <gtest/gtest.h>

#include <stop_token>

namespace annal::effects::test {
namespace {

struct Mail {
  using result = void;
  static constexpr std::string_view name = "mail";
  static constexpr auto delivery = Delivery::outbox;
};

class Failing : public ::testing::Test {
 protected:
  Failing() {
    shop.handlers.on<Charge>([](const Charge&) -> int { throw Transient("the bank is busy"); });
  }
  Shop shop;
};

TEST_F(Failing, says_which_effect_failed_why_and_where_it_is_performed) {
  const auto line = std::source_location::current().line() + 1;
  const auto sale = perform(FindCustomer{7}).then(perform(Charge{"ann", 5}));
  const auto outcome = sale.outcome(shop.handlers);
  ASSERT_FALSE(outcome.ok());
  const Failure& failure = outcome.failure();
  EXPECT_EQ(failure.kind, FailureKind::transient);
  EXPECT_EQ(failure.effect, "charge");
  EXPECT_EQ(failure.what, "the bank is busy");
  EXPECT_EQ(failure.attempts, 1u);
  EXPECT_EQ(failure.origin.line(), line);
  EXPECT_EQ(failure.to_string(), "charge failed (transient): the bank is busy [failure_test.cpp:" +
                                     std::to_string(line) + ']');
}

TEST_F(Failing, says_so_in_direct_style_too) {
  const auto line = std::source_location::current().line() + 1;
  const auto sale = program([](auto perform) { return perform(Charge{"ann", 5}); });
  EXPECT_EQ(sale.outcome(shop.handlers).failure().origin.line(), line);
}

TEST_F(Failing, throws_what_was_thrown_where_the_value_is_asked_for) {
  const auto outcome = perform(Charge{"ann", 5}).outcome(shop.handlers);
  EXPECT_THROW((void)outcome.value(), Transient);
}

TEST_F(Failing, knows_no_effect_of_what_a_function_of_the_program_throws) {
  const auto broken = pure(1).map([](int) -> int { throw Error("odd"); });
  const auto outcome = broken.outcome(shop.handlers);
  EXPECT_EQ(outcome.failure().effect, "");
  EXPECT_EQ(outcome.failure().to_string(), "the program failed (permanent): odd");
}

// The failure of the charge was recovered from: what is thrown afterwards is another one.
TEST_F(Failing, blames_no_effect_that_failed_before) {
  const auto sale =
      perform(Charge{"ann", 5}).fallback(0).map([](int) -> int { throw Error("odd"); });
  EXPECT_EQ(sale.outcome(shop.handlers).failure().effect, "");
}

TEST_F(Failing, tells_a_missing_handler) {
  const auto outcome = perform(Tell{"hi"}).outcome(Handlers());
  EXPECT_EQ(outcome.failure().kind, FailureKind::missing_handler);
  EXPECT_EQ(outcome.failure().effect, "tell");
}

TEST_F(Failing, gives_a_program_that_recovers_the_whole_failure) {
  const auto sale = perform(Charge{"ann", 5}).recover([](const Failure& failure) {
    return perform(Tell{failure.effect + ": " + std::string(to_string(failure.kind))})
        .then(pure(-1));
  });
  EXPECT_EQ(sale.run(shop.handlers), -1);
  EXPECT_EQ(shop.performed, (Shop::Diary{"tell charge: transient"}));
}

TEST_F(Failing, falls_back_to_a_value_or_to_a_program) {
  EXPECT_EQ(perform(Charge{"ann", 5}).fallback(7).run(shop.handlers), 7);
  EXPECT_EQ(
      perform(Charge{"ann", 5}).fallback(perform(FindCustomer{1}).then(pure(8))).run(shop.handlers),
      8);
  EXPECT_EQ(pure(1).fallback(2).run(shop.handlers), 1);
  EXPECT_EQ(perform(FindCustomer{7}).fallback("nobody").run(shop.handlers), "customer 7");
}

TEST_F(Failing, gives_a_value_where_nothing_fails) {
  const auto outcome = perform(FindCustomer{7}).outcome(shop.handlers);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome.value(), "customer 7");
  EXPECT_TRUE(perform(Tell{"hi"}).outcome(shop.handlers).ok());
}

TEST_F(Failing, begins_no_effect_once_the_run_was_asked_to_stop) {
  std::stop_source stopping;
  const auto sale = program([&](auto perform) {
    perform(Tell{"one"});
    stopping.request_stop();
    perform(Tell{"two"});
  });
  const auto outcome = sale.outcome(shop.handlers, {.stop = stopping.get_token()});
  EXPECT_EQ(outcome.failure().kind, FailureKind::cancelled);
  EXPECT_EQ(shop.performed, (Shop::Diary{"tell one"}));
}

TEST(HandlerContext, tells_a_handler_of_the_run) {
  std::stop_source stopping;
  Handlers handlers;
  std::string seen;
  handlers.on<Tell>([&](const Tell& tell, const EffectContext& context) {
    seen =
        tell.text + ' ' + std::string(context.request_id) + ' ' + std::to_string(context.attempt);
    stopping.request_stop();
    EXPECT_TRUE(context.stop.stop_requested());
  });
  perform(Tell{"hi"}).run(handlers, {.request_id = "r1", .stop = stopping.get_token()});
  EXPECT_EQ(seen, "hi r1 1");
}

TEST(DeliveryOfAnEffect, is_at_least_once_unless_it_says_otherwise) {
  EXPECT_EQ(delivery_of<Mail>(), Delivery::outbox);
  EXPECT_EQ(delivery_of<Charge>(), Delivery::at_least_once);
  EXPECT_EQ(to_string(Delivery::at_most_once), "at most once");
}

}  // namespace
}  // namespace annal::effects::test
