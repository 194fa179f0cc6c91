#include "annal/aspects/metrics.hpp"

#include "fakes.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace annal {
namespace {

using namespace std::chrono_literals;

class Measured : public testing::Test {
 protected:
  void call(std::string_view target, std::chrono::nanoseconds duration) {
    metrics_.around({.name = target}, [&] { clock_.advance(duration); });
  }
  void fail(std::string_view target, std::chrono::nanoseconds duration) {
    EXPECT_THROW(metrics_.around({.name = target},
                                 [&] {
                                   clock_.advance(duration);
                                   throw std::runtime_error("failed");
                                 }),
                 std::runtime_error);
  }

  test::ManualMonotonicClock clock_;
  Metrics metrics_{clock_};
};

TEST_F(Measured, calls_are_counted_and_timed) {
  call("Shop::sell", 4us);
  call("Shop::sell", 1us);
  call("Shop::sell", 10us);
  const MethodMetrics sell = metrics_.of("Shop::sell");
  EXPECT_EQ(sell.name, "Shop::sell");
  EXPECT_EQ(sell.count, 3u);
  EXPECT_EQ(sell.errors, 0u);
  EXPECT_EQ(sell.min, 1us);
  EXPECT_EQ(sell.max, 10us);
  EXPECT_EQ(sell.mean(), 5us);
  EXPECT_EQ(sell.error_rate(), 0);
}

TEST_F(Measured, calls_that_throw_are_counted_and_timed_as_errors) {
  call("Shop::sell", 2us);
  fail("Shop::sell", 6us);
  call("Shop::sell", 1us);
  call("Shop::sell", 3us);
  const MethodMetrics sell = metrics_.of("Shop::sell");
  EXPECT_EQ(sell.count, 4u);
  EXPECT_EQ(sell.errors, 1u);
  EXPECT_EQ(sell.max, 6us);
  EXPECT_EQ(sell.mean(), 3us);
  EXPECT_EQ(sell.error_rate(), 0.25);
}

TEST_F(Measured, each_target_is_measured_by_itself_and_listed_by_name) {
  call("Shop::sell", 2us);
  call("Shop::buy", 3us);
  const auto all = metrics_.snapshot();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "Shop::buy");
  EXPECT_EQ(all[0].total, 3us);
  EXPECT_EQ(all[1].name, "Shop::sell");
}

TEST_F(Measured, a_target_never_called_has_zeros) {
  const MethodMetrics none = metrics_.of("Shop::close");
  EXPECT_EQ(none.name, "Shop::close");
  EXPECT_EQ(none.count, 0u);
  EXPECT_EQ(none.mean(), 0ns);
  EXPECT_EQ(none.error_rate(), 0);
}

TEST_F(Measured, a_reset_forgets_everything) {
  call("Shop::sell", 2us);
  metrics_.reset();
  EXPECT_TRUE(metrics_.snapshot().empty());
  call("Shop::sell", 7us);
  EXPECT_EQ(metrics_.of("Shop::sell").min, 7us);
}

}  // namespace
}  // namespace annal
