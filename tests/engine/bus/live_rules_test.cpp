// Rules that watch a bus, and what they find published.
#include "annal/bus/dispatcher.hpp"
#include "annal/bus/rules/count_rule.hpp"
#include "annal/bus/rules/rule_history.hpp"
#include "annal/bus/rules/sequence_rule.hpp"
#include "annal/bus/rules_state.hpp"
#include "annal/memory/memory_log.hpp"
#include "engine/bus/events.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

namespace annal::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class LogRecorder final : public Recorder {
 public:
  LogRecorder(EventLog& log, Dispatcher& dispatcher) : log_(log), dispatcher_(dispatcher) {}
  AppendOutcome record(Commit commit) override { return log_.append(std::move(commit)); }
  bool wait_until_told(Position position, std::chrono::milliseconds timeout) override {
    return dispatcher_.wait_until(position, timeout);
  }
  const EventLog& log() const override { return log_; }

 private:
  EventLog& log_;
  Dispatcher& dispatcher_;
};

Rule alert() {
  return rules::count({.name = "alert",
                       .of = Query::of_types({TopicPattern::of("coder.failed")}),
                       .at_least = 3,
                       .window = minutes(10),
                       .emit = [](const Match& match) {
                         auto event = event_of("coder.alert", match.key);
                         event.data = std::to_string(match.count);
                         return event;
                       }});
}

rules::Absence silence_options() {
  return {.name = "silence",
          .of = Query::of_types({TopicPattern::of("task.blocked")}),
          .until = Query::of_types({TopicPattern::of("task.resumed")}),
          .within = minutes(30),
          .emit = [](const Match& match) { return event_of("task.silent", match.key); }};
}

Rule silence() { return rules::absence(silence_options()); }

// The same, which does something before it speaks.
Rule silence_after(std::function<void()> work) {
  auto options = silence_options();
  options.emit = [work = std::move(work)](const Match& match) {
    work();
    return event_of("task.silent", match.key);
  };
  return rules::absence(std::move(options));
}

class LiveRules : public ::testing::Test {
 protected:
  LiveRules() {
    bus.record_with(std::make_shared<LogRecorder>(*log, dispatcher));
    bus.record(TopicPattern::of(">"), {.recording = Recording::required}).release();
  }

  memory::Options options() {
    memory::Options made;
    made.clock = &clock;
    made.randomness = &randomness;
    return made;
  }
  void publish(std::string type, std::string stream) {
    clock.advance(seconds(60));
    bus.publish(event_of(std::move(type), std::move(stream)));
  }
  void pass(std::chrono::seconds time) {
    clock.advance(time);
    monotonic.advance(time);
    bus.run_due();
  }
  Names recorded() const {
    dispatcher.wait_until(log->head(), seconds(20));
    return types_of(log->read({}).events);
  }

  Catalogue catalogue;
  ManualClock clock;
  ManualMonotonicClock monotonic;
  SeededRandomness randomness;
  std::unique_ptr<EventLog> log = memory::open(options());
  Bus bus{catalogue, {.clock = &clock, .randomness = &randomness, .monotonic = &monotonic}};
  Dispatcher dispatcher{*log, bus, log->head()};
};

TEST_F(LiveRules, publish_what_they_find_with_what_caused_it) {
  auto connection = bus.rules().add(alert());
  for (int i = 0; i < 3; ++i) publish("coder.failed", "coder/7");
  EXPECT_EQ(recorded(), (Names{"coder.failed", "coder.failed", "coder.failed", "coder.alert"}));
  const auto events = log->read({}).events;
  EXPECT_EQ(events[3].data, "3");
  EXPECT_EQ(events[3].source, "rule:alert");
  EXPECT_EQ(events[3].causation_id, events[2].id.to_string());
  EXPECT_EQ(events[3].meta("caused_by"), events[0].id.to_string() + ' ' + events[1].id.to_string() +
                                             ' ' + events[2].id.to_string());
  EXPECT_EQ(bus.rules().status()[0].published, 1u);
}

