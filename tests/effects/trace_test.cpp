#include "annal/effects/trace.hpp"

#include "effects/shop.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace annal::effects::test {
namespace {

using namespace std::chrono_literals;

class Traced : public testing::Test {
 protected:
  Traced() {
    shop_.handlers.on<Tell>([this](const Tell& effect) {
      clock_.advance(5us);
      if (effect.text == "throw") throw std::runtime_error("nobody listens");
      if (effect.text == "throw a number") throw 7;
    });
  }

  template <class T>
  T run(const Effect<T>& program) {
    return program.run(shop_.handlers, {.trace = &trace_});
  }
  const TracedEffect& traced(std::size_t place) { return trace_.effects().at(place); }

  annal::test::ManualMonotonicClock clock_;
  Shop shop_;
  Trace trace_{clock_};
};

TEST_F(Traced, effects_are_listed_in_the_order_they_were_performed) {
  run(perform(FindCustomer{1})
          .bind([](const std::string& customer) {
            return perform(Charge{customer, 1});
          })
          .with_effect(Tell{"hello"}));
  EXPECT_EQ(names(trace_), (std::vector<std::string>{"find_customer", "charge", "tell"}));
  EXPECT_EQ(traced(0).order, 1u);
  EXPECT_EQ(traced(2).order, 3u);
  EXPECT_EQ(traced(1).outcome, EffectOutcome::ok);
  EXPECT_EQ(traced(1).error, "");
}

TEST_F(Traced, effects_have_their_start_and_duration) {
  run(program([&](auto perform) {
    perform(FindCustomer{1});
    clock_.advance(2us);
    perform(Tell{"hello"});
  }));
  EXPECT_EQ(traced(0).start, 0us);
  EXPECT_EQ(traced(0).duration, 0us);
  EXPECT_EQ(traced(1).start, 2us);
  EXPECT_EQ(traced(1).duration, 5us);
}

TEST_F(Traced, an_effect_says_what_it_is_if_it_can) {
  run(perform(FindCustomer{1}).with_effect(Tell{"hello"}));
  EXPECT_EQ(traced(0).text, "");
  EXPECT_EQ(traced(1).text, "\"hello\"");
}

TEST_F(Traced, a_failed_effect_says_why) {
  EXPECT_THROW(run(perform(Tell{"throw"})), std::runtime_error);
  EXPECT_EQ(traced(0).outcome, EffectOutcome::failed);
  EXPECT_EQ(traced(0).error, "nobody listens");
  EXPECT_EQ(traced(0).duration, 5us);
}

TEST_F(Traced, an_effect_that_fails_with_no_exception_class_is_failed_all_the_same) {
  EXPECT_THROW(run(perform(Tell{"throw a number"})), int);
  EXPECT_EQ(traced(0).outcome, EffectOutcome::failed);
  EXPECT_NE(traced(0).error, "");
}

TEST_F(Traced, a_missing_handler_is_in_the_trace) {
  shop_.handlers.remove<Charge>();
  EXPECT_THROW(run(perform(FindCustomer{1}).then(perform(Charge{"ann", 1}))), MissingHandler);
  EXPECT_EQ(traced(0).outcome, EffectOutcome::ok);
  EXPECT_EQ(traced(1).outcome, EffectOutcome::missing);
  EXPECT_NE(traced(1).error.find("'charge'"), std::string::npos);
}

TEST_F(Traced, several_runs_add_to_one_trace) {
  run(perform(FindCustomer{1}));
  clock_.advance(3us);
  run(perform(FindCustomer{2}));
  EXPECT_EQ(traced(1).order, 2u);
  EXPECT_EQ(traced(1).start, 3us);
}

TEST_F(Traced, a_cleared_trace_begins_anew) {
  run(perform(FindCustomer{1}));
  clock_.advance(3us);
  trace_.clear();
  run(perform(Tell{"hello"}));
  EXPECT_EQ(traced(0).order, 1u);
  EXPECT_EQ(traced(0).start, 0us);
}

TEST_F(Traced, effects_of_a_program_run_inside_a_handler_follow_the_one_it_handles) {
  shop_.handlers.on<FindCustomer>([this](const FindCustomer&) {
    run(perform(Tell{"inside"}));
    return std::string("ann");
  });
  run(perform(FindCustomer{1}));
  EXPECT_EQ(names(trace_), (std::vector<std::string>{"find_customer", "tell"}));
  EXPECT_EQ(traced(0).duration, 5us);
}

TEST_F(Traced, the_trace_reads_as_one_line_an_effect) {
  EXPECT_THROW(run(perform(FindCustomer{1}).with_effect(Tell{"throw"})), std::runtime_error);
  EXPECT_EQ(trace_.to_string(),
            "1 find_customer ok 0.0 µs\n"
            "2 tell failed 5.0 µs \"throw\" (nobody listens)\n");
}

}  // namespace
}  // namespace annal::effects::test
