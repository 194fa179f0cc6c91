// Programs far longer than any stack: a million steps, nested every way there is.
#include "effects/shop.hpp"
#include "thoroughness.hpp"

#include <gtest/gtest.h>

namespace annal::effects::test {
namespace {

constexpr int depth = 1'000'000 / static_cast<int>(annal::test::fault_stride);

int next(int value) { return value + 1; }

TEST(AMillionSteps, of_nested_maps_run_and_are_released) {
  Effect<int> program = pure(0);
  for (int step = 0; step < depth; ++step) program = program.map(next);
  EXPECT_EQ(program.run(Handlers()), depth);
}

TEST(AMillionSteps, of_nested_binds_run_and_are_released) {
  Effect<int> program = pure(0);
  for (int step = 0; step < depth; ++step)
    program = program.bind([](int value) { return pure(value + 1); });
  EXPECT_EQ(program.run(Handlers()), depth);
}

Effect<int> count_up(int from) {
  if (from == depth) return pure(from);
  return pure(from).bind([](int value) { return count_up(value + 1); });
}

TEST(AMillionSteps, of_recursion_in_the_last_bind_run) {
  EXPECT_EQ(count_up(0).run(Handlers()), depth);
}

Effect<int> count_down_and_up(int from) {
  if (from == 0) return pure(0);
  return pure(from - 1).bind(count_down_and_up).map(next);
}

TEST(AMillionSteps, of_recursion_before_the_last_map_run) {
  EXPECT_EQ(count_down_and_up(depth).run(Handlers()), depth);
}

TEST(AMillionSteps, of_performed_effects_run) {
  Shop shop;
  int told = 0;
  shop.handlers.on<Tell>([&](const Tell&) { ++told; });
  Effect<void> program = perform(Tell{"first"});
  for (int step = 1; step < depth; ++step) program = perform(Tell{"more"}).then(program);
  program.run(shop.handlers);
  EXPECT_EQ(told, depth);
}

TEST(AMillionSteps, of_effects_beside_a_value_run) {
  Shop shop;
  int told = 0;
  shop.handlers.on<Tell>([&](const Tell&) { ++told; });
  Effect<int> program = pure(7);
  for (int step = 0; step < depth; ++step) program = program.with_effect(Tell{});
  EXPECT_EQ(program.run(shop.handlers), 7);
  EXPECT_EQ(told, depth);
}

TEST(AMillionSteps, that_hold_each_other_in_their_functions_are_released) {
  Effect<int> program = pure(0);
  for (int step = 0; step < depth; ++step)
    program = pure(step).bind([program](int) { return program; });
  EXPECT_EQ(program.run(Handlers()), 0);
}

TEST(AMillionSteps, are_given_up_when_the_innermost_throws) {
  Effect<int> program = fail<int>(Error("broken"));
  for (int step = 0; step < depth; ++step) program = program.map(next);
  EXPECT_THROW(program.run(Handlers()), Error);
  EXPECT_EQ(program.recover([](std::exception_ptr) { return pure(-1); }).run(Handlers()), -1);
}

TEST(AMillionSteps, that_each_recover_run) {
  Effect<int> program = pure(0);
  for (int step = 0; step < depth; ++step)
    program = program.recover([](std::exception_ptr) { return pure(0); });
  EXPECT_EQ(program.map(next).run(Handlers()), 1);
}

TEST(AMillionSteps, are_gone_through_by_a_dry_run) {
  Effect<int> program = perform(Charge{}).then(pure(0));
  for (int step = 0; step < depth; ++step) program = program.map(next);
  const auto found = program.dry_run(Handlers());
  EXPECT_EQ(found.value, depth);
}

}  // namespace
}  // namespace annal::effects::test
