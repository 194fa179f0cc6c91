// What every log promises of reading, of records, and of its own description.
#include "contracts/event_log_contract.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace annal::test {

using Positions = std::vector<std::uint64_t>;

namespace {

TopicPattern pattern(std::string_view text) { return TopicPattern::of(text); }

ReadRequest request(Query query, Direction direction = Direction::forwards,
                    std::size_t limit = 256) {
  ReadRequest result;
  result.query = std::move(query);
  result.direction = direction;
  result.limit = limit;
  return result;
}

Query of_stream(std::string stream) { return Query::of_stream(std::move(stream)); }
Query with_tags(std::vector<std::string> all) { return Query::with_tags(std::move(all)); }

}  // namespace

TEST_P(EventLogContract, everything_is_read_in_both_directions) {
  fill("thing/1", 5);
  EXPECT_EQ(positions(log->read({})), (Positions{1, 2, 3, 4, 5}));
  EXPECT_EQ(positions(log->read(request({}, Direction::backwards))), (Positions{5, 4, 3, 2, 1}));
}

TEST_P(EventLogContract, reading_is_bounded_by_positions) {
  fill("thing/1", 9);
  ReadRequest bounded;
  bounded.from = Position{3};
  bounded.to = Position{5};
  EXPECT_EQ(positions(log->read(bounded)), (Positions{3, 4, 5}));
  bounded.direction = Direction::backwards;
  EXPECT_EQ(positions(log->read(bounded)), (Positions{5, 4, 3}));
  bounded.to = Position{100};
  bounded.from = Position{0};
  EXPECT_EQ(log->read(bounded).events.size(), 9u);
  bounded.from = Position{10};
  EXPECT_TRUE(log->read(bounded).events.empty());
}

TEST_P(EventLogContract, reading_is_bounded_by_times) {
  const Timestamp start = clock.now();
  const auto at = [&](int later) { return start + std::chrono::seconds(later); };
  for (int i = 0; i < 5; ++i) {
    append(commit_of(event_of("thing/" + std::to_string(i % 2))));
    clock.advance(std::chrono::seconds(1));
  }
  const auto between = [&](std::optional<Timestamp> since, std::optional<Timestamp> until,
                           Query query = {}) {
    ReadRequest one = request(std::move(query));
    one.since = since;
    one.until = until;
    return positions(log->read(one));
  };
  EXPECT_EQ(between(at(1), at(3)), (Positions{2, 3, 4}));
  EXPECT_EQ(between(at(1) + std::chrono::microseconds(1), at(4)), (Positions{3, 4, 5}));
  EXPECT_EQ(between({}, at(0)), (Positions{1}));
  EXPECT_EQ(between(at(9), {}), (Positions{}));
  EXPECT_EQ(between({}, at(-9)), (Positions{}));
  EXPECT_EQ(between(at(1), at(3), Query::of_stream("thing/1")), (Positions{2, 4}));
}

TEST_P(EventLogContract, a_stream_is_read_in_both_directions) {
  for (int i = 0; i < 4; ++i) append(commit_of(event_of("thing/1"), event_of("thing/2")));
  EXPECT_EQ(positions(log->read(request(of_stream("thing/2")))), (Positions{2, 4, 6, 8}));
  EXPECT_EQ(positions(log->read(request(of_stream("thing/2"), Direction::backwards))),
            (Positions{8, 6, 4, 2}));
  EXPECT_TRUE(log->read(request(of_stream("thing/3"))).events.empty());
}

TEST_P(EventLogContract, a_stream_is_bounded_by_versions) {
  for (int i = 0; i < 30; ++i) append(commit_of(event_of("thing/1"), event_of("thing/2")));
  for (std::uint64_t version = 1; version <= 30; ++version) {
    ReadRequest one = request(of_stream("thing/2"));
    one.from_version = one.to_version = Version{version};
    EXPECT_EQ(positions(log->read(one)), (Positions{2 * version})) << version;
  }
  ReadRequest tail = request(of_stream("thing/2"), Direction::backwards);
  tail.from_version = Version{28};
  EXPECT_EQ(positions(log->read(tail)), (Positions{60, 58, 56}));
  ReadRequest beyond = request(of_stream("thing/2"));
  beyond.from_version = Version{31};
  EXPECT_TRUE(log->read(beyond).events.empty());
}

