// What every log promises of events whose data goes for ever.
#include "contracts/event_log_contract.hpp"

namespace annal::test {

namespace {

Commit purge_of(const std::vector<Position>& positions) {
  Commit commit;
  for (const Position position : positions) commit.purges.push_back({position});
  return commit;
}

Envelope secret_event(const std::string& stream) {
  Envelope event = event_of(stream, "thing.happened", "a secret");
  event.tags = {"board:7"};
  event.metadata = {{"author", "ann"}};
  event.source = "importer";
  return event;
}

}  // namespace

TEST_P(EventLogContract, a_purge_leaves_a_stub_with_the_same_hash) {
  append(commit_of(secret_event("thing/1")));
  const Envelope before = *log->event_at(Position{1});
  append(purge_of({Position{1}}));
  const Envelope stub = *log->event_at(Position{1});
  ASSERT_TRUE(stub.purged);
  EXPECT_EQ(stub.data, "");
  EXPECT_TRUE(stub.metadata.empty());
  EXPECT_EQ(stub.salt, Salt{});
  EXPECT_EQ(stub.hash, before.hash);
  EXPECT_EQ(stub.hash, event_hash(stub));
  EXPECT_EQ(stub.codec, before.codec);
  EXPECT_EQ(stub.id, before.id);
  EXPECT_EQ(stub.source, "importer");
  EXPECT_EQ(stub.recorded_at, before.recorded_at);
}

TEST_P(EventLogContract, stubs_are_found_as_the_events_were) {
  append(commit_of(secret_event("thing/1"), event_of("thing/2")));
  append(purge_of({Position{1}}));
  EXPECT_EQ(log->stream_version("thing/1"), Version{1});
  ReadRequest tagged;
  tagged.query.items.push_back({.stream = {}, .types = {}, .tags = {"board:7"}});
  EXPECT_EQ(positions(log->read(tagged)), std::vector<std::uint64_t>{1});
  EXPECT_TRUE(log->read(tagged).events.front().purged);
  EXPECT_FALSE(log->event_at(Position{2})->purged);
}

TEST_P(EventLogContract, the_chain_of_a_log_with_stubs_is_whole) {
  fill("thing/1", 3);
  const Hash before = log->verify().head_hash;
  append(purge_of({Position{3}, Position{1}}));
  const Verification found = log->verify();
  EXPECT_EQ(found.faults, std::vector<std::string>{});
  EXPECT_EQ(found.head_hash, before);
  EXPECT_EQ(log->head(), Position{3});
  fill("thing/1", 1);
  EXPECT_EQ(log->verify().faults, std::vector<std::string>{});
}

TEST_P(EventLogContract, a_purge_is_part_of_its_commit) {
  append(commit_of(secret_event("thing/1")));
  Commit refused_as_a_whole = purge_of({Position{1}});
  refused_as_a_whole.conditions.push_back({"thing/1", ExpectedVersion::exactly(Version{7})});
  refused<VersionConflict>(refused_as_a_whole);
  EXPECT_FALSE(log->event_at(Position{1})->purged);

  Commit commit = commit_of(event_of("thing/1", "thing.purged"));
  commit.purges = {{Position{1}}};
  append(commit);
  EXPECT_TRUE(log->event_at(Position{1})->purged);
  EXPECT_FALSE(log->event_at(Position{2})->purged);
}

TEST_P(EventLogContract, a_purge_finds_what_was_appended_right_before_it) {
  std::vector<std::future<AppendOutcome>> outcomes;
  for (std::uint64_t position = 1; position <= 50; ++position) {
    outcomes.push_back(log->append_async(commit_of(secret_event("thing/1"))));
    outcomes.push_back(log->append_async(purge_of({Position{position}})));
  }
  for (auto& outcome : outcomes) EXPECT_TRUE(std::holds_alternative<Appended>(outcome.get()));
  for (const auto& event : log->read({}).events) EXPECT_TRUE(event.purged);
  EXPECT_EQ(log->verify().faults, std::vector<std::string>{});
}

TEST_P(EventLogContract, what_is_purged_twice_stays_the_same_stub) {
  append(commit_of(secret_event("thing/1")));
  append(purge_of({Position{1}}));
  const Envelope stub = *log->event_at(Position{1});
  append(purge_of({Position{1}}));
  EXPECT_EQ(log->event_at(Position{1})->purged, stub.purged);
}

TEST_P(EventLogContract, a_stub_keeps_the_note_that_came_with_the_purge) {
  fill("thing/1", 3);
  Commit commit;
  commit.purges = {{Position{1}}, {Position{2}, 255}};
  append(commit);
  EXPECT_EQ(log->event_at(Position{1})->purged->note, 0);
  EXPECT_EQ(log->event_at(Position{2})->purged->note, 255);
  Commit again;
  again.purges = {{Position{2}, 7}};
  append(again);
  EXPECT_EQ(log->event_at(Position{2})->purged->note, 255) << "it is a stub already";
  Envelope stub = event_of("thing/1");
  purge(stub, 9);
  append(commit_of(stub));
  EXPECT_EQ(log->event_at(Position{4})->purged->note, 9);
  EXPECT_EQ(log->verify().faults, std::vector<std::string>{});
}

TEST_P(EventLogContract, a_stub_can_be_appended_as_such) {
  Envelope stub = secret_event("thing/1");
  stub.id.bytes[3] = 3;
  stub.salt[0] = 1;
  const Hash hash = event_hash(stub);
  purge(stub);
  append(commit_of(stub));
  const Envelope kept = *log->event_at(Position{1});
  EXPECT_EQ(kept.purged, stub.purged);
  EXPECT_EQ(kept.hash, hash);
  EXPECT_EQ(log->verify().faults, std::vector<std::string>{});
}

TEST_P(EventLogContract, nothing_is_purged_that_is_not_there_or_named_twice) {
  fill("thing/1", 1);
  EXPECT_NE(refused<Malformed>(purge_of({Position{2}})).what.find("the log ends at 1"),
            std::string::npos);
  EXPECT_NE(refused<Malformed>(purge_of({Position{0}})).what.find("start at 1"), std::string::npos);
  EXPECT_NE(refused<Malformed>(purge_of({Position{1}, Position{1}})).what.find("twice"),
            std::string::npos);
  Commit own = commit_of(event_of("thing/1"));
  own.purges = {{Position{2}}};
  refused<Malformed>(own);
  std::vector<Position> many;
  for (std::uint64_t i = 1; i <= limits::commit_purges + 1; ++i) many.push_back(Position{i});
  EXPECT_EQ(refused<TooLarge>(purge_of(many)).limit, limits::commit_purges);
  EXPECT_FALSE(log->event_at(Position{1})->purged);
}

TEST_P(EventLogContract, a_stub_with_data_is_none) {
  Envelope event = secret_event("thing/1");
  event.purged.emplace();
  EXPECT_NE(refused<Malformed>(commit_of(event)).what.find("still has data"), std::string::npos);
}

}  // namespace annal::test
