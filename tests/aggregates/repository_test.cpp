#include "annal/aggregate/repository.hpp"

#include "annal/document/document.hpp"
#include "annal/memory/memory_log.hpp"
#include "counter.hpp"
#include "fakes.hpp"
#include "hooked_log.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace annal {
namespace {

using test::Counter;

class CounterRepository : public testing::Test {
 protected:
  CounterRepository()
      : log(memory::open({{snapshots::declaration()}, 1024, &clock, &randomness})) {}

  Repository<Counter> repository(RepositoryOptions options = {}) {
    return {*log, catalogue, options};
  }

  Executed<Counter> add(Repository<Counter>& counters, std::int32_t amount,
                        ExecuteOptions options = {}) {
    auto outcome = counters.execute("visits", Counter::Add{amount}, options);
    EXPECT_EQ(outcome.index(), 0u);
    return std::get<0>(std::move(outcome));
  }

  void add_times(Repository<Counter>& counters, int times) {
    for (int i = 0; i < times; ++i) add(counters, 1);
  }

  test::ManualClock clock;
  test::SeededRandomness randomness;
  Catalogue catalogue = test::counter_catalogue();
  std::unique_ptr<EventLog> log;
};

TEST_F(CounterRepository, appends_what_was_decided_and_loads_it_again) {
  auto counters = repository();
  const auto executed = add(counters, 3);
  EXPECT_EQ(executed.state.total, 3);
  EXPECT_EQ(executed.version, Version{1});
  EXPECT_EQ(executed.events, (std::vector<Counter::Event>{Counter::Added{3}}));
  EXPECT_EQ(executed.appended->durability, Durability::ephemeral);
  add(counters, 4);
  const auto loaded = counters.load("visits");
  EXPECT_EQ(loaded.state.total, 7);
  EXPECT_EQ(loaded.version, Version{2});
  EXPECT_EQ(loaded.position, Position{2});
  EXPECT_EQ(loaded.events_read, 2u);
}

TEST_F(CounterRepository, gives_the_same_state_from_a_command_as_from_loading) {
  auto counters = repository();
  add(counters, 3);
  clock.advance(std::chrono::seconds{1});
  const auto after = add(counters, 4).state;
  EXPECT_EQ(after, counters.load("visits").state);
}

TEST_F(CounterRepository, loads_nothing_as_a_default_state) {
  const auto loaded = repository().load("nobody");
  EXPECT_EQ(loaded.state, Counter::State{});
  EXPECT_EQ(loaded.version, Version{0});
  EXPECT_EQ(loaded.position, Position{0});
}

TEST_F(CounterRepository, records_what_the_caller_says_about_the_events) {
  auto counters = repository();
  ExecuteOptions options;
  options.source = "door";
  options.correlation_id = "request 7";
  options.causation_id = "cause";
  options.tags = {"floor:1"};
  options.metadata = {{"key", "value"}};
  options.occurred_at = Timestamp{std::chrono::seconds{5}};
  add(counters, 1, options);
  const auto event = log->event_at({1});
  ASSERT_TRUE(event);
  EXPECT_EQ(event->stream, "counter/visits");
  EXPECT_EQ(event->source, "door");
  EXPECT_EQ(event->correlation_id, "request 7");
  EXPECT_EQ(event->causation_id, "cause");
  EXPECT_EQ(event->tags, std::vector<std::string>{"floor:1"});
  EXPECT_EQ(event->meta("key"), "value");
  EXPECT_EQ(event->occurred_at, options.occurred_at);
}

TEST_F(CounterRepository, appends_nothing_when_the_aggregate_refuses_or_has_nothing_to_do) {
  auto counters = repository();
  const auto refused = counters.execute("visits", Counter::Add{-1});
  EXPECT_EQ(std::get<Counter::Refusal>(refused), Counter::Refusal{Counter::Negative{-1}});
  const auto nothing = counters.execute("visits", Counter::Add{0});
  EXPECT_FALSE(std::get<Executed<Counter>>(nothing).appended.has_value());
  EXPECT_EQ(log->head(), Position{0});
}

TEST_F(CounterRepository, rejects_a_version_that_is_not_the_one_expected) {
  auto counters = repository();
  add(counters, 1);
  ExecuteOptions options;
  options.expected = ExpectedVersion::none();
  const auto outcome = counters.execute("visits", Counter::Add{1}, options);
  const auto& conflict = std::get<VersionConflict>(std::get<Rejected>(outcome).reason);
  EXPECT_EQ(conflict.actual, Version{1});
  options.expected = ExpectedVersion::exactly({1});
  EXPECT_EQ(add(counters, 1, options).version, Version{2});
}

TEST_F(CounterRepository, answers_a_repeated_request_with_its_first_outcome) {
  auto counters = repository();
  ExecuteOptions options;
  options.idempotency_key = "once";
  options.request_hash = sha256({"add 5"});
  const auto first = add(counters, 5, options);
  add(counters, 1);
  const auto again = add(counters, 5, options);
  EXPECT_TRUE(again.appended->replayed);
  EXPECT_EQ(again.version, first.version);
  EXPECT_EQ(again.appended->last, first.appended->last);
  EXPECT_EQ(again.state.total, 6);
  EXPECT_EQ(log->head(), Position{2});
}

TEST_F(CounterRepository, rejects_a_key_used_for_another_request) {
  auto counters = repository();
  ExecuteOptions options;
  options.idempotency_key = "once";
  options.request_hash = sha256({"add 5"});
  add(counters, 5, options);
  options.request_hash = sha256({"add 6"});
  const auto outcome = counters.execute("visits", Counter::Add{6}, options);
  EXPECT_TRUE(std::holds_alternative<IdempotencyMismatch>(std::get<Rejected>(outcome).reason));
}

TEST_F(CounterRepository, wants_to_know_what_a_key_was_given_for) {
  auto counters = repository();
  ExecuteOptions options;
  options.idempotency_key = "once";
  EXPECT_THROW(counters.execute("visits", Counter::Add{5}, options), InvalidInput);
  EXPECT_EQ(log->head(), Position{});
}

TEST_F(CounterRepository, tells_a_request_beside_its_twin_what_the_twin_did) {
  ExecuteOptions options;
  options.idempotency_key = "once";
  options.request_hash = sha256({"add 5"});
  options.expected = ExpectedVersion::none();
  test::HookedLog hooked(*log);
  Repository<Counter> counters(hooked, catalogue);
  hooked.after_find_commit = [&, done = false]() mutable {
    if (!std::exchange(done, true)) add(counters, 5, options);
  };
  const auto executed = add(counters, 5, options);
  EXPECT_TRUE(executed.appended->replayed);
  EXPECT_EQ(executed.version, Version{1});
  EXPECT_EQ(log->head(), Position{1});
}

// --- snapshots -----------------------------------------------------------------------------------

TEST_F(CounterRepository, reads_every_event_without_snapshots_and_a_hundred_at_most_with_them) {
  auto kept = repository();
  add_times(kept, 350);
  kept.settle();
  EXPECT_EQ(kept.load("visits").events_read, 50u);
  EXPECT_EQ(kept.load("visits").snapshot, Version{300});
  RepositoryOptions without;
  without.snapshot_every = 0;
  auto plain = repository(without);
  EXPECT_EQ(plain.load("visits").events_read, 350u);
  EXPECT_EQ(plain.load("visits").snapshot, std::nullopt);
  EXPECT_EQ(plain.load("visits").state, kept.load("visits").state);
}

TEST_F(CounterRepository, loads_any_earlier_version_alike_with_and_without_snapshots) {
  RepositoryOptions often;
  often.snapshot_every = 10;
  auto kept = repository(often);
  add_times(kept, 45);
  kept.settle();
  RepositoryOptions without;
  without.snapshot_every = 0;
  auto plain = repository(without);
  for (std::uint64_t version = 1; version <= 45; ++version) {
    const auto fast = kept.load_at("visits", Version{version});
    EXPECT_EQ(fast.state, plain.load_at("visits", Version{version}).state);
    EXPECT_EQ(fast.position, Position{version});
    EXPECT_EQ(fast.version, Version{version});
    EXPECT_LE(fast.events_read, 10u);
  }
}

struct NewerCounter : Counter {
  static constexpr std::uint32_t reducer = 2;
  static Decision<NewerCounter> decide(const State& state, const Command& command) {
    auto decision = Counter::decide(state, command);
    if (!decision.accepted()) return decision.refusal();
    return decision.events();
  }
};

TEST_F(CounterRepository, ignores_and_counts_snapshots_of_another_reducer) {
  auto counters = repository();
  add_times(counters, 250);
  counters.settle();
  Repository<NewerCounter> newer(*log, catalogue);
  const auto loaded = newer.load("visits");
  EXPECT_EQ(loaded.events_read, 250u);
  EXPECT_EQ(loaded.state.total, 250);
  EXPECT_EQ(newer.statistics().snapshots_ignored, 2u);
  EXPECT_EQ(newer.statistics().snapshots_used, 0u);
}

TEST_F(CounterRepository, ignores_and_counts_a_state_that_does_not_decode) {
  auto counters = repository();
  add_times(counters, 150);
  counters.settle();
  Commit commit;
  commit.records.push_back(
      snapshots::keep("counter/visits", {"counter", 1, 1}, {{140}, "no state", {140}, {}}));
  log->append(commit);
  const auto loaded = counters.load("visits");
  EXPECT_EQ(loaded.snapshot, Version{100});
  EXPECT_EQ(loaded.state.total, 150);
  EXPECT_EQ(counters.statistics().snapshots_ignored, 1u);
}

struct Diary {
  struct Noted {
    std::string text;
    template <class Archive>
    void serialize(Archive& archive) {
      archive(CEREAL_NVP(text));
    }
  };
  struct Note {
    std::string text;
  };
  struct Never {};
  using Event = std::variant<Noted>;
  using Command = std::variant<Note>;
  using Refusal = std::variant<Never>;
  struct State {
    std::string text;
    template <class Archive>
    void serialize(Archive& archive) {
      archive(CEREAL_NVP(text));
    }
  };
  static constexpr std::string_view kind = "diary";
  static constexpr std::uint32_t state_schema = 1;
  static constexpr std::uint32_t reducer = 1;
  static Decision<Diary> decide(const State&, const Command& command) {
    return std::vector<Event>{Noted{std::get<Note>(command).text}};
  }
  static void evolve(State& state, const Event& event, const Happened&) {
    state.text += std::get<Noted>(event).text;
  }
};

TEST_F(CounterRepository, goes_on_without_snapshots_of_a_state_too_large_to_keep) {
  catalogue.add<Diary::Noted>("diary.noted");
  RepositoryOptions often;
  often.snapshot_every = 2;
  Repository<Diary> diaries(*log, catalogue, often);
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(diaries.execute("d", Diary::Note{std::string(900000, 'x')}).index(), 0u) << i;
  EXPECT_EQ(diaries.load("d").state.text.size(), 5400000u);
}

TEST_F(CounterRepository, goes_on_without_snapshots_of_a_name_too_long_for_their_keys) {
  RepositoryOptions often;
  often.snapshot_every = 2;
  auto counters = repository(often);
  const std::string name(limits::stream_bytes - 8, 'n');
  for (int i = 0; i < 6; ++i) EXPECT_EQ(counters.execute(name, Counter::Add{1}).index(), 0u) << i;
  EXPECT_EQ(counters.load(name).state.total, 6);
}

TEST_F(CounterRepository, takes_snapshots_beside_the_writing_so_that_no_commit_holds_one) {
  test::HookedLog hooked(*log);
  std::uint64_t events = 0, alone = 0;
  std::mutex counting;
  hooked.before_append = [&](const Commit& commit) {
    std::lock_guard lock(counting);
    events += commit.events.size();
    alone += commit.events.empty() ? commit.records.size() : 0;
    EXPECT_TRUE(commit.events.empty() || commit.records.empty());
  };
  RepositoryOptions often;
  often.snapshot_every = 10;
  Repository<Counter> counters(hooked, catalogue, often);
  for (int i = 0; i < 40; ++i) {
    add(counters, 1);
    counters.settle();
  }
  EXPECT_EQ(events, 40u);
  EXPECT_EQ(alone, 4u);
  EXPECT_EQ(counters.statistics().snapshots_taken, 4u);
}

// Moves its clock by a millisecond at each event.
struct SlowCounter : Counter {
  static inline test::ManualMonotonicClock clock;
  static Decision<SlowCounter> decide(const State& state, const Command& command) {
    return Counter::decide(state, command).events();
  }
  static void evolve(State& state, const Event& event, const Happened& happened) {
    clock.advance(std::chrono::milliseconds(1));
    Counter::evolve(state, event, happened);
  }
};

TEST_F(CounterRepository, takes_a_snapshot_when_loading_has_taken_long) {
  RepositoryOptions options;
  options.snapshot_after = std::chrono::milliseconds(20);
  options.clock = &SlowCounter::clock;
  Repository<SlowCounter> counters(*log, catalogue, options);
  for (int i = 0; i < 50; ++i) {
    counters.execute("visits", Counter::Add{1});
    counters.settle();
  }
  EXPECT_EQ(counters.statistics().snapshots_taken, 2u);
  const auto loaded = counters.load("visits");
  EXPECT_EQ(loaded.snapshot, Version{42}) << "when 20 and then 20 more had been folded";
  EXPECT_EQ(loaded.cost, std::chrono::milliseconds(8));
  EXPECT_EQ(loaded.state.total, 50);
}

// --- time ----------------------------------------------------------------------------------------

TEST_F(CounterRepository, loads_what_was_at_a_position_of_the_whole_log) {
  auto counters = repository();
  add(counters, 1);
  counters.execute("other", Counter::Add{100});
  add(counters, 2);
  EXPECT_EQ(counters.load_at("visits", Position{0}).version, Version{0});
  EXPECT_EQ(counters.load_at("visits", Position{2}).state.total, 1);
  EXPECT_EQ(counters.load_at("visits", Position{3}).state.total, 3);
  EXPECT_EQ(counters.load_at("other", Position{1}).version, Version{0});
}

TEST_F(CounterRepository, knows_no_state_beyond_its_history) {
  auto counters = repository();
  add(counters, 1);
  EXPECT_THROW(counters.load_at("visits", Version{2}), UnknownPoint);
  EXPECT_THROW(counters.load_at("visits", Position{2}), UnknownPoint);
}

TEST_F(CounterRepository, counts_versions_over_events_of_other_kinds) {
  auto counters = repository();
  add(counters, 1);
  Commit commit;
  Envelope event;
  event.type = "counter.painted";
  event.stream = "counter/visits";
  commit.events.push_back(event);
  log->append(commit);
  EXPECT_EQ(counters.load("visits").version, Version{2});
  EXPECT_EQ(add(counters, 1).version, Version{3});
  EXPECT_EQ(counters.load("visits").state.total, 2);
}

// --- middleware ----------------------------------------------------------------------------------

TEST_F(CounterRepository, records_and_folds_what_middleware_made_of_an_event) {
  Bus bus(catalogue);
  const auto connection = bus.use("double", [&](Envelope event) -> std::optional<Envelope> {
    event.data = encode(Counter::Added{catalogue.unwrap<Counter::Added>(event)->amount * 2});
    return event;
  });
  RepositoryOptions options;
  options.bus = &bus;
  auto counters = repository(options);
  EXPECT_EQ(add(counters, 4).state.total, 8);
  EXPECT_EQ(counters.load("visits").state.total, 8);
}

TEST_F(CounterRepository, rejects_a_command_one_of_whose_events_is_dropped_or_spoilt) {
  Bus bus(catalogue);
  bool drop = true;
  const auto connection = bus.use("guard", [&](Envelope event) -> std::optional<Envelope> {
    if (drop) return std::nullopt;
    event.data = "no counter";
    return event;
  });
  RepositoryOptions options;
  options.bus = &bus;
  auto counters = repository(options);
  const auto dropped = counters.execute("visits", Counter::Add{1});
  EXPECT_EQ(std::get<Vetoed>(std::get<Rejected>(dropped).reason).by, "guard");
  drop = false;
  const auto spoilt = counters.execute("visits", Counter::Add{1});
  EXPECT_TRUE(std::holds_alternative<Vetoed>(std::get<Rejected>(spoilt).reason));
  EXPECT_EQ(log->head(), Position{0});
}

// --- together ------------------------------------------------------------------------------------

TEST_F(CounterRepository, retries_when_somebody_else_was_faster) {
  Bus bus(catalogue);
  auto rival = repository();
  int races = 3;
  const auto connection = bus.use("rival", [&](Envelope event) -> std::optional<Envelope> {
    if (races-- > 0) add(rival, 10);
    return event;
  });
  RepositoryOptions options;
  options.bus = &bus;
  auto counters = repository(options);
  EXPECT_EQ(add(counters, 1).state.total, 31);
  EXPECT_EQ(counters.statistics().retries, 3u);
}

TEST_F(CounterRepository, gives_up_after_a_bounded_number_of_races) {
  Bus bus(catalogue);
  auto rival = repository();
  const auto connection = bus.use("rival", [&](Envelope event) -> std::optional<Envelope> {
    add(rival, 10);
    return event;
  });
  RepositoryOptions options;
  options.bus = &bus;
  options.attempts = 4;
  auto counters = repository(options);
  const auto outcome = counters.execute("visits", Counter::Add{1});
  EXPECT_TRUE(std::holds_alternative<VersionConflict>(std::get<Rejected>(outcome).reason));
  EXPECT_EQ(log->head(), Position{4});
}

TEST_F(CounterRepository, loses_no_command_of_many_threads) {
  RepositoryOptions patient;
  patient.attempts = 10000;
  auto counters = repository(patient);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) counters.execute("visits", Counter::Add{1});
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(counters.load("visits").state.total, 200);
  EXPECT_EQ(log->head(), Position{200});
}

TEST(DocumentRepository, keeps_documents_times_in_snapshots) {
  test::ManualClock clock;
  test::SeededRandomness randomness;
  const auto log = memory::open({{snapshots::declaration()}, 1024, &clock, &randomness});
  Catalogue catalogue;
  document::add_to(catalogue);
  RepositoryOptions often;
  often.snapshot_every = 2;
  Repository<document::Aggregate> documents(*log, catalogue, often);
  const std::vector<document::Command> commands{
      document::Create{"T", {"1"}, "ann"}, document::Update{"U", {}, "bob"},
      document::Delete{"old", {}}, document::Undelete{"carl"}};
  for (const auto& command : commands) {
    clock.advance(std::chrono::seconds{1});
    ASSERT_EQ(documents.execute("orders/7", command).index(), 0u);
    documents.settle();
  }
  RepositoryOptions without;
  without.snapshot_every = 0;
  Repository<document::Aggregate> plain(*log, catalogue, without);
  for (std::uint64_t version = 1; version <= 4; ++version)
    EXPECT_EQ(documents.load_at("orders/7", Version{version}).state,
              plain.load_at("orders/7", Version{version}).state);
  EXPECT_GT(documents.statistics().snapshots_used, 0u);
}

}  // namespace
}  // namespace annal