TEST_P(EventLogContract, types_are_chosen_by_patterns) {
  append(commit_of(event_of("thing/1", "task.started"), event_of("thing/1", "task.done"),
                   event_of("thing/2", "plan.step.started"), event_of("thing/1", "task.started")));
  const auto read = [&](std::string_view text) {
    return positions(log->read(request(Query::of_types({pattern(text)}))));
  };
  EXPECT_EQ(read("task.started"), (Positions{1, 4}));
  EXPECT_EQ(read("task.*"), (Positions{1, 2, 4}));
  EXPECT_EQ(read("plan.>"), (Positions{3}));
  EXPECT_EQ(read("*"), (Positions{1, 2, 3, 4}));
  EXPECT_EQ(read("nobody.knows"), (Positions{}));
  EXPECT_EQ(positions(log->read(request(Query::of_types({pattern("plan.>"), pattern("task.done")}),
                                        Direction::backwards))),
            (Positions{3, 2}));
}

TEST_P(EventLogContract, what_one_source_said_is_read_by_type_and_limit_newest_first) {
  for (int i = 0; i < 12; ++i) {
    Envelope event =
        event_of("thing/" + std::to_string(i % 2), i % 3 ? "task.started" : "task.done");
    event.source = i % 4 == 0 ? "board" : "agent";
    append(commit_of(event));
  }
  ReadRequest one = request({}, Direction::backwards, 2);
  one.source = "board";
  const Page newest = log->read(one);
  EXPECT_EQ(positions(newest), (Positions{9, 5}));
  EXPECT_TRUE(newest.more);
  one.query = Query::of_types({pattern("task.started")});
  EXPECT_EQ(positions(log->read(one)), (Positions{9, 5}));
  one.query = of_stream("thing/0");
  one.to = Position{5};
  EXPECT_EQ(positions(log->read(one)), (Positions{5, 1}));
  one.source = "nobody";
  EXPECT_TRUE(log->read(one).events.empty());
}

TEST_P(EventLogContract, many_types_are_merged_in_log_order) {
  for (int i = 0; i < 200; ++i)
    append(commit_of(event_of("thing/1", "kind" + std::to_string(i % 20) + ".seen")));
  const Page page = log->read(request(Query::of_types({pattern("*.seen")})));
  EXPECT_EQ(page.events.size(), 200u);
  EXPECT_TRUE(std::is_sorted(page.events.begin(), page.events.end(),
                             [](const auto& a, const auto& b) { return a.position < b.position; }));
}

TEST_P(EventLogContract, all_of_the_tags_are_demanded) {
  Envelope both = event_of("thing/1"), one = event_of("thing/2");
  both.tags = {"board:7", "agent:3"};
  one.tags = {"agent:3"};
  append(commit_of(one, both, one));
  EXPECT_EQ(positions(log->read(request(with_tags({"agent:3"})))), (Positions{1, 2, 3}));
  EXPECT_EQ(positions(log->read(request(with_tags({"agent:3", "board:7"})))), (Positions{2}));
  EXPECT_EQ(positions(log->read(request(QueryItem{.stream = "thing/2", .tags = {"agent:3"}}))),
            (Positions{1, 3}));
  EXPECT_TRUE(log->read(request(with_tags({"agent:4"}))).events.empty());
}

TEST_P(EventLogContract, any_of_the_items_will_do_and_no_event_comes_twice) {
  Envelope tagged = event_of("thing/1", "task.done");
  tagged.tags = {"agent:3"};
  append(commit_of(event_of("thing/1", "task.started"), tagged, event_of("thing/2", "plan.made")));
  append(commit_of(event_of("thing/3", "plan.dropped"), event_of("thing/1", "task.done")));
  const auto found = [&](std::vector<QueryItem> items) {
    const auto forwards = positions(log->read(request(items)));
    auto backwards = positions(log->read(request(items, Direction::backwards)));
    std::reverse(backwards.begin(), backwards.end());
    EXPECT_EQ(forwards, backwards);
    return forwards;
  };
  const QueryItem first{.stream = "thing/1"}, plans{.types = {pattern("plan.*")}},
      agent{.tags = {"agent:3"}}, nobody{.tags = {"agent:9"}};
  EXPECT_EQ(found({first, plans}), (Positions{1, 2, 3, 4, 5}));
  EXPECT_EQ(found({plans, agent}), (Positions{2, 3, 4}));
  EXPECT_EQ(found({first, agent}), (Positions{1, 2, 5}));
  EXPECT_EQ(found({nobody, agent}), (Positions{2}));
  EXPECT_EQ(found({nobody}), (Positions{}));
  EXPECT_EQ(found({nobody, {}}), (Positions{1, 2, 3, 4, 5})) << "an empty item means every event";
}

