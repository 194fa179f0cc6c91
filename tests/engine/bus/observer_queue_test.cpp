// What waits for observers: in their queues, in quarantine, in the log.
#include "annal/memory/memory_log.hpp"
#include "engine/bus/observer_rig.hpp"

#include <semaphore>
#include <thread>

namespace annal::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class LogToReadFrom final : public Recorder {
 public:
  explicit LogToReadFrom(EventLog& log) : log_(log) {}
  AppendOutcome record(Commit commit) override { return log_.append(std::move(commit)); }
  bool wait_until_told(Position, milliseconds) override { return true; }
  const EventLog& log() const override { return log_; }

 private:
  EventLog& log_;
};

class ObserverQueueTest : public ObserverRig {
 protected:
  ObserverQueueTest() {
    bus.record_with(std::make_shared<LogToReadFrom>(*log));
    interest = Query::of_types({TopicPattern::of("task.progress")});  // not what the bus warns of
  }
  ~ObserverQueueTest() override {
    let_end();
    bus.close();
  }
  // Told on this thread, as a dispatcher does it.
  void record_and_tell(Envelope event) {
    Commit commit;
    commit.events.push_back(std::move(event));
    ASSERT_TRUE(std::holds_alternative<Appended>(log->append(std::move(commit))));
    ReadRequest newest;
    newest.from = log->head();
    bus.dispatch(log->read(newest).events.at(0));
  }
  void record_and_tell(int number) { record_and_tell(numbered(number, "task/1")); }
  // The call of the first event is overdue.
  void quarantine() {
    ASSERT_TRUE(begun.wait_for(1));
    monotonic.advance(milliseconds(50));
    EXPECT_EQ(bus.run_due(), 1u);
    ASSERT_TRUE(status().quarantined);
  }

  std::unique_ptr<EventLog> log = memory::open({});
};

TEST_F(ObserverQueueTest, gives_up_an_event_for_which_there_is_no_key) {
  std::atomic<bool> broken{true};
  auto connection = observe([&](const Envelope& event, std::stop_token) { ended.add(event.data); },
                            {.key = [&](const Envelope& event) -> std::string {
                              if (broken && event.data == "1") throw Error("no key");
                              return event.stream;
                            }});
  EXPECT_EQ(bus.publish(numbered(1, "task/1")).failed, 0u);
  bus.publish(numbered(2, "task/1"));
  ASSERT_TRUE(idle());
  EXPECT_EQ(ended.all(), Names{"2"});
  ASSERT_EQ(bus.dead_letters().size(), 1u);
  EXPECT_EQ(bus.dead_letters()[0].subscriber, "observer");
  EXPECT_EQ(bus.dead_letters()[0].what, "no key");
  EXPECT_EQ(bus.redrive("observer"), 0u);
  broken = false;
  EXPECT_EQ(bus.redrive("observer"), 1u);
  EXPECT_EQ(ended.all(), (Names{"2", "1"}));
}

TEST_F(ObserverQueueTest, gives_up_an_event_of_the_log_for_which_there_is_no_key) {
  auto connection = observe_held({.concurrency = 1,
                                  .key = [](const Envelope& event) -> std::string {
                                    if (event.data == "5") throw Error("no key");
                                    return event.stream;
                                  },
                                  .queue_events = 1,
                                  .when_full = WhenFull::spill});
  for (int i = 1; i <= 8; ++i) record_and_tell(i);
  let_end();
  ASSERT_TRUE(idle());
  EXPECT_EQ(ended.all(), (Names{"1", "2", "3", "4", "6", "7", "8"}));
  ASSERT_EQ(bus.dead_letters().size(), 1u);
  EXPECT_EQ(bus.dead_letters()[0].event.data, "5");
  EXPECT_EQ(bus.dead_letters()[0].what, "no key");
}

TEST_F(ObserverQueueTest, goes_on_where_all_of_a_page_is_given_up) {
  auto connection = observe_held({.concurrency = 1,
                                  .key = [](const Envelope& event) -> std::string {
                                    if (event.data >= "3") throw Error("no key");
                                    return event.stream;
                                  },
                                  .queue_events = 1,
                                  .when_full = WhenFull::spill});
  record_and_tell(1);
  ASSERT_TRUE(begun.wait_for(1));
  for (int i : {2, 0, 3, 4, 5}) record_and_tell(i);
  let_end();
  ASSERT_TRUE(idle());
  EXPECT_EQ(ended.all(), (Names{"1", "2", "0"}));
  EXPECT_EQ(bus.dead_letters().size(), 3u);
}