TEST_F(LiveRules, find_live_what_they_find_in_history) {
  auto connection = bus.rules().add(alert());
  for (int i = 0; i < 5; ++i) publish("coder.failed", i % 2 ? "coder/8" : "coder/7");
  for (int i = 0; i < 3; ++i) publish("coder.failed", "coder/8");
  (void)recorded();
  std::vector<std::string> live, past;
  for (const auto& event : log->read({}).events)
    if (event.type == "coder.alert")
      live.push_back(event.stream + event.data + *event.meta("caused_by"));
  for (const auto& each : run_over(alert(), *log).emissions)
    past.push_back(each.event.stream + each.event.data + *each.event.meta("caused_by"));
  EXPECT_EQ(live, past);
  EXPECT_EQ(live.size(), 4u);
}

TEST_F(LiveRules, know_what_was_recorded_before_they_came_and_say_nothing_of_it) {
  for (int i = 0; i < 3; ++i) publish("coder.failed", "coder/7");
  auto connection = bus.rules().add(alert());
  EXPECT_EQ(recorded().size(), 3u);
  publish("coder.failed", "coder/7");
  EXPECT_EQ(recorded().back(), "coder.alert");
  EXPECT_EQ(log->read({}).events.back().data, "4");
}

TEST_F(LiveRules, are_told_of_nothing_once_cut) {
  auto connection = bus.rules().add(alert());
  connection.disconnect();
  for (int i = 0; i < 3; ++i) publish("coder.failed", "coder/7");
  EXPECT_EQ(recorded().size(), 3u);
  EXPECT_EQ(bus.rules().status().size(), 0u);
}

TEST_F(LiveRules, notice_by_themselves_that_something_does_not_come) {
  auto connection = bus.rules().add(silence());
  publish("task.blocked", "task/7");
  (void)recorded();
  pass(minutes(30));
  EXPECT_EQ(recorded().size(), 1u) << "something recorded in time may still be told";
  pass(seconds(1));
  EXPECT_EQ(recorded(), (Names{"task.blocked", "task.silent"}));
  const auto events = log->read({}).events;
  EXPECT_EQ(events[1].occurred_at, events[0].happened_at() + minutes(30));
  pass(minutes(60));
  EXPECT_EQ(recorded().size(), 2u);
}

TEST_F(LiveRules, wait_no_more_for_what_has_come) {
  auto connection = bus.rules().add(silence());
  publish("task.blocked", "task/7");
  publish("task.resumed", "task/7");
  (void)recorded();
  pass(minutes(40));
  EXPECT_EQ(recorded().size(), 2u);
}

TEST_F(LiveRules, leave_a_dead_letter_where_their_own_functions_fail) {
  rules::Count counting{.name = "broken",
                        .of = Query::of_types({TopicPattern::of("coder.failed")})};
  counting.at_least = 1;
  counting.window = minutes(1);
  counting.by = [](const Envelope&) -> std::optional<std::string> { throw Error("no key"); };
  counting.emit = [](const Match&) { return std::nullopt; };
  auto connection = bus.rules().add(rules::count(counting));
  publish("coder.failed", "coder/7");
  (void)recorded();
  ASSERT_EQ(bus.dead_letters().size(), 1u);
  EXPECT_EQ(bus.dead_letters()[0].subscriber, "rule:broken");
  EXPECT_EQ(bus.rules().status()[0].last_failure, "no key");
}

TEST_F(LiveRules, need_names_of_their_own) {
  auto connection = bus.rules().add(alert());
  EXPECT_THROW((void)bus.rules().add(alert()), InvalidInput);
}

TEST_F(LiveRules, are_not_taken_to_the_future_by_events_that_come_from_there) {
  bus.record(TopicPattern::of(">"), {}).release();  // transient from here on
  auto connection = bus.rules().add(alert());
  auto ahead = event_of("coder.failed", "coder/7");
  ahead.occurred_at = clock.now() + std::chrono::hours(1000);
  bus.publish(ahead);
  publish("coder.failed", "coder/7");
  publish("coder.failed", "coder/7");
  EXPECT_EQ(bus.rules().status()[0].counts.late, 0u);
  EXPECT_EQ(bus.rules().status()[0].published, 1u);
}