TEST_P(EventLogContract, pages_join_without_gap_or_repeat) {
  for (int i = 0; i < 700; ++i)
    append(commit_of(event_of("thing/" + std::to_string(i % 3), i % 2 ? "odd.seen" : "even.seen")));
  const Query query = Query::of_types({pattern("even.*")});
  Positions forwards, backwards;
  ReadRequest next_page = request(query, Direction::forwards, 97);
  for (bool more = true; more;) {
    const Page page = log->read(next_page);
    for (const auto& event : page.events) forwards.push_back(event.position.value);
    more = page.more;
    if (more) next_page.from = next(page.events.back().position);
  }
  next_page = request(query, Direction::backwards, 97);
  for (bool more = true; more;) {
    const Page page = log->read(next_page);
    for (const auto& event : page.events) backwards.push_back(event.position.value);
    more = page.more;
    if (more) next_page.to = Position{page.events.back().position.value - 1};
  }
  EXPECT_EQ(forwards.size(), 350u);
  std::reverse(backwards.begin(), backwards.end());
  EXPECT_EQ(forwards, backwards);
}

TEST_P(EventLogContract, a_full_page_says_whether_there_is_more) {
  fill("thing/1", 4);
  EXPECT_FALSE(log->read(request(of_stream("thing/1"), Direction::forwards, 4)).more);
  EXPECT_TRUE(log->read(request(of_stream("thing/1"), Direction::forwards, 3)).more);
  EXPECT_TRUE(log->read(request({}, Direction::backwards, 3)).more);
}

TEST_P(EventLogContract, a_page_holds_about_8_mib) {
  for (int i = 0; i < 12; ++i)
    append(commit_of(event_of("thing/1", "thing.happened", std::string(limits::event_bytes, 'x'))));
  const Page page = log->read({});
  EXPECT_EQ(page.events.size(), 8u);
  EXPECT_TRUE(page.more);
}

TEST_P(EventLogContract, requests_no_log_answers_are_refused) {
  ReadRequest none;
  none.limit = 0;
  EXPECT_THROW(log->read(none), InvalidInput);
  none.limit = 5000;
  EXPECT_THROW(log->read(none), InvalidInput);
  ReadRequest versions;
  versions.from_version = Version{1};
  EXPECT_THROW(log->read(versions), InvalidInput);
}

TEST_P(EventLogContract, a_position_leads_to_its_commit) {
  append(commit_of(event_of("thing/1")));
  const Appended second =
      append(commit_of(event_of("thing/1"), event_of("thing/2"), event_of("thing/3")));
  for (std::uint64_t position = 2; position <= 4; ++position) {
    const CommitInfo commit = log->commit_at(Position{position});
    EXPECT_EQ(commit.first, Position{2});
    EXPECT_EQ(commit.last, Position{4});
    EXPECT_EQ(commit.hash, second.hash);
    EXPECT_FALSE(commit.idempotency_key);
  }
  EXPECT_THROW(log->commit_at(Position{0}), InvalidInput);
  EXPECT_THROW(log->commit_at(Position{5}), InvalidInput);
}

TEST_P(EventLogContract, commits_are_chained_by_their_hashes) {
  const Appended first = append(commit_of(event_of("thing/1"), event_of("thing/1")));
  const Appended second = append(commit_of(event_of("thing/1")));
  EXPECT_EQ(first.hash, commit_hash(Hash{}, first.recorded_at,
                                    {*log->event_at(Position{1}), *log->event_at(Position{2})}));
  EXPECT_EQ(second.hash,
            commit_hash(first.hash, second.recorded_at, {*log->event_at(Position{3})}));
  const Verification checked = log->verify();
  EXPECT_TRUE(checked.faults.empty());
  EXPECT_EQ(checked.commits, 2u);
  EXPECT_EQ(checked.head, Position{3});
  EXPECT_EQ(checked.head_hash, second.hash);
}

// --- records -------------------------------------------------------------------------------------

RecordChange put(std::string key, std::string value, std::int64_t kept = 0) {
  RecordChange change;
  change.space = "notes";
  change.key = std::move(key);
  change.value = std::move(value);
  change.columns = {{"kept", kept}};
  return change;
}

