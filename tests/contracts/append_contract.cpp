// What every log promises of appending.
#include "contracts/event_log_contract.hpp"

#include <thread>

namespace annal::test {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EventLogContract);

using std::chrono::microseconds;
using std::chrono::seconds;
using Positions = std::vector<std::uint64_t>;

TEST_P(EventLogContract, starts_empty) {
  EXPECT_EQ(log->head(), Position{0});
  EXPECT_TRUE(log->read({}).events.empty());
  EXPECT_EQ(log->stream_version("thing/1"), Version{0});
  EXPECT_FALSE(log->event_at(Position{1}));
}

TEST_P(EventLogContract, gives_positions_without_gaps_and_versions_in_each_stream) {
  const Appended first =
      append(commit_of(event_of("thing/1"), event_of("thing/2"), event_of("thing/1")));
  const Appended second = append(commit_of(event_of("thing/2")));
  EXPECT_EQ(first.first, Position{1});
  EXPECT_EQ(first.last, Position{3});
  EXPECT_EQ(first.version, Version{2});
  EXPECT_EQ(second.first, Position{4});
  EXPECT_EQ(second.version, Version{2});
  EXPECT_EQ(log->stream_version("thing/1"), Version{2});
  EXPECT_EQ(log->head(), Position{4});
}

TEST_P(EventLogContract, keeps_everything_the_envelope_says) {
  Envelope event = event_of("thing/ü 1", "thing.happened", std::string("\0\xff binary", 9));
  event.schema_version = 7;
  event.content_type = "application/x-thing";
  event.occurred_at = clock.now() - seconds(99);
  event.source = "importer";
  event.correlation_id = "request-1";
  event.causation_id = "event-0";
  event.tags = {"commit:abc", "board:7/x"};
  event.metadata = {{"author", "ann"}, {"message", std::string("two\nlines")}};
  append(commit_of(event));
  const Envelope kept = *log->event_at(Position{1});
  EXPECT_EQ(kept.stream, event.stream);
  EXPECT_EQ(kept.type, event.type);
  EXPECT_EQ(kept.data, event.data);
  EXPECT_EQ(kept.schema_version, 7u);
  EXPECT_EQ(kept.codec, Codec::bytes);
  EXPECT_EQ(kept.content_type, event.content_type);
  EXPECT_EQ(kept.occurred_at, event.occurred_at);
  EXPECT_EQ(kept.source, "importer");
  EXPECT_EQ(kept.correlation_id, "request-1");
  EXPECT_EQ(kept.causation_id, "event-0");
  EXPECT_EQ(kept.tags, event.tags);
  EXPECT_EQ(kept.metadata, event.metadata);
  EXPECT_EQ(kept.version, Version{1});
  EXPECT_EQ(kept.recorded_at, clock.now());
  EXPECT_FALSE(kept.id.is_nil());
  EXPECT_NE(kept.salt, Salt{});
  EXPECT_EQ(kept.hash, event_hash(kept));
}

TEST_P(EventLogContract, keeps_an_id_and_a_salt_that_were_given) {
  Envelope event = event_of("thing/1");
  event.id.bytes[15] = 9;
  event.salt[0] = 1;
  append(commit_of(event));
  EXPECT_EQ(log->event_at(Position{1})->id, event.id);
  EXPECT_EQ(log->event_at(Position{1})->salt, event.salt);
}

TEST_P(EventLogContract, an_event_without_occurred_at_happened_when_it_was_recorded) {
  append(commit_of(event_of("thing/1")));
  const Envelope kept = *log->event_at(Position{1});
  EXPECT_FALSE(kept.occurred_at);
  EXPECT_EQ(kept.happened_at(), kept.recorded_at);
}

// --- conditions ----------------------------------------------------------------------------------

TEST_P(EventLogContract, an_append_with_a_stale_version_writes_nothing) {
  fill("thing/1", 2);
  Commit commit = commit_of(event_of("thing/1"));
  commit.conditions = {{"thing/1", ExpectedVersion::exactly(Version{1})}};
  const auto conflict = refused<VersionConflict>(commit);
  EXPECT_EQ(conflict.stream, "thing/1");
  EXPECT_EQ(conflict.actual, Version{2});
  EXPECT_EQ(log->head(), Position{2});
}

TEST_P(EventLogContract, an_append_with_the_exact_version_is_written) {
  fill("thing/1", 2);
  Commit commit = commit_of(event_of("thing/1"));
  commit.conditions = {{"thing/1", ExpectedVersion::exactly(Version{2})}};
  EXPECT_EQ(append(commit).version, Version{3});
}

