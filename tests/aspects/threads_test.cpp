#include "annal/aspects/metrics.hpp"
#include "annal/aspects/weaver.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace annal {
namespace {

constexpr int calls = 5000;

// Counts the calls it is around, and complains if it is used after its end.
class Census : public Interceptor {
 public:
  explicit Census(std::atomic<int>& after_end) : after_end_(after_end) {}
  ~Census() override { ended_ = true; }
  void around(const JoinPoint&, const std::function<void()>& proceed) override {
    if (ended_) ++after_end_;
    proceed();
  }

 private:
  std::atomic<int>& after_end_;
  std::atomic<bool> ended_ = false;
};

TEST(WeavingThreads, every_call_happens_once_while_aspects_come_and_go) {
  Weaver weaver;
  std::atomic<int> happened = 0, after_end = 0;
  const auto work = weaver.weave("Work::step", [&] { ++happened; });
  const WeavingPoint point = weaver.point("Work::other");
  std::thread one([&] {
    for (int call = 0; call < calls; ++call) work();
  });
  std::thread two([&] {
    for (int call = 0; call < calls; ++call) point.call([&] { ++happened; });
  });
  std::thread three([&] {
    for (int call = 0; call < calls; ++call)
      weaver.call({.name = "Work::step"}, [&] { ++happened; });
  });
  for (int round = 0; round < 300; ++round) {
    weaver.add("census", std::make_shared<Census>(after_end));
    weaver.apply("census", "Work::*");
    weaver.applied_to("Work::step");
    weaver.remove("census");
  }
  one.join();
  two.join();
  three.join();
  EXPECT_EQ(happened, 3 * calls);
  EXPECT_EQ(after_end, 0);
}

TEST(WeavingThreads, metrics_count_every_call) {
  Weaver weaver;
  const auto metrics = std::make_shared<Metrics>();
  weaver.add("metrics", metrics);
  weaver.apply("metrics", "Work::*");
  const auto work = weaver.weave("Work::step", [] {});
  const auto call_on = [&] {
    for (int call = 0; call < calls; ++call) work();
  };
  std::thread one(call_on), two(call_on);
  while (metrics->of("Work::step").count < calls) std::this_thread::yield();
  one.join();
  two.join();
  EXPECT_EQ(metrics->of("Work::step").count, 2u * calls);
}

}  // namespace
}  // namespace annal