TEST_P(EventLogContract, records_change_in_the_commit_of_their_events) {
  Commit commit = commit_of(event_of("thing/1"), event_of("thing/1"));
  commit.records = {put("a", "one", 5)};
  append(commit);
  const auto record = log->record("notes", "a");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->value, "one");
  EXPECT_EQ(record->columns.at("kept"), ColumnValue{5});
  EXPECT_EQ(record->derived_at, Position{2});
  EXPECT_EQ(record->derived_time, clock.now());

  commit.conditions = {{"thing/1", ExpectedVersion::none()}};
  commit.records = {put("a", "two")};
  refused<VersionConflict>(commit);
  EXPECT_EQ(log->record("notes", "a")->value, "one");
}

TEST_P(EventLogContract, a_record_is_replaced_and_erased) {
  for (const auto* value : {"one", "", "three"}) {
    Commit commit = commit_of(event_of("thing/1"));
    commit.records = {put("a", value)};
    append(commit);
    EXPECT_EQ(log->record("notes", "a")->value, value);
  }
  Commit erase = commit_of(event_of("thing/1"));
  erase.records = {put("a", "")};
  erase.records[0].value.reset();
  append(erase);
  EXPECT_FALSE(log->record("notes", "a"));
}

TEST_P(EventLogContract, records_may_change_without_an_event) {
  fill("thing/1", 3);
  Commit commit;
  commit.records = {put("a", "one"), put("b", "two")};
  commit.records[1].derived_at = Position{2};
  const Appended appended = append(commit);
  EXPECT_EQ(appended.last, Position{3});
  EXPECT_EQ(log->head(), Position{3});
  EXPECT_EQ(log->record("notes", "a")->derived_at, Position{3});
  EXPECT_EQ(log->record("notes", "b")->derived_at, Position{2});
  EXPECT_EQ(log->record("notes", "b")->derived_time, log->event_at(Position{2})->recorded_at);
}

TEST_P(EventLogContract, a_record_can_be_expected_where_it_was_derived) {
  Commit first = commit_of(event_of("thing/1"));
  first.records = {put("a", "one")};
  first.records[0].expected = Position{0};
  append(first);
  Commit second = commit_of(event_of("thing/1"));
  second.records = {put("a", "two")};
  second.records[0].expected = Position{0};
  const auto conflict = refused<RecordConflict>(second);
  EXPECT_EQ(conflict.actual, Position{1});
  EXPECT_EQ(log->head(), Position{1});
  second.records[0].expected = Position{1};
  append(second);
}

TEST_P(EventLogContract, records_are_scanned_in_key_order) {
  Commit commit = commit_of(event_of("thing/1"));
  for (int i = 0; i < 10; ++i) commit.records.push_back(put("a/" + std::to_string(i), "v", i % 2));
  commit.records.push_back(put("b/0", "v"));
  commit.records.push_back(put("\xff\xff", "last"));
  append(commit);

  RecordRequest scan;
  scan.space = "notes";
  scan.prefix = "a/";
  scan.limit = 4;
  const auto keys = [&] {
    std::string all;
    const RecordPage page = log->records(scan);
    for (const auto& record : page.records) all += record.key + ' ';
    return all + (page.more ? "…" : ".");
  };
  EXPECT_EQ(keys(), "a/0 a/1 a/2 a/3 …");
  scan.after = "a/3";
  EXPECT_EQ(keys(), "a/4 a/5 a/6 a/7 …");
  scan.after = "a/7";
  EXPECT_EQ(keys(), "a/8 a/9 .");
  scan.after.reset();
  scan.where = {{"kept", 1}};
  EXPECT_EQ(keys(), "a/1 a/3 a/5 a/7 …");
  scan.where.clear();
  scan.direction = Direction::backwards;
  EXPECT_EQ(keys(), "a/9 a/8 a/7 a/6 …");
  scan.after = "a/2";
  EXPECT_EQ(keys(), "a/1 a/0 .");
  scan.after.reset();
  scan.to = "a/8";
  EXPECT_EQ(keys(), "a/9 a/8 .");
  scan.direction = Direction::forwards;
  scan.to = "a/1";
  EXPECT_EQ(keys(), "a/0 a/1 .");
  scan.to.reset();
  scan.prefix = "";
  scan.after = "b/0";
  EXPECT_EQ(keys(), "\xff\xff .");
}

