// Where a thread cannot be made, what waits for it is done later, and not never.
#include "annal/bus/rules/sequence_rule.hpp"
#include "engine/bus/events.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>

namespace {
std::atomic<int> threads_refused{0};  // of those that are asked for next
}

// In the place of the C library's, which it asks otherwise.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*run)(void*), void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const Create create = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  if (threads_refused > 0) {
    --threads_refused;
    return EAGAIN;
  }
  return create(thread, attributes, run, argument);
}

namespace annal::test {
namespace {

using std::chrono::milliseconds;

class NoThread : public ::testing::Test {
 protected:
  ~NoThread() override { threads_refused = 0; }
  template <class Condition>
  static bool comes_true(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    return condition();
  }

  Catalogue catalogue;
  Bus bus{catalogue};
  std::atomic<int> told{0};
  Connection all = bus.subscribe(everything(), [this](const Envelope& event) {
    if (event.type != "a") ++told;
  });
};

TEST_F(NoThread, for_errands_delays_what_is_held_back) {
  bus.record(TopicPattern::of("held"), {.coalesce_within = milliseconds(20)}).release();
  bus.publish(event_of("held", "task/1"));  // the thread of the alarms begins
  threads_refused = 1;                      // that of the errands does not
  EXPECT_TRUE(comes_true([&] { return told == 1; }));
  EXPECT_EQ(threads_refused, 0);
}

TEST_F(NoThread, for_errands_delays_what_a_rule_says) {
  auto silence = bus.rules().add(
      rules::absence({.name = "silence",
                      .of = TopicPattern::of("a"),
                      .until = TopicPattern::of("b"),
                      .within = milliseconds(10),
                      .emit = [](const Match& match) { return event_of("silent", match.key); }}));
  bus.publish(event_of("a"));
  threads_refused = 1;
  EXPECT_TRUE(comes_true([&] { return told == 1; }));
}

TEST_F(NoThread, for_alarms_delays_them_until_the_next_that_would_be_set) {
  bus.record(TopicPattern::of("held"), {.coalesce_within = milliseconds(20)}).release();
  threads_refused = 1;
  bus.publish(event_of("held", "task/1"));
  EXPECT_EQ(threads_refused, 0);
  bus.publish(event_of("held", "task/2"));
  EXPECT_TRUE(comes_true([&] { return told == 2; }));
}

}  // namespace
}  // namespace annal::test
