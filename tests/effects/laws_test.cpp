// The laws of functor and monad, for programs whose effects can be watched: two programs are equal
// if they give the same value and perform the same effects in the same order.
#include "effects/shop.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace annal::effects::test {
namespace {

struct Observed {
  int value = 0;
  Shop::Diary performed;
  friend bool operator==(const Observed&, const Observed&) = default;
};

std::ostream& operator<<(std::ostream& out, const Observed& observed) {
  out << observed.value;
  for (const std::string& line : observed.performed) out << ", " << line;
  return out;
}

Observed observe(const Effect<int>& program) {
  Shop shop;
  const int value = program.run(shop.handlers);
  return {value, shop.performed};
}

// Some function from numbers to programs, of every shape there is; data, so that it can be shown.
struct Step {
  int shape = 0;
  int number = 0;

  Effect<int> operator()(int value) const {
    const int sum = value / 2 + number;
    switch (shape) {
      case 0:
        return pure(sum);
      case 1:
        return perform(Charge{"ann", sum});
      case 2:
        return pure(sum).with_effect(Tell{std::to_string(value)});
      case 3:
        return perform(FindCustomer{sum}).map([](const std::string& name) {
          return static_cast<int>(name.size());
        });
      case 4:
        return perform(Tell{"then"}).then(perform(Charge{"bob", sum}));
      case 5:
        return program([sum](auto perform) { return perform(Charge{"cy", sum}) + sum; });
      default:
        return fail<int>(Error("broken")).recover([sum](std::exception_ptr) {
          return perform(Charge{"dee", sum});
        });
    }
  }
};

std::ostream& operator<<(std::ostream& out, const Step& step) {
  return out << "step " << step.shape << '(' << step.number << ')';
}

int doubled(int value) { return value / 3 * 2; }
int shifted(int value) { return value / 2 - 7; }

}  // namespace
}  // namespace annal::effects::test

namespace rc {
template <>
struct Arbitrary<annal::effects::test::Step> {
  static Gen<annal::effects::test::Step> arbitrary() {
    using annal::effects::test::Step;
    return gen::build<Step>(gen::set(&Step::shape, gen::inRange(0, 7)),
                            gen::set(&Step::number, gen::inRange(-1000, 1000)));
  }
};
}  // namespace rc

namespace annal::effects::test {
namespace {

RC_GTEST_PROP(MonadLaws, pure_then_bind_is_the_function_itself, (int value, const Step& step)) {
  RC_ASSERT(observe(pure(value).bind(step)) == observe(step(value)));
}

RC_GTEST_PROP(MonadLaws, binding_pure_changes_nothing, (const Step& step, int value)) {
  const Effect<int> program = step(value);
  RC_ASSERT(observe(program.bind([](int given) { return pure(given); })) == observe(program));
}

RC_GTEST_PROP(MonadLaws, it_does_not_matter_how_binds_are_nested,
              (const Step& first, const Step& second, const Step& third, int value)) {
  const Effect<int> program = first(value);
  const auto left = program.bind(second).bind(third);
  const auto right = program.bind([=](int given) { return second(given).bind(third); });
  RC_ASSERT(observe(left) == observe(right));
}

RC_GTEST_PROP(FunctorLaws, mapping_the_identity_changes_nothing, (const Step& step, int value)) {
  const Effect<int> program = step(value);
  RC_ASSERT(observe(program.map([](int given) { return given; })) == observe(program));
}

RC_GTEST_PROP(FunctorLaws, mapping_twice_is_mapping_the_composition,
              (const Step& step, int value)) {
  const Effect<int> program = step(value);
  RC_ASSERT(observe(program.map(doubled).map(shifted)) ==
            observe(program.map([](int given) { return shifted(doubled(given)); })));
}

RC_GTEST_PROP(FunctorLaws, map_is_bind_with_pure, (const Step& step, int value)) {
  const Effect<int> program = step(value);
  RC_ASSERT(observe(program.map(doubled)) ==
            observe(program.bind([](int given) { return pure(doubled(given)); })));
}

RC_GTEST_PROP(Laws, with_effect_is_a_bind_that_gives_the_value_back,
              (const Step& step, int value, const Step& also)) {
  const Effect<int> program = step(value);
  const Effect<int> side = also(value);
  RC_ASSERT(observe(program.with_effect(side)) ==
            observe(program.bind([=](int given) { return side.then(pure(given)); })));
}

RC_GTEST_PROP(Laws, a_chain_and_direct_style_are_the_same_program,
              (const std::vector<Step>& steps, int value)) {
  Effect<int> chain = pure(value);
  for (const Step& step : steps) chain = chain.bind(step);
  const auto direct = program([=](auto perform) {
    int current = value;
    for (const Step& step : steps) current = perform(step(current));
    return current;
  });
  RC_ASSERT(observe(chain) == observe(direct));
}

RC_GTEST_PROP(Laws, a_program_does_the_same_every_time_it_runs,
              (const std::vector<Step>& steps, int value)) {
  Effect<int> chain = pure(value);
  for (const Step& step : steps) chain = chain.bind(step);
  RC_ASSERT(observe(chain) == observe(chain));
}

}  // namespace
}  // namespace annal::effects::test