TEST_P(EventLogContract, spaces_and_columns_are_those_declared) {
  Commit unknown = commit_of(event_of("thing/1"));
  unknown.records = {put("a", "one")};
  unknown.records[0].space = "nowhere";
  refused<Malformed>(unknown);
  Commit columns = commit_of(event_of("thing/1"));
  columns.records = {put("a", "one")};
  columns.records[0].columns = {{"other", 1}};
  refused<Malformed>(columns);
  Commit twice = commit_of(event_of("thing/1"));
  twice.records = {put("a", "one"), put("a", "two")};
  refused<Malformed>(twice);
  EXPECT_THROW(log->record("nowhere", "a"), InvalidInput);
  RecordRequest by_another;
  by_another.space = "notes";
  by_another.where = {{"other", 1}};
  EXPECT_THROW(log->records(by_another), InvalidInput);
  EXPECT_EQ(log->head(), Position{0});
}

TEST_P(EventLogContract, a_record_follows_from_no_event_that_is_not_there) {
  Commit commit = commit_of(event_of("thing/1"));
  commit.records = {put("a", "one")};
  commit.records[0].derived_at = Position{2};
  refused<Malformed>(commit);
  commit.records[0].derived_at = Position{1};
  append(commit);
  EXPECT_EQ(log->record("notes", "a")->derived_at, Position{1});
}

TEST_P(EventLogContract, a_page_of_records_holds_about_8_mib) {
  const std::string large(1024 * 1024, 'x');
  for (int i = 0; i < 10; ++i) {
    Commit commit;
    commit.records = {put(std::string(1, static_cast<char>('a' + i)), large)};
    append(commit);
  }
  RecordRequest all;
  all.space = "notes";
  const RecordPage page = log->records(all);
  EXPECT_EQ(page.records.size(), 8u);
  EXPECT_TRUE(page.more);
  all.after = page.records.back().key;
  EXPECT_EQ(log->records(all).records.size(), 2u);
}

// --- descriptions --------------------------------------------------------------------------------

TEST_P(EventLogContract, types_declared_are_kept) {
  TypeDescription type{
      "thing.happened", 1, {"", FieldKind::structure, {{"what", FieldKind::string, {}}}}};
  log->declare_types({type});
  TypeDescription later = type;
  later.schema_version = 2;
  later.fields.children.push_back({"when", FieldKind::int64, {}});
  log->declare_types({type, later});
  const auto kept = log->type_descriptions();
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0], type);
  EXPECT_EQ(kept[1], later);
}

TEST_P(EventLogContract, types_nobody_could_read_again_are_refused_together_with_their_neighbours) {
  const FieldDescription text{"", FieldKind::string, {}};
  TypeDescription deep{"thing.nested", 1, text};
  for (std::size_t depth = 1; depth <= description_depth_limit; ++depth)
    deep.fields = {"", FieldKind::list, {deep.fields}};
  EXPECT_THROW(log->declare_types({{"thing.happened", 1, text}, deep}), InvalidInput);
  EXPECT_THROW(log->declare_types({{"no topic", 1, text}}), InvalidInput);
  EXPECT_TRUE(log->type_descriptions().empty());
}

TEST_P(EventLogContract, statistics_count_what_is_there) {
  append(commit_of(event_of("thing/1", "task.started"), event_of("thing/2", "task.done")));
  append(commit_of(event_of("thing/1", "task.done")));
  const LogStatistics statistics = log->statistics();
  EXPECT_EQ(statistics.head, Position{3});
  EXPECT_EQ(statistics.streams, 2u);
  EXPECT_EQ(statistics.types, 2u);
  EXPECT_EQ(statistics.commits, 2u);
  EXPECT_GE(statistics.groups, 1u);
  EXPECT_EQ(statistics.queued, 0u);
  EXPECT_EQ(statistics.durability, log->durability());
  EXPECT_FALSE(statistics.read_only);
}

TEST_P(EventLogContract, whoever_was_told_of_an_event_by_a_record_finds_it_in_the_log) {
  std::atomic<bool> done = false;
  std::jthread writer([&] {
    for (int i = 0; i < 500; ++i) {
      Commit commit = commit_of(event_of("thing/1"));
      RecordChange newest;
      newest.space = "plain";
      newest.key = "newest";
      newest.value = "x";
      commit.records.push_back(std::move(newest));
      append(std::move(commit));
    }
    done = true;
  });
  while (!done) {
    if (const auto record = log->record("plain", "newest")) {
      ASSERT_LE(record->derived_at, log->head());
    }
    const RecordPage page = log->records({.space = "plain"});
    ASSERT_LE(page.head, log->head());
    ASSERT_LE(page.head.value, log->stream_version("thing/1").value);
  }
}

}  // namespace annal::test