TEST_P(EventLogContract, no_stream_can_be_demanded) {
  Commit commit = commit_of(event_of("thing/1"));
  commit.conditions = {{"thing/1", ExpectedVersion::none()}};
  append(commit);
  EXPECT_EQ(refused<VersionConflict>(commit).actual, Version{1});
}

TEST_P(EventLogContract, an_existing_stream_can_be_demanded) {
  Commit commit = commit_of(event_of("thing/2"));
  commit.conditions = {{"thing/1", ExpectedVersion::exists()}};  // a stream not written to
  EXPECT_EQ(refused<VersionConflict>(commit).actual, Version{0});
  fill("thing/1", 1);
  append(commit);
}

TEST_P(EventLogContract, any_version_is_no_condition) {
  Commit commit = commit_of(event_of("thing/1"));
  commit.conditions = {{"thing/1", ExpectedVersion::any()}};
  append(commit);
  append(commit);
  EXPECT_EQ(log->stream_version("thing/1"), Version{2});
}

TEST_P(EventLogContract, one_winner_among_callers_expecting_the_same_version) {
  std::vector<std::thread> callers;
  std::atomic<int> won{0}, lost{0};
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([&] {
      for (std::uint64_t version = 0; version < 25; ++version) {
        Commit commit = commit_of(event_of("thing/1"));
        commit.conditions = {{"thing/1", ExpectedVersion::exactly(Version{version})}};
        AppendOutcome outcome = log->append(std::move(commit));
        ++(std::holds_alternative<Appended>(outcome) ? won : lost);
      }
    });
  for (auto& caller : callers) caller.join();
  // Somebody wins each version that is still open when asked for, and nobody wins one twice.
  EXPECT_EQ(Version{static_cast<std::uint64_t>(won.load())}, log->stream_version("thing/1"));
  EXPECT_EQ(log->head().value, static_cast<std::uint64_t>(won.load()));
  EXPECT_EQ(won + lost, 200);
}

// --- idempotency ---------------------------------------------------------------------------------

TEST_P(EventLogContract, the_same_request_under_one_key_is_recorded_once) {
  Commit commit = commit_of(event_of("thing/1"), event_of("thing/1"));
  commit.idempotency_key = "order-7";
  const Appended first = append(commit);
  fill("thing/2", 3);
  const Appended again = append(commit);
  EXPECT_TRUE(again.replayed);
  EXPECT_FALSE(first.replayed);
  EXPECT_EQ(again.first, first.first);
  EXPECT_EQ(again.last, first.last);
  EXPECT_EQ(again.version, first.version);
  EXPECT_EQ(again.recorded_at, first.recorded_at);
  EXPECT_EQ(again.hash, first.hash);
  EXPECT_EQ(log->head(), Position{5});
}

// Whether the two were written as one group or not.
TEST_P(EventLogContract, a_replay_says_that_its_time_was_moved) {
  Commit commit = commit_of(event_of("thing/1"));
  commit.idempotency_key = "order-7";
  commit.recorded_at = clock.now() + seconds(1000);
  std::vector<std::future<AppendOutcome>> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(log->append_async(commit));
  for (auto& answer : answers) EXPECT_TRUE(std::get<Appended>(answer.get()).clamped);
  EXPECT_TRUE(append(commit).clamped);
  commit.recorded_at.reset();
  EXPECT_TRUE(append(commit).replayed);
  EXPECT_FALSE(append(commit).clamped);
}

TEST_P(EventLogContract, another_request_under_the_same_key_is_refused) {
  Commit commit = commit_of(event_of("thing/1"));
  commit.idempotency_key = "order-7";
  append(commit);
  Commit other = commit_of(event_of("thing/1", "thing.happened", "something else"));
  other.idempotency_key = "order-7";
  EXPECT_EQ(refused<IdempotencyMismatch>(other).first_used_at, Position{1});
  EXPECT_EQ(log->head(), Position{1});
}

TEST_P(EventLogContract, a_key_wins_over_the_conditions_of_its_request) {
  Commit commit = commit_of(event_of("thing/1"));
  commit.idempotency_key = "once";
  commit.conditions = {{"thing/1", ExpectedVersion::none()}};
  append(commit);
  EXPECT_TRUE(append(commit).replayed);
}

TEST_P(EventLogContract, a_commit_is_found_by_its_key) {
  Commit commit = commit_of(event_of("thing/1"));
  commit.idempotency_key = "order-7";
  commit.request_hash = sha256({"what was asked"});
  const Appended appended = append(commit);
  const auto found = log->find_commit("order-7");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->outcome.last, appended.last);
  EXPECT_EQ(found->request_hash, sha256({"what was asked"}));
  EXPECT_FALSE(log->find_commit("order-8"));
}

