#include "effects/shop.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace annal::effects::test {
namespace {

constexpr int rounds = 3000;

template <class Function>
void on_three_threads(Function function) {
  std::thread one(function), two(function), three(function);
  one.join();
  two.join();
  three.join();
}

TEST(Threads, run_one_program_at_the_same_time) {
  std::atomic<int> told = 0;
  Handlers handlers;
  handlers.on<Tell>([&](const Tell&) { ++told; });
  handlers.on<Charge>([](const Charge& charge) { return charge.cents; });
  const auto shared = perform(Charge{"ann", 2})
                          .bind([](int cents) { return pure(cents * 2); })
                          .with_effect(Tell{"hello"});
  std::atomic<int> wrong = 0;
  on_three_threads([&] {
    for (int round = 0; round < rounds; ++round)
      if (shared.run(handlers) != 4) ++wrong;
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(told, 3 * rounds);
}

TEST(Threads, release_what_they_share_once) {
  const auto kept = std::make_shared<int>(1);
  for (int round = 0; round < 300; ++round) {
    Effect<int> program = pure(0);
    for (int step = 0; step < 10; ++step)
      program = program.map([kept](int value) { return value + *kept; });
    std::thread one([copy = program] { EXPECT_EQ(copy.run(Handlers()), 10); });
    std::thread two([copy = std::move(program)] { EXPECT_EQ(copy.run(Handlers()), 10); });
    one.join();
    two.join();
  }
  EXPECT_EQ(kept.use_count(), 1);
}

TEST(Threads, find_a_handler_while_it_is_replaced) {
  Handlers handlers;
  handlers.on<Charge>([](const Charge&) { return 0; });
  const Handlers above = handlers.overlay();
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  const auto charging = perform(Charge{"ann", 1}).then(perform(Charge{"ann", 1}));
  const auto run_on = [&](const Handlers& used) {
    int newest = 0;
    while (!done) {
      const int value = charging.run(used);
      if (value < newest) ++wrong;
      newest = value;
    }
  };
  std::thread one([&] { run_on(handlers); }), two([&] { run_on(above); });
  for (int value = 1; value <= rounds; ++value)
    handlers.on<Charge>([value](const Charge&) { return value; });
  done = true;
  one.join();
  two.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace annal::effects::test
