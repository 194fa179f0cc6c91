// The thread that hands recorded events to the bus.
#include "annal/bus/dispatcher.hpp"

#include "annal/memory/memory_log.hpp"
#include "engine/bus/events.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <mutex>
#include <thread>

namespace annal::test {
namespace {

using std::chrono::milliseconds;
constexpr std::chrono::seconds long_enough{30};  // for what must happen; nobody waits it out

// A log in memory whose reading fails when it is told to.
class FragileLog : public EventLog {
 public:
  explicit FragileLog(const Clock& clock, Randomness& randomness)
      : inner_(memory::open({.spaces = {}, .clock = &clock, .randomness = &randomness})) {}

  void submit(Commit commit, Completion completion) override {
    inner_->submit(std::move(commit), std::move(completion));
  }
  Page read(const ReadRequest& request) const override {
    count(reads_);
    if (fails_) throw StorageError("the disk is gone");
    return empty_ ? Page{{}, inner_->head(), false} : inner_->read(request);
  }
  Position wait_for(Position position, milliseconds timeout, std::stop_token stop) const override {
    count(waits_);
    return inner_->wait_for(position, timeout, std::move(stop));
  }
  std::optional<Envelope> event_at(Position position) const override {
    return inner_->event_at(position);
  }
  Version stream_version(std::string_view stream) const override {
    return inner_->stream_version(stream);
  }
  Position head() const override { return inner_->head(); }
  Position durable_position() const override { return inner_->durable_position(); }
  Position position_at(Timestamp time) const override { return inner_->position_at(time); }
  CommitInfo commit_at(Position position) const override { return inner_->commit_at(position); }
  std::optional<KeyedCommit> find_commit(std::string_view key) const override {
    return inner_->find_commit(key);
  }
  std::optional<Record> record(std::string_view space, std::string_view key) const override {
    return inner_->record(space, key);
  }
  RecordPage records(const RecordRequest& request) const override {
    return inner_->records(request);
  }
  std::vector<TypeDescription> type_descriptions() const override {
    return inner_->type_descriptions();
  }
  void declare_types(const std::vector<TypeDescription>& types) override {
    inner_->declare_types(types);
  }
  Verification verify(const std::function<void(Position)>& progress) const override {
    return inner_->verify(progress);
  }
  LogStatistics statistics() const override { return inner_->statistics(); }
  Durability durability() const override { return inner_->durability(); }

  void fail(bool fails) { fails_ = fails; }
  void answer_nothing(bool empty) { empty_ = empty; }
  // Return when so many more reads, or waits, have begun.
  void await_reads(int more) const { await(reads_, more); }
  void await_waits(int more) const { await(waits_, more); }

 private:
  void count(int& what) const {
    std::lock_guard lock(mutex_);
    ++what;
    counted_.notify_all();
  }
  void await(const int& what, int more) const {
    std::unique_lock lock(mutex_);
    const int wanted = what + more;
    ASSERT_TRUE(counted_.wait_for(lock, long_enough, [&] { return what >= wanted; }));
  }

  std::unique_ptr<EventLog> inner_;
  std::atomic<bool> fails_{false}, empty_{false};
  mutable std::mutex mutex_;
  mutable std::condition_variable counted_;
  mutable int reads_ = 0, waits_ = 0;
};

class DispatcherTest : public ::testing::Test {
 protected:
  Position record(std::string type) {
    Commit commit;
    commit.events.push_back(event_of(std::move(type)));
    return std::get<Appended>(log.append(std::move(commit))).last;
  }

  // Notes what it is told; read it once the dispatcher has told it.
  EventHandler noting() { return notes_in(notes, "told"); }

