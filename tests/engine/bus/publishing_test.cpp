// Publishing through the one door: transient or recorded, waiting or not, alone or together.
#include "annal/bus/vocabulary.hpp"
#include "engine/bus/recording_bus.hpp"

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <thread>

namespace annal::test {
namespace {

class PublishingTest : public RecordingBus {};

TEST_F(PublishingTest, records_what_its_policy_says_and_tells_it_from_the_log) {
  record("task.*", {.recording = Recording::required});
  Position told{};
  auto connection = bus.subscribe(everything(), [&](const Envelope& event) {
    if (event.type == "task.started") told = event.position;
  });
  const auto report = bus.publish(event_of("task.started", "task/7"));
  EXPECT_EQ(report.position, Position{1});
  EXPECT_EQ(report.delivered, 1u);
  EXPECT_EQ(told, Position{1}) << "publish returned once subscribers had run";
  EXPECT_EQ(bus.publish(event_of("other.thing")).position, Position{0});
  EXPECT_EQ(recorded(), (Names{"task.started"}));
}

TEST_F(PublishingTest, goes_by_the_newest_policy_until_it_is_cut) {
  record("task.*", {.recording = Recording::required});
  {
    auto none = bus.record(TopicPattern::of("task.progress"), {});
    bus.publish(event_of("task.progress", "task/7"));
    EXPECT_EQ(recorded(), Names{});
  }
  bus.publish(event_of("task.progress", "task/7"));
  EXPECT_EQ(recorded(), (Names{"task.progress"}));
}

TEST_F(PublishingTest, reports_what_subscribers_on_the_dispatchers_thread_did) {
  record("task.*", {.recording = Recording::required});
  auto bad = bus.subscribe(everything(), [](const Envelope&) { throw Error("no room"); });
  const auto report = bus.publish(event_of("task.started", "task/7"));
  EXPECT_EQ(report.failed, 1u);
  EXPECT_EQ(report.delivered, 0u);
}

TEST_F(PublishingTest, fails_loudly_where_recording_is_required) {
  record("task.*", {.recording = Recording::required});
  recorder->refuses = true;
  auto all = bus.subscribe(everything(), notes_in(notes, "all"));
  try {
    bus.publish(event_of("task.started", "task/7"));
    FAIL() << "nothing was thrown";
  } catch (const NotRecorded& error) {
    EXPECT_NE(std::string(error.what()).find("no room on the disk"), std::string::npos);
    EXPECT_TRUE(std::holds_alternative<Rejected>(error.outcome));
  }
  EXPECT_EQ(notes, Names{});
  EXPECT_EQ(bus.statistics().rejected, 1u);
}

TEST_F(PublishingTest, goes_out_unrecorded_where_recording_is_best_effort) {
  record("task.*", {.recording = Recording::best_effort});
  recorder->refuses = true;
  Names warnings;
  auto warned = bus.subscribe(TopicPattern::of("warning.raised"), [&](const Envelope& event) {
    warnings.push_back(decode<WarningRaised>(event.data).event_type.value_or(""));
  });
  Position told{99};
  auto all = bus.subscribe(TopicPattern::of("task.*"),
                           [&](const Envelope& event) { told = event.position; });
  const auto report = bus.publish(event_of("task.started", "task/7"));
  EXPECT_TRUE(report.unrecorded);
  EXPECT_EQ(report.delivered, 1u);
  EXPECT_EQ(told, Position{0});
  EXPECT_EQ(warnings, (Names{"task.started"}));
  EXPECT_EQ(bus.statistics().unrecorded, 1u);
  recorder->refuses = false;
  EXPECT_FALSE(bus.publish(event_of("task.started", "task/7")).unrecorded);
}

TEST_F(PublishingTest, takes_what_recording_throws_for_a_failure_to_record) {
  record("task.*", {.recording = Recording::best_effort});
  record("plan.*", {.recording = Recording::required});
  recorder->throws = true;
  EXPECT_TRUE(bus.publish(event_of("task.started", "task/7")).unrecorded);
  try {
    bus.publish(event_of("plan.started", "plan/7"));
    FAIL() << "nothing was thrown";
  } catch (const NotRecorded& error) {
    EXPECT_NE(std::string(error.what()).find("the disk is gone"), std::string::npos);
    EXPECT_TRUE(std::holds_alternative<Unknown>(error.outcome));
  }
}

TEST_F(PublishingTest, records_an_event_of_one_id_once) {
  record("task.*", {.recording = Recording::required});
  auto event = event_of("task.started", "task/7");
  event.id = *Ulid::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  EXPECT_FALSE(bus.publish(event).duplicate);
  const auto again = bus.publish(event);
  EXPECT_TRUE(again.duplicate);
  EXPECT_EQ(again.position, Position{1}) << "where it is";
  EXPECT_EQ(recorded().size(), 1u);
}

TEST_F(PublishingTest, may_be_tried_again_under_the_same_id_once_it_failed) {
  record("task.*", {.recording = Recording::required});
  auto event = event_of("task.started", "task/7");
  event.id = *Ulid::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  recorder->refuses = true;
  EXPECT_THROW(bus.publish(event), NotRecorded);
  recorder->refuses = false;
  EXPECT_EQ(bus.publish(event).position, Position{1});
}

TEST_F(PublishingTest, inside_a_handler_records_and_does_not_wait) {
  record("task.*", {.recording = Recording::required});
  DispatchReport inner;
  auto answering = bus.subscribe(TopicPattern::of("task.requested"), [&](const Envelope&) {
    inner = bus.publish(event_of("task.assigned", "task/7"));
  });
  const auto done = bus.expect(Query::of_types({TopicPattern::of("task.assigned")}));
  bus.publish(event_of("task.requested", "task/7"));
  EXPECT_TRUE(inner.queued);
  EXPECT_EQ(inner.position, Position{2});
  EXPECT_EQ(recorded(), (Names{"task.requested", "task.assigned"}));
}

TEST_F(PublishingTest, of_recorded_events_that_cause_one_another_ends) {
  record("again", {.recording = Recording::required});
  auto endless = bus.subscribe(TopicPattern::of("again"),
                               [&](const Envelope&) { bus.publish(event_of("again", "loop/1")); });
  bus.publish(event_of("again", "loop/1"));
  EXPECT_TRUE(dispatcher.wait_until(Position{32}, long_enough));
  EXPECT_TRUE(dispatcher.wait_until(log->head(), long_enough));
  EXPECT_EQ(log->head(), Position{32});
  EXPECT_EQ(bus.dead_letters().size(), 1u);
}

TEST_F(PublishingTest, of_a_batch_records_what_stands_together_in_one_commit) {
  record("task.*", {.recording = Recording::required});
  auto all = bus.subscribe(TopicPattern::of("task.*"), notes_in(notes, "all"));
  const auto reports =
      bus.publish_batch({event_of("task.requested", "task/7"), event_of("task.assigned", "task/7"),
                         event_of("task.requested", "task/8")});
  EXPECT_EQ(recorder->commits, 1);
  ASSERT_EQ(reports.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(reports[i].position, Position{i + 1});
    EXPECT_EQ(reports[i].delivered, 1u);
  }
  EXPECT_EQ(notes, (Names{"all:task.requested", "all:task.assigned", "all:task.requested"}));
}

TEST_F(PublishingTest, of_a_batch_keeps_the_order_of_recorded_and_transient_events) {
  record("task.*", {.recording = Recording::required});
  auto all = bus.subscribe(everything(), notes_in(notes, "all"));
  bus.publish_batch({event_of("a"), event_of("task.started", "task/7"), event_of("b")});
  EXPECT_EQ(notes, (Names{"all:a", "all:task.started", "all:b"}));
}

TEST_F(PublishingTest, of_a_batch_records_the_others_where_no_log_takes_one) {
  record("task.*", {.recording = Recording::required});
  auto large = event_of("task.started", "task/8");
  large.data.assign(limits::event_bytes + 1, 'x');
  const auto reports = bus.publish_batch(
      {event_of("task.started", "task/7"), large, event_of("task.started", "task/9")});
  EXPECT_TRUE(reports[0].accepted());
  ASSERT_TRUE(reports[1].not_recorded);
  EXPECT_TRUE(
      std::holds_alternative<TooLarge>(std::get<Rejected>(*reports[1].not_recorded).reason));
  EXPECT_TRUE(reports[2].accepted());
  EXPECT_EQ(recorded().size(), 2u);
}

TEST_F(PublishingTest, of_a_batch_leaves_out_what_is_vetoed) {
  record("task.*", {.recording = Recording::required});
  auto no = bus.control().add(
      [](const Envelope& event, ControlContext&) {
        return event.stream == "task/8" ? ControlDecision::fail("not this one")
                                        : ControlDecision::proceed();
      },
      {.name = "no"});
  const auto reports =
      bus.publish_batch({event_of("task.started", "task/7"), event_of("task.started", "task/8")});
  EXPECT_EQ(reports[1].vetoed_by, "no");
  EXPECT_EQ(recorded().size(), 1u);
}

TEST_F(PublishingTest, without_waiting_returns_at_once_and_keeps_the_order) {
  std::latch may_go(1);
  auto slow = bus.subscribe(TopicPattern::of("a"), [&](const Envelope&) { may_go.wait(); });
  auto all = bus.subscribe(everything(), notes_in(notes, "all"));
  for (const auto* type : {"a", "b", "c"}) bus.publish_nowait(event_of(type));
  EXPECT_FALSE(bus.flush(milliseconds(1)));
  may_go.count_down();
  ASSERT_TRUE(bus.flush(long_enough));
  EXPECT_EQ(notes, (Names{"all:a", "all:b", "all:c"}));
}

TEST_F(PublishingTest, without_waiting_records_what_waits_in_one_commit_where_batched) {
  record("task.*", {.recording = Recording::required, .batched = true});
  std::latch may_go(1);
  auto slow = bus.subscribe(TopicPattern::of("hold"), [&](const Envelope&) { may_go.wait(); });
  bus.publish_nowait(event_of("hold"));
  for (int i = 0; i < 100; ++i) bus.publish_nowait(event_of("task.progress", "task/7"));
  may_go.count_down();
  ASSERT_TRUE(bus.flush(long_enough));
  EXPECT_EQ(recorded().size(), 100u);
  EXPECT_LE(recorder->commits, 2);
}

TEST_F(PublishingTest, without_waiting_leaves_a_dead_letter_where_it_comes_to_nothing) {
  record("task.*", {.recording = Recording::required});
  recorder->refuses = true;
  bus.publish_nowait(event_of("task.started", "task/7"));
  ASSERT_TRUE(bus.flush(long_enough));
  ASSERT_EQ(bus.dead_letters().size(), 1u);
  EXPECT_EQ(bus.dead_letters()[0].subscriber, "publish_nowait");
  recorder->refuses = false;
  EXPECT_EQ(bus.redrive("publish_nowait"), 1u);
  EXPECT_EQ(recorded(), (Names{"task.started"}));
}

TEST_F(PublishingTest, without_waiting_keeps_a_dead_letter_that_is_refused_when_handed_over) {
  record("task.*", {.recording = Recording::required});
  recorder->refuses = true;
  bus.publish_nowait(event_of("task.started", "task/7"));
  ASSERT_TRUE(bus.flush(long_enough));
  recorder->refuses = false;
  auto no = bus.control().add(
      [](const Envelope&, ControlContext&) {
        return ControlDecision::fail("the books are closed");
      },
      {.name = "books"});
  EXPECT_EQ(bus.redrive("publish_nowait"), 0u);
  ASSERT_EQ(bus.dead_letters().size(), 1u);
  EXPECT_NE(bus.dead_letters()[0].what.find("the books are closed"), std::string::npos);
}

TEST_F(PublishingTest, is_flushed_though_others_go_on) {
  std::atomic<bool> stops{false};
  std::latch begun(1);
  std::jthread publisher([&] {
    for (int i = 0; !stops && i < 1'000'000; ++i) {
      try {
        bus.publish_nowait(event_of("a"));
      } catch (const PublishRefused&) {
        std::this_thread::yield();
      }
      if (i == 100) begun.count_down();
    }
  });
  begun.wait();
  EXPECT_TRUE(bus.flush(long_enough));
  stops = true;
}

// The depth of a chain is noted in the event, which may be tried twice and be passed on.
TEST_F(PublishingTest, inside_a_handler_of_a_batch_records_the_others_where_no_log_takes_one) {
  record("task.*", {.recording = Recording::required});
  auto bad = event_of("task.started", std::string(3000, 's'));
  std::vector<DispatchReport> reports;
  auto handler = bus.subscribe(TopicPattern::of("go"), [&](const Envelope&) {
    reports = bus.publish_batch({event_of("task.requested", "task/7"), bad});
  });
  bus.publish(event_of("go"));
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_FALSE(reports[0].not_recorded) << reports[0].why;
  EXPECT_TRUE(reports[1].not_recorded);
  EXPECT_EQ(recorded(), (Names{"task.requested"}));
}

TEST_F(PublishingTest, inside_a_handler_may_pass_a_recorded_event_on) {
  record("*", {.recording = Recording::required});
  auto first = bus.subscribe(TopicPattern::of("a"),
                             [&](const Envelope&) { bus.publish(event_of("b", "s/1")); });
  auto second = bus.subscribe(TopicPattern::of("b"), [&](const Envelope& event) {
    auto copy = event_of("c", "s/1");
    copy.metadata = event.metadata;
    bus.publish(copy);
  });
  bus.publish(event_of("a", "s/1"));
  dispatcher.wait_until(Position{3}, long_enough);
  EXPECT_EQ(recorded(), (Names{"a", "b", "c"}));
  EXPECT_TRUE(bus.dead_letters().empty());
}

// How deep a chain is, is the bus's own to say.
TEST_F(PublishingTest, believes_no_publisher_about_the_chain_of_causes) {
  record("*", {.recording = Recording::required});
  int refused = 0, would_deadlock = 0;
  auto answering = bus.subscribe(TopicPattern::of("a"), [&](const Envelope&) {
    try {
      bus.publish(event_of("b", "s/1"));
    } catch (const PublishRefused&) {
      ++refused;
    }
  });
  auto event = event_of("a", "s/1");
  event.metadata = {{"annal-depth", "32"}};
  bus.publish(event);
  EXPECT_EQ(refused, 0);

  auto flushing = bus.subscribe(TopicPattern::of("c"), [&](const Envelope&) {
    try {
      bus.flush(milliseconds(1));
    } catch (const WouldDeadlock&) {
      ++would_deadlock;
    }
  });
  Commit commit;
  commit.events.push_back(event_of("c", "s/1"));
  commit.events.back().metadata = {{"annal-depth", "4294967295"}};
  const auto outcome = log->append(std::move(commit));
  ASSERT_TRUE(dispatcher.wait_until(std::get<Appended>(outcome).last, long_enough));
  EXPECT_EQ(would_deadlock, 1);
}

TEST_F(PublishingTest, may_be_waited_for_without_an_end) {
  auto expected = bus.expect(Query::of_types({TopicPattern::of("a")}));
  std::jthread publisher([&] { bus.publish(event_of("a")); });
  EXPECT_TRUE(expected.wait(milliseconds::max()));
  EXPECT_TRUE(bus.flush(milliseconds::max()));
}

TEST_F(PublishingTest, without_waiting_is_refused_when_too_many_wait) {
  Bus small(catalogue, {.backlog_events = 2});
  std::latch begun(1), may_go(1);
  auto slow = small.subscribe(TopicPattern::of("a"), [&](const Envelope&) {
    begun.count_down();
    may_go.wait();
  });
  small.publish_nowait(event_of("a"));
  begun.wait();
  small.publish_nowait(event_of("b"));
  EXPECT_THROW(small.publish_nowait(event_of("c")), PublishRefused);
  may_go.count_down();
}

TEST_F(PublishingTest, without_waiting_is_done_before_the_bus_is_closed_and_refused_afterwards) {
  record("task.*", {.recording = Recording::required, .batched = true});
  record("held.*", {.coalesce_within = seconds(10)});
  auto held = bus.subscribe(TopicPattern::of("held.back"), notes_in(notes, "all"));
  bus.publish(event_of("held.back", "task/7"));
  for (int i = 0; i < 10; ++i) bus.publish_nowait(event_of("task.progress", "task/8"));
  bus.close();
  EXPECT_EQ(recorded().size(), 10u);
  EXPECT_EQ(notes, (Names{"all:held.back"}));
  EXPECT_THROW(bus.publish_nowait(event_of("task.progress", "task/8")), PublishRefused);
  EXPECT_TRUE(bus.publish(event_of("a")).accepted());
}

TEST_F(PublishingTest, refuses_policies_that_cannot_be) {
  EXPECT_THROW(record("a", {.recording = Recording::required, .coalesce_within = milliseconds(1)}),
               ConfigurationError);
  EXPECT_THROW(record("a", {.coalesce_within = milliseconds(0)}), InvalidInput);
  Bus alone(catalogue);
  EXPECT_THROW((void)alone.record(TopicPattern::of("a"), {.recording = Recording::best_effort}),
               ConfigurationError);
}

TEST_F(PublishingTest, of_a_batch_waits_once_for_the_dispatcher) {
  Bus hasty(catalogue, {.patience = milliseconds(100)});
  Dispatcher telling(*log, hasty, log->head());
  hasty.record_with(std::make_shared<TestRecorder>(*log, telling));
  hasty.record(TopicPattern::of("a"), {.recording = Recording::required}).release();
  std::promise<void> may_end;
  auto slow = hasty.subscribe(
      everything(), [ended = may_end.get_future().share()](const Envelope&) { ended.wait(); });
  const auto begun = std::chrono::steady_clock::now();
  const auto reports = hasty.publish_batch(std::vector<Envelope>(200, event_of("a", "s/1")));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, long_enough / 2) << "200 times as long";
  EXPECT_TRUE(reports.back().queued);
  may_end.set_value();
}

TEST_F(PublishingTest, that_is_handed_over_again_passes_middleware_once) {
  for (const bool batched : {false, true}) {
    record("a", {.recording = Recording::required, .batched = batched});
    auto marking = bus.use("mark", [](Envelope event) -> std::optional<Envelope> {
      event.data += 'x';
      return event;
    });
    recorder->refuses = true;
    bus.publish_nowait(event_of("a", "s/1"));
    ASSERT_TRUE(bus.flush(long_enough));
    recorder->refuses = false;
    EXPECT_EQ(bus.redrive("publish_nowait"), 1u);
    EXPECT_EQ(log->read({}).events.back().data, "x") << "batched " << batched;
  }
}

// What a handler holds may end on the dispatcher's thread once it is cut, outside every handler.
TEST_F(PublishingTest, where_a_cut_handler_ends_is_done_without_waiting) {
  record("*", {.recording = Recording::required});
  std::promise<bool> published;
  struct Session {
    ~Session() { published.set_value(bus.publish(event_of("session.closed", "session/1")).queued); }
    Bus& bus;
    std::promise<bool>& published;
  };
  std::shared_ptr<Session> session(new Session{bus, published});
  std::promise<void> begun, may_end;
  auto subscription =
      bus.subscribe(TopicPattern::of("a"), [session, &begun, &may_end](const Envelope&) {
        begun.set_value();
        may_end.get_future().wait();
      });
  session.reset();
  std::jthread publisher([&] { bus.publish(event_of("a", "s/1")); });
  begun.get_future().wait();
  subscription.disconnect();
  may_end.set_value();
  EXPECT_TRUE(published.get_future().get());
  publisher.join();
  EXPECT_EQ(recorded(), (Names{"a", "session.closed"}));
}

TEST_F(PublishingTest, of_one_id_by_two_at_once_gives_the_first_his_report) {
  record("a", {.recording = Recording::required});
  std::latch waiting(1);
  auto holding = bus.subscribe(TopicPattern::of("a"), [&](const Envelope&) { waiting.wait(); });
  auto event = event_of("a", "s/1");
  event.id.bytes.fill(9);
  std::future<DispatchReport> first =
      std::async(std::launch::async, [&] { return bus.publish(event); });
  while (log->head() == Position{0}) std::this_thread::yield();
  EXPECT_TRUE(bus.publish(event).duplicate);
  waiting.count_down();
  const auto report = first.get();
  EXPECT_EQ(report.delivered, 1u);
  EXPECT_FALSE(report.queued);
}

TEST_F(PublishingTest, asks_no_predicate_any_more_of_a_wait_that_is_over) {
  std::latch asking(1);
  std::atomic<bool> is_over{false}, was_asked_late{false};
  std::jthread telling;
  {
    auto expected = bus.expect(TopicPattern::of("b"), [&](const Envelope&) {
      asking.count_down();
      for (int i = 0; i < 10000; ++i) std::this_thread::yield();
      was_asked_late = is_over.load();
      return false;
    });
    telling = std::jthread([&] { bus.publish(event_of("b", "s/1")); });
    asking.wait();
  }
  is_over = true;
  telling.join();
  EXPECT_FALSE(was_asked_late);
}

// Best effort is for what might have been recorded.
TEST_F(PublishingTest, refuses_what_no_log_ever_takes_also_where_recording_is_best_effort) {
  record("task.*", {.recording = Recording::best_effort});
  auto all = bus.subscribe(everything(), notes_in(notes, "all"));
  EXPECT_THROW(bus.publish(event_of("task.started", "")), NotRecorded);
  Envelope large = event_of("task.started", "task/7");
  large.data.assign(limits::event_bytes + 1, 'x');
  EXPECT_THROW(bus.publish(std::move(large)), NotRecorded);
  EXPECT_EQ(notes, Names{});
  EXPECT_EQ(bus.statistics().unrecorded, 0u);
}

TEST_F(PublishingTest, keeps_what_was_held_back_and_no_log_takes_as_a_dead_letter) {
  record("task.*", {.recording = Recording::best_effort, .coalesce_within = seconds(100)});
  bus.publish(event_of("task.progress", ""));
  ASSERT_TRUE(bus.flush(long_enough));
  ASSERT_EQ(bus.dead_letters().size(), 1u);
  EXPECT_EQ(bus.dead_letters()[0].event.type, "task.progress");
}

TEST_F(PublishingTest, refuses_what_is_no_topic_whichever_way) {
  auto all = bus.subscribe(everything(), notes_in(notes, "all"));
  EXPECT_THROW(bus.publish_nowait(event_of("a..b")), InvalidInput);
  EXPECT_THROW(bus.publish_batch({event_of("a"), event_of("a..b")}), InvalidInput);
  EXPECT_EQ(notes, Names{}) << "nothing of a batch goes out";
}

TEST_F(PublishingTest, records_decisions_of_control_where_a_policy_says_so) {
  record("control.decided", {.recording = Recording::required});
  auto no = bus.control().add(
      [](const Envelope&, ControlContext&) { return ControlDecision::skip("not today"); },
      {.name = "no", .priority = 7});
  EXPECT_TRUE(bus.publish(event_of("task.started", "task/7")).skipped);
  EXPECT_TRUE(dispatcher.wait_until(Position{1}, long_enough));
  ReadRequest request;
  const auto events = log->read(request).events;
  ASSERT_EQ(events.size(), 1u);
  const auto decided = decode<ControlDecided>(events[0].data);
  EXPECT_EQ(decided.signal, "skip");
  EXPECT_EQ(decided.by, "no");
  EXPECT_EQ(decided.priority, 7);
  EXPECT_EQ(decided.reason, "not today");
  EXPECT_EQ(decided.event_type, "task.started");
}

// What tells of something else does not make it fail.
TEST_F(PublishingTest, warns_where_what_tells_of_something_is_not_recorded) {
  record("control.decided", {.recording = Recording::required});
  record("command.executed", {.recording = Recording::required});
  recorder->refuses = true;
  Names warnings;
  auto warned = bus.subscribe(TopicPattern::of("warning.raised"), [&](const Envelope& event) {
    const auto warning = decode<WarningRaised>(event.data);
    EXPECT_NE(warning.message.find("no room on the disk"), std::string::npos) << warning.message;
    warnings.push_back(warning.event_type.value_or(""));
  });
  auto no = bus.control().add(
      [](const Envelope&, ControlContext&) { return ControlDecision::skip("not today"); },
      {.name = "no", .interest = Query::of_types({TopicPattern::of("task.*")})});
  EXPECT_TRUE(bus.publish(event_of("task.started", "task/7")).skipped);
  bus.publish_or_warn(event_of("command.executed", "annal/service"));
  EXPECT_EQ(warnings, (Names{"control.decided", "command.executed"}));
  record("warning.raised", {.recording = Recording::required});
  bus.publish_or_warn(event_of("command.executed", "annal/service"));
  EXPECT_EQ(warnings.size(), 2u);
}

TEST_F(PublishingTest, refuses_an_event_of_no_entity_where_it_is_recorded_and_says_so) {
  record("ai_coder.*", {.recording = Recording::required});
  try {
    bus.publish(event_of("ai_coder.started", ""));
    FAIL() << "nothing was thrown";
  } catch (const NotRecorded& error) {
    EXPECT_NE(std::string(error.what()).find("stream"), std::string::npos) << error.what();
    EXPECT_TRUE(std::holds_alternative<Rejected>(error.outcome));
  }
  EXPECT_TRUE(recorded().empty());
}

TEST_F(PublishingTest, tells_control_of_a_deadline_and_of_values) {
  std::string seen;
  auto later = bus.control().add(
      [&](const Envelope&, ControlContext& context) {
        seen += context.values["who"];
        return ControlDecision::retry(seconds(10), "it is night");
      },
      {.name = "later"});
  const auto report =
      bus.publish(event_of("a"), {.deadline = seconds(5), .values = {{"who", "ann"}}});
  EXPECT_EQ(report.vetoed_by, "later");
  EXPECT_NE(report.why.find("beyond its deadline"), std::string::npos);
  EXPECT_EQ(seen, "ann");
}

TEST_F(PublishingTest, is_seen_by_those_who_expect_it) {
  auto expected = bus.expect(Query::of_types({TopicPattern::of("task.*")}),
                             [](const Envelope& event) { return event.stream == "task/8"; });
  bus.publish(event_of("task.started", "task/7"));
  EXPECT_FALSE(expected.wait(milliseconds(0)));
  bus.publish(event_of("task.started", "task/8"));
  bus.publish(event_of("task.completed", "task/8"));
  const auto event = expected.wait(milliseconds(0));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, "task.started") << "the first that was meant";
}