TEST_F(LiveRules, miss_nothing_that_is_told_while_they_begin) {
  std::jthread publishing([&] {
    for (int i = 0; i < 300; ++i) bus.publish(event_of("coder.failed", "coder/7"));
  });
  const auto every = [](int number) {
    rules::Count counting{.name = "r" + std::to_string(number),
                          .of = Query::of_types({TopicPattern::of("coder.failed")})};
    counting.at_least = 1;
    counting.window = minutes(10);
    counting.emit = [](const Match&) { return std::nullopt; };
    return rules::count(counting);
  };
  std::vector<Connection> connections;
  for (int i = 0; i < 20; ++i) connections.push_back(bus.rules().add(every(i)));
  publishing.join();
  dispatcher.wait_until(log->head(), seconds(20));
  for (const auto& status : bus.rules().status())
    EXPECT_EQ(status.counts.seen, 300u) << status.name;
}

TEST_F(LiveRules, are_waited_for_while_they_say_what_time_has_brought_about) {
  for (int round = 0; round < 20; ++round) {
    std::latch speaking(1);
    std::atomic<bool> may_return{false}, has_returned{false};
    auto connection = bus.rules().add(silence_after([&] {
      speaking.count_down();
      may_return.wait(false);
      for (int i = 0; i < 20; ++i) (void)bus.statistics();
      has_returned = true;
    }));
    publish("task.blocked", "task/" + std::to_string(round));
    (void)recorded();
    std::jthread passing([&] { pass(minutes(31)); });
    speaking.wait();
    may_return = true;
    may_return.notify_all();
    connection.disconnect_and_wait();
    EXPECT_TRUE(has_returned);
    (void)recorded();  // what it said was told: it would move the clock of the next rule
  }
}

TEST_F(LiveRules, say_nothing_more_once_cut) {
  int said = 0;
  Connection connection;
  connection = bus.rules().add(silence_after([&] {
    ++said;
    connection.disconnect();
  }));
  publish("task.blocked", "task/7");
  publish("task.blocked", "task/8");
  (void)recorded();
  pass(minutes(40));
  EXPECT_EQ(said, 1);
  EXPECT_EQ(recorded(), (Names{"task.blocked", "task.blocked", "task.silent"}))
      << "what it was saying when it was cut";
}

TEST_F(LiveRules, can_neither_flush_nor_close_the_bus_they_speak_on) {
  int refused = 0;
  const auto rule = bus.rules().add(silence_after([&] {
    try {
      bus.flush(seconds(20));
    } catch (const WouldDeadlock&) {
      ++refused;
    }
    try {
      bus.close();
    } catch (const WouldDeadlock&) {
      ++refused;
    }
  }));
  publish("task.blocked", "task/7");
  (void)recorded();
  pass(minutes(40));
  EXPECT_EQ(refused, 2);
}

TEST_F(LiveRules, cannot_wait_for_themselves) {
  int refused = 0;
  Connection connection;
  const auto wait = [&] {
    try {
      connection.disconnect_and_wait();
    } catch (const WouldDeadlock&) {
      ++refused;
    }
  };
  connection = bus.rules().add(silence_after(wait));
  publish("task.blocked", "task/7");
  (void)recorded();
  pass(minutes(40));
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(bus.rules().status().size(), 0u);

  connection = bus.rules().add(silence());
  const auto handler = bus.subscribe(TopicPattern::of("other"), [&](const Envelope&) { wait(); });
  publish("other", "other/7");
  EXPECT_EQ(refused, 2);
  EXPECT_EQ(bus.rules().status().size(), 0u);
}

TEST_F(LiveRules, give_their_name_back_when_they_are_cut) {
  bus.record(TopicPattern::of(">"), {}).release();
  Connection connection;
  const auto handler = bus.subscribe(TopicPattern::of("coder.failed"), [&](const Envelope&) {
    if (!connection.connected()) return;
    connection.disconnect();  // and this dispatch knows it still
    EXPECT_EQ(bus.rules().status().size(), 0u);
    EXPECT_NO_THROW(connection = bus.rules().add(alert()));
  });
  connection = bus.rules().add(alert());
  publish("coder.failed", "coder/7");
  EXPECT_TRUE(connection.connected());
  EXPECT_EQ(bus.rules().status().size(), 1u);
}