  ManualClock clock;
  SeededRandomness randomness;
  FragileLog log{clock, randomness};
  Catalogue catalogue;
  Bus bus{catalogue, {.clock = &clock, .randomness = &randomness}};
  Names notes;
};

TEST_F(DispatcherTest, tells_what_is_recorded_in_log_order) {
  auto told = bus.subscribe(everything(), noting());
  Dispatcher dispatcher(log, bus, log.head());
  record("a");
  record("b");
  ASSERT_TRUE(dispatcher.wait_until(record("c"), long_enough));
  EXPECT_EQ(notes, (Names{"told:a", "told:b", "told:c"}));
  EXPECT_EQ(dispatcher.dispatched(), log.head());
  EXPECT_EQ(dispatcher.failure(), std::nullopt);
}

TEST_F(DispatcherTest, starts_after_the_position_it_is_given) {
  record("a");
  const Position from = record("b");
  record("c");
  auto told = bus.subscribe(everything(), noting());
  Dispatcher dispatcher(log, bus, from);
  ASSERT_TRUE(dispatcher.wait_until(record("d"), long_enough));
  EXPECT_EQ(notes, (Names{"told:c", "told:d"}));
}

TEST_F(DispatcherTest, leaves_nothing_out_of_a_log_of_many_pages) {
  Commit commit;
  for (int i = 0; i < 900; ++i) commit.events.push_back(event_of("a"));
  log.append(commit);
  std::vector<std::uint64_t> positions;
  auto told = bus.subscribe(
      everything(), [&](const Envelope& event) { positions.push_back(event.position.value); });
  Dispatcher dispatcher(log, bus, {0});
  ASSERT_TRUE(dispatcher.wait_until(log.head(), long_enough));
  ASSERT_EQ(positions.size(), 900u);
  for (std::size_t i = 0; i < positions.size(); ++i) EXPECT_EQ(positions[i], i + 1);
}

TEST_F(DispatcherTest, counts_an_event_as_dispatched_only_when_everybody_was_told) {
  std::atomic<Dispatcher*> running{nullptr};
  std::latch known(1);
  Position during{99};
  auto told = bus.subscribe(everything(), [&](const Envelope&) {
    known.wait();
    during = running.load()->dispatched();
  });
  Dispatcher dispatcher(log, bus, {0});
  running = &dispatcher;
  known.count_down();
  ASSERT_TRUE(dispatcher.wait_until(record("a"), long_enough));
  EXPECT_EQ(during, Position{0});
}

TEST_F(DispatcherTest, says_so_when_the_time_is_up) {
  Dispatcher dispatcher(log, bus, log.head());
  EXPECT_FALSE(dispatcher.wait_until({1}, milliseconds(1)));
  EXPECT_TRUE(dispatcher.wait_until({0}, milliseconds(0)));
}

TEST_F(DispatcherTest, takes_any_time_to_wait) {
  Dispatcher dispatcher(log, bus, log.head());
  EXPECT_TRUE(dispatcher.wait_until(record("a"), milliseconds::max()));
  EXPECT_FALSE(dispatcher.wait_until({2}, milliseconds(-1)));
}

TEST_F(DispatcherTest, refuses_to_wait_inside_a_handler_that_it_runs) {
  std::atomic<Dispatcher*> running{nullptr};
  std::latch known(1);
  std::atomic<bool> refused{false};
  auto told = bus.subscribe(everything(), [&](const Envelope& event) {
    known.wait();
    try {
      running.load()->wait_until(event.position, long_enough);
    } catch (const WouldDeadlock&) {
      refused = true;
    }
  });
  Dispatcher dispatcher(log, bus, log.head());
  running = &dispatcher;
  known.count_down();
  ASSERT_TRUE(dispatcher.wait_until(record("a"), long_enough));
  EXPECT_TRUE(refused);
}

TEST_F(DispatcherTest, lets_its_handlers_append) {
  auto answering = bus.subscribe(TopicPattern::of("a"), [&](const Envelope&) { record("b"); });
  std::latch answered(1);
  auto told = bus.subscribe(TopicPattern::of("b"), [&](const Envelope&) { answered.count_down(); });
  Dispatcher dispatcher(log, bus, log.head());
  record("a");
  answered.wait();
  ASSERT_TRUE(dispatcher.wait_until({2}, long_enough));
  EXPECT_EQ(types_of(bus.history()), (Names{"b", "a"}));
}

TEST_F(DispatcherTest, tells_what_handlers_publish_before_the_next_recorded_event) {
  record("a");
  record("c");
  auto publishing =
      bus.subscribe(TopicPattern::of("a"), [&](const Envelope&) { bus.publish(event_of("b")); });
  auto told = bus.subscribe(everything(), noting());
  Dispatcher dispatcher(log, bus, {0});
  ASSERT_TRUE(dispatcher.wait_until({2}, long_enough));
  EXPECT_EQ(notes, (Names{"told:a", "told:b", "told:c"}));
}

TEST_F(DispatcherTest, goes_on_after_a_handler_that_throws) {
  auto bad = bus.subscribe(everything(), [](const Envelope&) { throw Error("no room"); });
  Dispatcher dispatcher(log, bus, log.head());
  record("a");
  ASSERT_TRUE(dispatcher.wait_until(record("b"), long_enough));
  EXPECT_EQ(bus.dead_letters().size(), 2u);
  EXPECT_EQ(dispatcher.failure(), std::nullopt);
}

TEST_F(DispatcherTest, says_why_the_log_cannot_be_read_and_goes_on_when_it_can) {
  auto told = bus.subscribe(everything(), noting());
  log.fail(true);
  Dispatcher dispatcher(log, bus, log.head());
  record("a");
  log.await_reads(2);
  EXPECT_EQ(dispatcher.failure(), "the disk is gone");
  EXPECT_EQ(dispatcher.dispatched(), Position{0});
  log.fail(false);
  ASSERT_TRUE(dispatcher.wait_until({1}, long_enough));
  log.await_waits(2);
  EXPECT_EQ(dispatcher.failure(), std::nullopt);
  EXPECT_EQ(notes, (Names{"told:a"}));
}

TEST_F(DispatcherTest, does_not_take_an_empty_answer_for_the_end_of_the_log) {
  log.answer_nothing(true);
  Dispatcher dispatcher(log, bus, log.head());
  record("a");
  log.await_reads(2);
  EXPECT_EQ(dispatcher.failure(), "position 1 cannot be read, though the head is 1");
}

TEST_F(DispatcherTest, stops_while_the_log_fails) {
  log.fail(true);
  record("a");
  {
    Dispatcher dispatcher(log, bus, {0});
    log.await_reads(1);
  }
  EXPECT_EQ(bus.history().size(), 0u);
}

TEST_F(DispatcherTest, stops_after_the_event_being_dispatched) {
  std::latch begun(1), go_on(1);
  std::atomic<int> told{0};
  auto blocking = bus.subscribe(everything(), [&](const Envelope&) {
    if (told++ == 0) {
      begun.count_down();
      go_on.wait();
    }
  });
  for (int i = 0; i < 300; ++i) record("a");
  auto dispatcher = std::make_unique<Dispatcher>(log, bus, Position{0});
  begun.wait();
  std::jthread ending([&] { dispatcher.reset(); });
  go_on.count_down();
  ending.join();
  const int at_the_end = told;
  EXPECT_GE(at_the_end, 1);
  record("b");
  EXPECT_EQ(told, at_the_end);
  EXPECT_EQ(bus.history({.type = TopicPattern::of("b")}).size(), 0u);
}

}  // namespace
}  // namespace annal::test