TEST_F(PublishingTest, wakes_those_who_wait_for_it) {
  std::latch waiting(1);
  std::optional<Envelope> seen;
  std::jthread waiter([&] {
    auto expected = bus.expect(Query::of_types({TopicPattern::of("task.*")}));
    waiting.count_down();
    seen = expected.wait(long_enough);
  });
  waiting.wait();
  bus.publish(event_of("task.started", "task/7"));
  waiter.join();
  ASSERT_TRUE(seen);
  EXPECT_FALSE(bus.wait_for(Query(), milliseconds(1)));
}

TEST_F(PublishingTest, is_not_waited_for_inside_a_handler) {
  std::string said;
  auto waiting = bus.subscribe(TopicPattern::of("a"), [&](const Envelope&) {
    try {
      bus.wait_for(Query(), long_enough);
    } catch (const WouldDeadlock& error) {
      said = error.what();
    }
  });
  bus.publish(event_of("a"));
  EXPECT_NE(said, "");
}

TEST_F(PublishingTest, spills_to_the_log_what_an_observer_has_no_room_for) {
  record("task.*", {.recording = Recording::required});
  std::latch may_go(1);
  std::mutex mutex;
  Names told;
  auto connection = bus.observers().add(
      Query::of_types({TopicPattern::of("task.*")}),
      [&](const Envelope& event, std::stop_token) {
        may_go.wait();
        std::lock_guard lock(mutex);
        told.push_back(event.data);
      },
      {.name = "slow", .concurrency = 1, .queue_events = 2, .when_full = WhenFull::spill});
  Names expected;
  for (int i = 0; i < 50; ++i) {
    auto event = event_of("task.progress", "task/7");
    event.data = std::to_string(i);
    expected.push_back(event.data);
    bus.publish(event);
  }
  EXPECT_TRUE(bus.observers().status()[0].behind);
  may_go.count_down();
  ASSERT_TRUE(bus.observers().wait_until_idle(long_enough));
  EXPECT_EQ(told, expected) << "each once, and in order";
  EXPECT_FALSE(bus.observers().status()[0].behind);
  EXPECT_EQ(bus.observers().status()[0].dropped, 0u);
}

}  // namespace
}  // namespace annal::test