TEST_P(EventLogContract, two_tries_in_flight_under_one_key_are_recorded_once) {
  std::vector<std::future<AppendOutcome>> tries;
  for (int i = 0; i < 50; ++i) {
    Commit commit = commit_of(event_of("thing/1"));
    commit.idempotency_key = "only-one";
    tries.push_back(log->append_async(std::move(commit)));
  }
  int fresh = 0;
  for (auto& one : tries) fresh += std::get<Appended>(one.get()).replayed ? 0 : 1;
  EXPECT_EQ(fresh, 1);
  EXPECT_EQ(log->head(), Position{1});
}

// --- time ----------------------------------------------------------------------------------------

TEST_P(EventLogContract, recorded_at_rises_even_if_the_clock_stands_or_goes_back) {
  const Timestamp start = clock.now();
  EXPECT_EQ(append(commit_of(event_of("thing/1"))).recorded_at, start);
  EXPECT_EQ(append(commit_of(event_of("thing/1"))).recorded_at, start + microseconds(1));
  clock.advance(-seconds(3600));
  EXPECT_EQ(append(commit_of(event_of("thing/1"))).recorded_at, start + microseconds(2));
}

TEST_P(EventLogContract, a_commit_has_one_time) {
  append(commit_of(event_of("thing/1"), event_of("thing/1")));
  EXPECT_EQ(log->event_at(Position{1})->recorded_at, log->event_at(Position{2})->recorded_at);
}

TEST_P(EventLogContract, an_import_may_say_when_it_was_recorded) {
  Commit commit = commit_of(event_of("thing/1"));
  commit.recorded_at = clock.now() - seconds(1000);
  const Appended appended = append(commit);
  EXPECT_EQ(appended.recorded_at, clock.now() - seconds(1000));
  EXPECT_FALSE(appended.clamped);
}

TEST_P(EventLogContract, an_import_can_neither_go_back_nor_record_the_future) {
  append(commit_of(event_of("thing/1")));
  Commit early = commit_of(event_of("thing/1"));
  early.recorded_at = clock.now() - seconds(1000);
  const Appended moved = append(early);
  EXPECT_TRUE(moved.clamped);
  EXPECT_EQ(moved.recorded_at, clock.now() + microseconds(1));
  clock.advance(seconds(10));
  Commit late = commit_of(event_of("thing/1"));
  late.recorded_at = clock.now() + seconds(1000);
  EXPECT_TRUE(append(late).clamped);
  EXPECT_EQ(log->event_at(Position{3})->recorded_at, clock.now());
}

TEST_P(EventLogContract, a_time_is_the_last_commit_recorded_at_or_before_it) {
  const Timestamp start = clock.now();
  for (int i = 0; i < 10; ++i) {
    append(commit_of(event_of("thing/1"), event_of("thing/2")));
    clock.advance(seconds(10));
  }
  EXPECT_EQ(log->position_at(start - microseconds(1)), Position{0});
  EXPECT_EQ(log->position_at(start), Position{2});
  EXPECT_EQ(log->position_at(start + seconds(9)), Position{2});
  EXPECT_EQ(log->position_at(start + seconds(35)), Position{8});
  EXPECT_EQ(log->position_at(start + seconds(1000)), Position{20});
}

// --- bounds --------------------------------------------------------------------------------------

TEST_P(EventLogContract, an_event_over_the_limit_is_refused) {
  append(commit_of(event_of("thing/1", "thing.happened", std::string(limits::event_bytes, 'x'))));
  const auto refusal = refused<TooLarge>(
      commit_of(event_of("thing/1", "thing.happened", std::string(limits::event_bytes + 1, 'x'))));
  EXPECT_EQ(refusal.size, limits::event_bytes + 1);
  EXPECT_EQ(refusal.limit, limits::event_bytes);
  EXPECT_EQ(log->head(), Position{1});
}

TEST_P(EventLogContract, a_commit_over_the_limits_is_refused) {
  Commit many;
  many.events.assign(limits::commit_events + 1, event_of("thing/1"));
  EXPECT_EQ(refused<TooLarge>(many).size, limits::commit_events + 1);
  many.events.pop_back();
  append(many);

  Commit large;
  large.events.assign(9,
                      event_of("thing/1", "thing.happened", std::string(limits::event_bytes, 'x')));
  EXPECT_EQ(refused<TooLarge>(large).limit, limits::commit_bytes);
}