TEST_F(LiveRules, wait_for_what_others_are_told_before_them) {
  std::latch told(1), may_return(1);
  const auto slow = bus.subscribe(TopicPattern::of("task.resumed"), [&](const Envelope&) {
    told.count_down();
    may_return.wait();
  });
  const auto connection = bus.rules().add(silence());
  publish("task.blocked", "task/7");
  {
    std::jthread publishing([&] { publish("task.resumed", "task/7"); });
    told.wait();
    pass(minutes(40));
    may_return.count_down();
  }
  pass(minutes(40));
  EXPECT_EQ(recorded(), (Names{"task.blocked", "task.resumed"}));
  publish("task.blocked", "task/7");
  (void)recorded();
  pass(minutes(31));
  EXPECT_EQ(recorded().back(), "task.silent");
}

TEST_F(LiveRules, say_what_is_certain_though_something_is_still_being_told) {
  std::latch told(1), may_return(1);
  const auto slow = bus.subscribe(TopicPattern::of("other.last"), [&](const Envelope&) {
    told.count_down();
    may_return.wait();
  });
  bool said = false;
  const auto connection = bus.rules().add(silence_after([&] {
    said = true;
    may_return.count_down();
  }));
  publish("task.blocked", "task/7");
  clock.advance(minutes(40));
  publish("other.first", "other/7");
  std::jthread publishing([&] { publish("other.last", "other/7"); });
  told.wait();
  pass(minutes(31));
  EXPECT_TRUE(said);
  if (!said) may_return.count_down();
}

TEST_F(LiveRules, wait_for_one_time_only) {
  bus.record(TopicPattern::of(">"), {}).release();
  auto options = silence_options();
  options.lateness = minutes(60);
  const auto connection = bus.rules().add(rules::absence(options));
  constexpr int events = 100;
  for (int i = 0; i < events; ++i) {  // each is due a second before the one it follows
    auto event = event_of("task.blocked", "task/" + std::to_string(i));
    event.occurred_at = clock.now() - seconds(i);
    bus.publish(std::move(event));
  }
  std::size_t alarms = 0;
  const auto step = [&](seconds time) {
    clock.advance(time);
    monotonic.advance(time);
    alarms += bus.run_due();
  };
  step(minutes(90) + seconds(1 - events));
  for (int i = 0; i < events; ++i) step(seconds(1));
  EXPECT_EQ(bus.rules().status()[0].published, std::size_t{events});
  EXPECT_LE(alarms, 2u * events);
}

TEST_F(LiveRules, bear_a_log_that_is_centuries_ahead_of_the_clock) {
  const Timestamp start = clock.now();
  clock.set(start + std::chrono::years(474));
  publish("task.blocked", "task/7");
  (void)recorded();
  clock.set(start);
  const auto connection = bus.rules().add(silence());
  pass(minutes(1));
  pass(std::chrono::hours(48));
  EXPECT_EQ(recorded().size(), 1u);
}

class FailsInTime final : public RuleRun {
 public:
  explicit FailsInTime(Timestamp due) : due_(due) {}
  void see(const Envelope&, std::vector<Match>&) override {}
  void advance(Timestamp now, std::vector<Match>&) override {
    if (now > due_) throw Error("no time");
  }
  std::optional<Timestamp> due() const override { return due_; }
  RuleCounts counts() const override { return {}; }

 private:
  const Timestamp due_;
};

TEST_F(LiveRules, try_again_where_a_run_fails_as_time_passes) {
  const auto connection =
      bus.rules().add({.name = "broken",
                       .interest = {},
                       .memory = minutes(1),
                       .start = [&] { return std::make_unique<FailsInTime>(clock.now()); },
                       .emit = {}});
  EXPECT_NO_THROW(pass(seconds(2)));
  EXPECT_EQ(bus.rules().status()[0].failures, 1u);
  EXPECT_EQ(bus.rules().status()[0].last_failure, "no time");
  EXPECT_NO_THROW(pass(seconds(1)));
  EXPECT_EQ(bus.rules().status()[0].failures, 2u);
}