TEST_F(ObserverQueueTest, asks_for_keys_without_a_lock) {
  auto connection = observe_held({.key =
                                      [this](const Envelope& event) {
                                        bus.observers().status();
                                        return event.stream;
                                      },
                                  .queue_events = 1,
                                  .when_full = WhenFull::spill});
  for (int i = 1; i <= 8; ++i) record_and_tell(i);
  let_end();
  ASSERT_TRUE(idle());
  EXPECT_EQ(ended.all().size(), 8u);
}

TEST_F(ObserverQueueTest, keeps_the_owner_while_it_asks_for_keys) {
  auto owner = std::make_shared<int>(1);
  const std::weak_ptr<int> seen = owner;
  const auto here = std::this_thread::get_id();
  std::atomic<bool> was_kept{false};
  auto connection = observe_held({.key =
                                      [&](const Envelope& event) {
                                        if (std::this_thread::get_id() != here && owner) {
                                          owner.reset();
                                          was_kept = !seen.expired();
                                        }
                                        return event.stream;
                                      },
                                  .queue_events = 1,
                                  .when_full = WhenFull::spill,
                                  .owner = owner});
  for (int i = 1; i <= 8; ++i) record_and_tell(i);
  let_end();
  ASSERT_TRUE(idle());
  EXPECT_TRUE(was_kept);
  EXPECT_TRUE(seen.expired());
}

TEST_F(ObserverQueueTest, counts_the_chain_of_causes_of_what_is_read_from_the_log) {
  std::atomic<int> refused{0}, published{0};
  auto connection = observe(
      [&](const Envelope& event, std::stop_token) {
        begun.add(event.data);
        may_end.wait();
        try {
          bus.publish(event_of("answer"));
          ++published;
        } catch (const PublishRefused&) {
          ++refused;
        }
      },
      {.concurrency = 1, .queue_events = 1, .when_full = WhenFull::spill});
  record_and_tell(1);
  ASSERT_TRUE(begun.wait_for(1));
  record_and_tell(2);
  auto deepest = numbered(3, "task/1");
  deepest.metadata.emplace_back("annal-depth", std::to_string(Bus::causation_limit));
  record_and_tell(deepest);
  ASSERT_TRUE(status().behind);
  let_end();
  ASSERT_TRUE(idle());
  EXPECT_EQ(published, 2);
  EXPECT_EQ(refused, 1) << "the third ends a chain as long as may be";
}

TEST_F(ObserverQueueTest, is_no_longer_than_asked_for_though_calls_are_tried_again) {
  std::counting_semaphore<> may_fail{0};
  auto connection = observe(
      [&](const Envelope& event, std::stop_token) {
        begun.add(event.data);
        may_fail.acquire();
        throw Error("no");
      },
      {.concurrency = 1,
       .key = [](const Envelope& event) { return event.data; },
       .queue_events = 4,
       .timeout = milliseconds(0),
       .retry = {.attempts = 2, .first = hours(1), .longest = hours(1)}});
  int number = 0;
  bus.publish(numbered(++number, "task/1"));
  for (std::size_t round = 1; round <= 20; ++round) {
    ASSERT_TRUE(begun.wait_for(round));
    for (int i = 0; i < 12; ++i) bus.publish(numbered(++number, "task/1"));
    EXPECT_EQ(status().queued, 4u);
    may_fail.release();
  }
  ASSERT_TRUE(begun.wait_for(21));
  EXPECT_LE(status().queued, 4u);
  may_fail.release(1000);
  connection.disconnect_and_wait();
}

TEST_F(ObserverQueueTest, is_told_again_from_the_log_after_a_quarantine) {
  auto connection = observe_held({.concurrency = 1,
                                  .queue_events = 2,
                                  .when_full = WhenFull::spill,
                                  .timeout = milliseconds(50),
                                  .quarantine_after = 1});
  record_and_tell(1);
  ASSERT_TRUE(begun.wait_for(1));
  for (int i = 2; i <= 6; ++i) record_and_tell(i);
  quarantine();
  EXPECT_EQ(status().behind, Position{2}) << "the first that was not told";
  record_and_tell(7);
  let_end();
  ASSERT_TRUE(idle()) << "it waits for its release, and nobody for it";
  EXPECT_EQ(begun.all(), Names{"1"});
  EXPECT_TRUE(bus.observers().release("observer"));
  ASSERT_TRUE(idle());
  EXPECT_EQ(ended.all(), (Names{"1", "2", "3", "4", "5", "6", "7"}));
  EXPECT_EQ(bus.dead_letters().size(), 0u);
  EXPECT_FALSE(status().behind);
}