TEST_P(EventLogContract, names_no_log_could_take_are_refused) {
  const std::string long_name = "thing/" + std::string(1019, 'x');
  for (const std::string stream :
       {"", "thing", "/1", "thing/", "th ing/1", "thing/a\nb", "thing/\xff"})
    EXPECT_NE(refused<Malformed>(commit_of(event_of(stream))).what, "") << stream;
  refused<Malformed>(commit_of(event_of(long_name)));
  refused<Malformed>(commit_of(event_of("thing/1", "Not a topic")));
  Envelope tagged = event_of("thing/1");
  tagged.tags = {"no colon"};
  refused<Malformed>(commit_of(tagged));
  refused<Malformed>(Commit{});
  Commit keyed = commit_of(event_of("thing/1"));
  keyed.idempotency_key = "with a blank";
  refused<Malformed>(keyed);
  EXPECT_EQ(log->head(), Position{0});
}

TEST_P(EventLogContract, json_that_is_none_is_refused) {
  Envelope event = event_of("thing/1", "thing.happened", "{\"a\":1,\"a\":2}");
  event.codec = Codec::json;
  refused<Malformed>(commit_of(event));
}

TEST_P(EventLogContract, a_refused_commit_does_not_harm_its_neighbours) {
  std::vector<std::future<AppendOutcome>> answers;
  for (int i = 0; i < 60; ++i) {
    Commit commit = commit_of(event_of("thing/" + std::to_string(i)));
    if (i % 3 == 0) commit.conditions = {{"thing/never", ExpectedVersion::exists()}};
    answers.push_back(log->append_async(std::move(commit)));
  }
  int appended = 0;
  for (auto& answer : answers) appended += std::holds_alternative<Appended>(answer.get()) ? 1 : 0;
  EXPECT_EQ(appended, 40);
  EXPECT_EQ(log->head(), Position{40});
  EXPECT_TRUE(log->verify().faults.empty());
}

TEST_P(EventLogContract, a_full_queue_is_busy_and_loses_nothing) {
  log.reset();
  log = open(2);
  std::promise<void> gate;
  const std::shared_future<void> opened = gate.get_future().share();
  std::atomic<std::uint64_t> appended{0}, busy{0};
  for (int i = 0; i < 100; ++i)  // the completions of those that are written wait at the gate
    log->submit(commit_of(event_of("thing/1")), [&, opened](AppendOutcome outcome) {
      if (std::holds_alternative<Appended>(outcome)) {
        opened.wait();
        ++appended;
      } else {
        busy += std::holds_alternative<Busy>(std::get<Rejected>(outcome).reason) ? 1 : 0;
      }
    });
  EXPECT_GT(busy, 90u);
  gate.set_value();
  while (appended + busy < 100) std::this_thread::yield();
  EXPECT_EQ(log->head().value, appended);
}

TEST_P(EventLogContract, completions_run_on_a_thread_that_may_append_itself) {
  std::promise<AppendOutcome> done;
  log->submit(commit_of(event_of("thing/1")),
              [&](AppendOutcome) { done.set_value(log->append(commit_of(event_of("thing/1")))); });
  EXPECT_EQ(std::get<Appended>(done.get_future().get()).first, Position{2});
}

TEST_P(EventLogContract, a_completion_hears_of_a_refusal_too) {
  std::promise<AppendOutcome> done;
  log->submit(Commit{}, [&](AppendOutcome outcome) { done.set_value(std::move(outcome)); });
  EXPECT_TRUE(std::holds_alternative<Rejected>(done.get_future().get()));
}

TEST_P(EventLogContract, closing_writes_what_was_handed_over) {
  std::atomic<int> appended{0};
  for (int i = 0; i < 100; ++i)
    log->submit(commit_of(event_of("thing/1")), [&](AppendOutcome outcome) {
      appended += std::holds_alternative<Appended>(outcome) ? 1 : 0;
    });
  log.reset();
  EXPECT_EQ(appended, 100);
}

// --- waiting -------------------------------------------------------------------------------------

TEST_P(EventLogContract, waiting_ends_when_the_position_is_there) {
  std::thread later([&] { log->append(commit_of(event_of("thing/1"))); });
  EXPECT_EQ(log->wait_for(Position{1}, std::chrono::seconds(30)), Position{1});
  later.join();
}

TEST_P(EventLogContract, waiting_ends_when_the_time_is_up) {
  EXPECT_EQ(log->wait_for(Position{1}, std::chrono::milliseconds(1)), Position{0});
}

}  // namespace annal::test
