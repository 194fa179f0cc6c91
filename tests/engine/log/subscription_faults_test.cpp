// Handlers that are slow, that fail and that do not come back: what becomes of the events, of the
// checkpoint and of everybody else.
#include "engine/log/subscribed.hpp"
#include "seed.hpp"
#include "thoroughness.hpp"

#include <atomic>
#include <condition_variable>
#include <future>
#include <map>
#include <random>
#include <set>
#include <thread>

namespace annal::test {
namespace {

// Names a stream that another worker handles than this one.
std::string stream_of_another_worker(const std::string& stream, std::size_t workers) {
  const auto worker_of = [&](const std::string& name) {
    return std::hash<std::string>{}(name) % workers;
  };
  for (int i = 0;; ++i)
    if (const auto name = "other/" + std::to_string(i); worker_of(name) != worker_of(stream))
      return name;
}

// Until it holds; the test's own limit of time says if it never does.
template <class Condition>
void wait_for(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

TEST_F(Subscribed, that_is_slow_holds_up_neither_who_writes_nor_who_else_is_subscribed) {
  std::promise<void> gate;
  const auto opened = gate.get_future().share();
  Subscription slow(*log, named("slow"), [&](const Envelope&) { opened.wait(); });
  Subscription other(*log, named("other"), noting());
  fill(2000);  // many more than its queue holds
  EXPECT_TRUE(other.wait_until(Position{2000}, long_enough));
  EXPECT_EQ(slow.status().checkpoint, Position{0});
  EXPECT_EQ(slow.status().lag(), 2000u);
  gate.set_value();
  EXPECT_TRUE(slow.wait_until(Position{2000}, long_enough));
}

TEST_F(Subscribed, closes_though_a_handler_does_not_come_back_and_hands_its_event_over_again) {
  std::promise<void> gate, entered, left;
  auto options = named("all");
  options.patience = milliseconds(0);
  auto subscription = std::make_unique<Subscription>(*log, options, [&](const Envelope&) {
    entered.set_value();
    gate.get_future().wait();
    left.set_value();
  });
  fill(3);
  entered.get_future().wait();
  EXPECT_EQ(subscription->close(), std::vector<Position>{Position{1}});
  EXPECT_EQ(subscription->status().state, SubscriptionStatus::State::closed);
  subscription.reset();
  {
    Subscription again(*log, named("all"), noting());
    ASSERT_TRUE(again.wait_until(Position{3}, long_enough));
    EXPECT_EQ(seen_so_far(), up_to(3));
  }
  log.reset();  // what is left behind must not need it
  gate.set_value();
  left.get_future().wait();
}

TEST_F(Subscribed, closes_in_order_with_a_handler_that_fails_after_it_was_left_behind) {
  std::promise<void> gate, entered, left;
  auto options = named("all");
  options.patience = milliseconds(0);
  options.retry.attempts = 1;  // it would be parked at once
  {
    Subscription subscription(*log, options, [&](const Envelope&) {
      entered.set_value();
      gate.get_future().wait();
      left.set_value();
      throw std::runtime_error("too late");
    });
    fill(1);
    entered.get_future().wait();
  }
  gate.set_value();
  left.get_future().wait();
  Subscription again(*log, named("all"), noting());
  ASSERT_TRUE(again.wait_until(Position{1}, long_enough));
  EXPECT_TRUE(again.parked().empty());
}

TEST_F(Subscribed, keeps_its_checkpoint_while_one_workers_queue_is_full) {
  const std::string blocked = "blocked/1", free = stream_of_another_worker(blocked, 2);
  std::promise<void> gate;
  const auto opened = gate.get_future().share();
  for (int i = 0; i < 100; ++i) append(free);
  for (int i = 0; i < 600; ++i) append(blocked);
  auto options = named("all");
  options.workers = 2;
  Subscription subscription(*log, options, [&](const Envelope& event) {
    if (event.stream == blocked) opened.wait();
  });
  wait_for([&] {
    const auto kept = log->record(subscription_space().name, "all");
    return kept && kept->value == "100";
  });
  gate.set_value();
  EXPECT_TRUE(subscription.wait_until(Position{700}, long_enough));
}

TEST_F(Subscribed, holds_no_more_in_memory_than_a_worker_has_room_for) {
  for (int i = 0; i < 40; ++i) {
    Commit commit;
    commit.events.emplace_back();
    commit.events.back().stream = "large/1";
    commit.events.back().type = "thing.happened";
    commit.events.back().data = std::string(400'000, 'x');
    ASSERT_TRUE(std::holds_alternative<Appended>(log->append(std::move(commit))));
  }
  std::promise<void> gate;
  const auto opened = gate.get_future().share();
  Subscription subscription(*log, named("all"), [&](const Envelope&) { opened.wait(); });
  wait_for([&] { return subscription.status().in_hand >= 2; });
  fill(1);
  Subscription other(*log, named("other"), noting());
  ASSERT_TRUE(other.wait_until(Position{41}, long_enough));
  EXPECT_EQ(subscription.status().in_hand, 2u) << "800 kB; a third would be over 1 MiB";
  gate.set_value();
  EXPECT_TRUE(subscription.wait_until(Position{41}, long_enough));
}

// The oracle: what is before a checkpoint was handled or is parked; each stream was handled in its
// order; in the end nothing was left out.
class Oracle {
 public:
  void handle(const Envelope& event) {
    std::lock_guard lock(mutex_);
    if (!running_.insert(event.stream).second)
      faults_ += event.stream + " is handled twice at once\n";
  }

  void handled(const Envelope& event, bool well) {
    std::lock_guard lock(mutex_);
    running_.erase(event.stream);
    if (!well) return;
    handled_.insert(event.position.value);
    auto& newest = newest_[event.stream];
    if (event.version.value < newest)
      faults_ +=
          event.stream + " goes back to version " + std::to_string(event.version.value) + '\n';
    newest = event.version.value;
  }

  // A subscription closed and opened again may repeat what it had not kept.
  void begin_again() {
    std::lock_guard lock(mutex_);
    newest_.clear();
  }

  void hold(Position checkpoint, const std::vector<ParkedEvent>& parked) {
    std::lock_guard lock(mutex_);
    std::set<std::uint64_t> done = handled_;
    for (const auto& event : parked) done.insert(event.position.value);
    for (std::uint64_t position = 1; position <= checkpoint.value; ++position)
      if (!done.contains(position))
        faults_ += "position " + std::to_string(position) + " is before the checkpoint " +
                   std::to_string(checkpoint.value) + " and was not handled\n";
  }

  std::string faults() const {
    std::lock_guard lock(mutex_);
    return faults_;
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> running_;
  std::set<std::uint64_t> handled_;
  std::map<std::string, std::uint64_t> newest_;
  std::string faults_;
};

TEST_F(Subscribed, whatever_fails_and_whenever_it_is_closed_leaves_nothing_out) {
  std::mt19937_64 random(seed());
  Oracle oracle;
  std::atomic<std::uint64_t> attempts{0}, failing_one_in{0};
  const auto handler = [&](const Envelope& event) {
    oracle.handle(event);
    const std::uint64_t attempt = ++attempts, one_in = failing_one_in;
    const bool well = one_in == 0 || (attempt * 0x9e3779b97f4a7c15ull >> 32) % one_in != 0;
    if (attempt % 7 == 0) std::this_thread::yield();
    oracle.handled(event, well);
    if (!well) throw std::runtime_error("bad luck");
  };
  for (std::size_t round = 0; round < 40 / fault_stride; ++round) {
    auto options = named("all");
    options.workers = 1 + random() % 4;
    options.retry = {.attempts = 2, .first = milliseconds(0), .longest = milliseconds(0)};
    failing_one_in = 2 + random() % 20;
    fill(static_cast<int>(random() % 100));
    oracle.begin_again();
    Subscription subscription(*log, options, handler);
    fill(static_cast<int>(random() % 100));
    subscription.wait_until(Position{random() % (log->head().value + 1)}, long_enough);
    const Position reached =
        subscription.status().checkpoint;  // before what is parked is asked for
    oracle.hold(reached, subscription.parked(4096));
    subscription.close();
    const auto kept = log->record(subscription_space().name, "all");
    if (kept) oracle.hold(Position{std::stoull(kept->value)}, subscription.parked(4096));
  }
  failing_one_in = 0;
  oracle.begin_again();
  Subscription subscription(*log, named("all"), handler);
  ASSERT_TRUE(subscription.wait_until(log->head(), long_enough));
  oracle.hold(log->head(), subscription.parked(4096));
  oracle.begin_again();
  subscription.replay_parked();
  oracle.hold(log->head(), {});
  EXPECT_EQ(oracle.faults(), "");
}

}  // namespace
}  // namespace annal::test