// Rules without a bus, on whose other thread nothing is done until it is asked for.
class RulesAlone : public ::testing::Test {
 protected:
  void tell(std::string type, std::string stream) {
    auto event = event_of(std::move(type), std::move(stream));
    event.id = ids.next(clock.now());
    event.occurred_at = clock.now();
    tell(std::move(event));
  }
  void tell(Envelope event) {
    Subscriptions::Visit here(subscriptions.audience());
    DispatchReport report;
    subscriptions.tell(here, std::make_shared<const Envelope>(std::move(event)), true, clock.now(),
                       report);
  }
  void pass(std::chrono::seconds time) {
    clock.advance(time);
    monotonic.advance(time);
    alarms.run_due();
  }

  ManualClock clock;
  ManualMonotonicClock monotonic;
  SeededRandomness randomness;
  UlidSequence ids{randomness};
  DeadLetters dead_letters{16, 1 << 20};
  Subscriptions subscriptions{16,
                              {&randomness, 16, 1 << 20, 16, 16},
                              dead_letters,
                              [](std::shared_ptr<void>) {},
                              &monotonic};
  Alarms alarms{&monotonic};
  std::unique_ptr<EventLog> log = memory::open({});
  std::function<void()> as_it_begins;  // between its subscription and its first look at the log
  Names published;
  std::vector<std::function<void()>> works;
  std::shared_ptr<Rules::State> state{new Rules::State{subscriptions,
                                                       alarms,
                                                       clock,
                                                       [this](Emission emission) {
                                                         published.push_back(emission.event.type);
                                                         return true;
                                                       },
                                                       [this] {
                                                         if (as_it_begins) as_it_begins();
                                                         return log->head();
                                                       },
                                                       [this] { return log.get(); },
                                                       [this](std::function<void()> work) {
                                                         works.push_back(std::move(work));
                                                         return true;
                                                       },
                                                       {},
                                                       {}}};
  Rules rules{state};
};

TEST_F(RulesAlone, leave_it_to_another_thread_to_publish_what_time_brings_about) {
  const auto connection = rules.add(silence());
  tell("task.blocked", "task/7");
  pass(minutes(31));
  EXPECT_EQ(published, Names{});
  ASSERT_EQ(works.size(), 1u);
  works[0]();
  EXPECT_EQ(published, Names{"task.silent"});
  EXPECT_EQ(rules.status()[0].published, 1u);
}

TEST_F(RulesAlone, cannot_wait_for_what_they_say_on_another_thread) {
  Connection connection;
  connection = rules.add(
      silence_after([&] { EXPECT_THROW(connection.disconnect_and_wait(), WouldDeadlock); }));
  tell("task.blocked", "task/7");
  pass(minutes(31));
  ASSERT_EQ(works.size(), 1u);
  works[0]();
  EXPECT_FALSE(connection.connected());
}

TEST_F(RulesAlone, do_not_say_what_waits_to_be_said_when_they_are_cut) {
  auto connection = rules.add(silence());
  tell("task.blocked", "task/7");
  pass(minutes(31));
  ASSERT_EQ(works.size(), 1u);
  connection.disconnect_and_wait();  // it has not begun
  works[0]();
  EXPECT_EQ(published, Names{});
}

TEST_F(RulesAlone, count_once_what_they_read_and_are_told_while_they_begin) {
  Commit commit;
  commit.events = {event_of("coder.failed", "coder/7")};
  ASSERT_TRUE(std::holds_alternative<Appended>(log->append(std::move(commit))));
  as_it_begins = [&] { tell(log->read({}).events.front()); };
  const auto connection = rules.add(alert());
  EXPECT_EQ(rules.status()[0].counts.seen, 1u);
}

}  // namespace
}  // namespace annal::test