TEST_F(ObserverQueueTest, reads_what_came_in_quarantine_alone) {
  auto connection = observe_held({.concurrency = 2,
                                  .when_full = WhenFull::spill,
                                  .timeout = milliseconds(50),
                                  .quarantine_after = 1});
  record_and_tell(1);
  quarantine();
  for (int i = 2; i <= 4; ++i) record_and_tell(i);
  bus.publish(numbered(5, "task/1"));
  EXPECT_EQ(status().behind, Position{2});
  let_end();
  ASSERT_TRUE(idle());
  EXPECT_EQ(begun.all(), Names{"1"});
  ASSERT_EQ(bus.dead_letters().size(), 1u) << "what is transient is read nowhere";
  EXPECT_EQ(bus.dead_letters()[0].event.data, "5");
  EXPECT_TRUE(bus.observers().release("observer"));
  ASSERT_TRUE(idle());
  EXPECT_EQ(ended.all(), (Names{"1", "2", "3", "4"}));
}

TEST_F(ObserverQueueTest, tries_nothing_again_in_quarantine) {
  auto connection = observe(
      [&](const Envelope& event, std::stop_token) {
        begun.add(event.data);
        may_end.wait();
        throw Error("no");
      },
      {.timeout = milliseconds(50),
       .quarantine_after = 1,
       .retry = {.attempts = 3, .first = milliseconds(10)}});
  bus.publish(numbered(1, "task/1"));
  quarantine();
  let_end();
  ASSERT_TRUE(idle());
  while (status().running > 0) std::this_thread::yield();
  monotonic.advance(hours(1));
  bus.run_due();
  ASSERT_TRUE(idle());
  EXPECT_EQ(begun.all(), Names{"1"});
  ASSERT_EQ(bus.dead_letters().size(), 1u);
  EXPECT_EQ(bus.dead_letters()[0].what, "no");
}

TEST_F(ObserverQueueTest, tries_again_after_a_quarantine_what_the_log_has) {
  std::atomic<bool> broken{true};
  auto connection = observe(
      [&](const Envelope& event, std::stop_token) {
        begun.add(event.data);
        may_end.wait();
        if (broken) throw Error("no");
        ended.add(event.data);
      },
      {.when_full = WhenFull::spill,
       .timeout = milliseconds(50),
       .quarantine_after = 1,
       .retry = {.attempts = 3, .first = milliseconds(10)}});
  record_and_tell(1);
  quarantine();
  let_end();
  ASSERT_TRUE(idle());
  EXPECT_EQ(status().behind, Position{1});
  broken = false;
  EXPECT_TRUE(bus.observers().release("observer"));
  ASSERT_TRUE(idle());
  EXPECT_EQ(begun.all(), (Names{"1", "1"}));
  EXPECT_EQ(ended.all(), Names{"1"});
}

TEST_F(ObserverQueueTest, lets_nobody_in_who_waited_for_room_when_quarantine_came) {
  auto connection = observe_held({.concurrency = 1,
                                  .queue_events = 1,
                                  .when_full = WhenFull::block,
                                  .timeout = milliseconds(50),
                                  .quarantine_after = 1});
  Notes coming;
  auto front =
      bus.subscribe(TopicPattern::of("task.progress"),
                    [&](const Envelope& event) { coming.add(event.data); }, {.at_front = true});
  std::jthread publisher([&] {
    for (int i = 1; i <= 4; ++i) bus.publish(numbered(i, "task/1"));
  });
  ASSERT_TRUE(begun.wait_for(1));
  ASSERT_TRUE(coming.wait_for(3)) << "one is told, one waits, and one wants room";
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  quarantine();
  publisher.join();
  let_end();
  ASSERT_TRUE(idle());
  EXPECT_EQ(begun.all(), Names{"1"});
  EXPECT_EQ(bus.dead_letters().size(), 3u);
}

}  // namespace
}  // namespace annal::test
