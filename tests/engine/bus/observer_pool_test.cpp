// The threads of the observers: begun when they are needed, and gone when they are not.
#include "annal/bus/observer_pool.hpp"

#include "engine/bus/observer_rig.hpp"

#include <semaphore>
#include <system_error>
#include <thread>

namespace annal::test {
namespace {

using std::chrono::milliseconds;

class ObserverPoolTest : public ::testing::Test {
 protected:
  ObserverPoolTest() {
    ObserverSurroundings with;
    with.bus = this;
    with.threads = 1;
    with.dead_letters = &dead_letters;
    with.alarms = &alarms;
    with.warn = [](const std::string&, std::string, const Envelope&) {};
    with.begin_thread = [this](std::function<void()> run) {
      if (threads_left == 0)
        throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
      --threads_left;
      return std::thread(std::move(run));
    };
    pool = std::make_shared<ObserverPool>(std::move(with));
  }
  ~ObserverPoolTest() override {
    alarms.stop();
    may_end.release(1000);
    pool->close();
  }
  std::shared_ptr<Observer> add(ObserverHandler handler, ObserverOptions options) {
    auto observer = std::make_shared<Observer>(Query(), std::move(handler), std::move(options));
    pool->add(observer);
    return observer;
  }
  void tell(const std::shared_ptr<Observer>& observer) {
    pool->take(observer, std::make_shared<const Envelope>(event_of("a")));
  }

  ManualMonotonicClock monotonic;
  Alarms alarms{&monotonic};
  DeadLetters dead_letters{100, 1024 * 1024};
  Notes begun, told;
  std::counting_semaphore<> may_end{0};
  std::atomic<int> threads_left{1000};
  std::shared_ptr<ObserverPool> pool;
};

TEST_F(ObserverPoolTest, keeps_no_thread_that_stood_in_for_a_call) {
  const auto slow = add(
      [this](const Envelope&, std::stop_token) {
        begun.add("slow");
        may_end.acquire();
      },
      {.name = "slow", .timeout = milliseconds(50), .quarantine_after = 0});
  const auto other =
      add([this](const Envelope&, std::stop_token) { told.add("other"); }, {.name = "other"});
  for (std::size_t round = 1; round <= 20; ++round) {
    tell(slow);
    ASSERT_TRUE(begun.wait_for(round));
    monotonic.advance(milliseconds(50));
    alarms.run_due();
    tell(other);
    ASSERT_TRUE(told.wait_for(round)) << "another thread stands in";
    may_end.release();
    ASSERT_TRUE(pool->wait_until_all_idle(long_enough));
    const auto until = std::chrono::steady_clock::now() + long_enough;
    while (pool->threads() > 2 && std::chrono::steady_clock::now() < until)
      std::this_thread::yield();
    ASSERT_LE(pool->threads(), 2u) << "the one that runs, and the last that ended";
  }
  EXPECT_LE(threads_left, 1000 - 20) << "each round began one";
}

TEST_F(ObserverPoolTest, tells_others_while_an_owner_ends) {
  struct Owner {
    ~Owner() { saw_other = told.wait_for(1); }
    Notes& told;
    std::atomic<bool>& saw_other;
  };
  std::atomic<bool> saw_other{false};
  auto owner = std::shared_ptr<Owner>(new Owner{told, saw_other});
  const auto owned = add(
      [this](const Envelope&, std::stop_token) {
        begun.add("owned");
        may_end.acquire();
      },
      {.name = "owned", .owner = owner});
  const auto other =
      add([this](const Envelope&, std::stop_token) { told.add("other"); }, {.name = "other"});
  tell(owned);
  ASSERT_TRUE(begun.wait_for(1));
  owner.reset();
  tell(other);
  may_end.release();
  EXPECT_TRUE(pool->wait_until_all_idle(2 * long_enough));
  EXPECT_TRUE(saw_other) << "the only thread waited for itself";
}

TEST_F(ObserverPoolTest, keeps_nothing_of_the_streams_whose_events_were_dropped) {
  const auto observer = add(
      [this](const Envelope&, std::stop_token) {
        begun.add("begun");
        may_end.acquire();
      },
      {.name = "observer", .concurrency = 1, .queue_events = 4, .timeout = milliseconds(0)});
  for (int i = 0; i < 1000; ++i) {
    pool->take(observer,
               std::make_shared<const Envelope>(event_of("a", "stream/" + std::to_string(i))));
    if (i == 0) {
      ASSERT_TRUE(begun.wait_for(1));
    }
  }
  EXPECT_EQ(observer->queued, 4u);
  EXPECT_EQ(observer->strands.size(), 5u) << "of four that wait, and the one that is told";
  EXPECT_EQ(observer->ready.size(), 4u);
}

TEST_F(ObserverPoolTest, goes_on_where_no_thread_can_be_made) {
  threads_left = 0;
  const auto observer =
      add([this](const Envelope&, std::stop_token) { told.add("told"); }, {.name = "observer"});
  tell(observer);
  EXPECT_EQ(pool->threads(), 0u);
  threads_left = 1;
  monotonic.advance(milliseconds(100));
  EXPECT_EQ(alarms.run_due(), 1u);
  EXPECT_TRUE(told.wait_for(1));
}

TEST_F(ObserverPoolTest, bears_that_nobody_can_stand_in_for_a_call) {
  threads_left = 1;
  const auto slow = add(
      [this](const Envelope&, std::stop_token) {
        begun.add("slow");
        may_end.acquire();
      },
      {.name = "slow", .timeout = milliseconds(50)});
  const auto other =
      add([this](const Envelope&, std::stop_token) { told.add("other"); }, {.name = "other"});
  tell(slow);
  ASSERT_TRUE(begun.wait_for(1));
  tell(other);
  monotonic.advance(milliseconds(50));
  EXPECT_EQ(alarms.run_due(), 1u) << "and nothing is thrown there";
  may_end.release();
  EXPECT_TRUE(told.wait_for(1));
}

}  // namespace
}  // namespace annal::test
