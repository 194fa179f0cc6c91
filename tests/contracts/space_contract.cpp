// Spaces of records that come and go while a log is open.
#include "contracts/event_log_contract.hpp"

namespace annal::test {

namespace {

SpaceDeclaration shelf(std::string name = "shelf") {
  return {std::move(name), {{"owner", ColumnKind::text}, "weight"}, {}};
}

Commit changing(std::vector<SpaceChange> spaces) {
  Commit commit;
  commit.spaces = std::move(spaces);
  return commit;
}

RecordChange book(std::string space, std::string key, std::string owner, std::int64_t weight) {
  RecordChange change;
  change.space = std::move(space);
  change.key = std::move(key);
  change.value = "pages of " + change.key;
  change.columns = {{"owner", std::move(owner)}, {"weight", weight}};
  return change;
}

Commit putting(std::vector<RecordChange> records) {
  Commit commit;
  commit.records = std::move(records);
  return commit;
}

std::vector<std::string> keys(const RecordPage& page) {
  std::vector<std::string> keys;
  for (const auto& record : page.records) keys.push_back(record.key);
  return keys;
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_P(EventLogContract, a_space_that_came_later_takes_records_and_is_looked_up_by_its_columns) {
  append(changing({CreateSpace{shelf()}}));
  append(putting(
      {book("shelf", "a", "ann", 1), book("shelf", "b", "bob", 1), book("shelf", "c", "ann", 2)}));
  const auto record = log->record("shelf", "b");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->value, "pages of b");
  EXPECT_EQ(record->columns, (Columns{{"owner", "bob"}, {"weight", 1}}));
  RecordRequest request{.space = "shelf"};
  request.where = {{"owner", "ann"}};
  EXPECT_EQ(keys(log->records(request)), (Keys{"a", "c"}));
  request.where["weight"] = 2;
  EXPECT_EQ(keys(log->records(request)), (Keys{"c"}));
}

TEST_P(EventLogContract, a_space_comes_with_the_events_of_its_commit_or_not_at_all) {
  Commit commit = commit_of(event_of("thing/1"));
  commit.spaces = {CreateSpace{shelf()}};
  commit.conditions = {{"thing/1", ExpectedVersion::exists()}};
  refused<VersionConflict>(commit);
  EXPECT_THROW(log->record("shelf", "a"), InvalidInput);
  commit.conditions.clear();
  append(commit);
  EXPECT_EQ(log->record("shelf", "a"), std::nullopt);
  EXPECT_EQ(log->head(), Position{1});
}

TEST_P(EventLogContract, one_space_takes_the_place_of_another_in_one_commit) {
  append(changing({CreateSpace{shelf()}, CreateSpace{shelf("shelf__2")}}));
  append(putting({book("shelf", "old", "ann", 1), book("shelf__2", "new", "bob", 2)}));
  append(changing({DropSpace{"shelf"}, RenameSpace{"shelf__2", shelf()}}));
  EXPECT_EQ(keys(log->records({.space = "shelf"})), (Keys{"new"}));
  EXPECT_THROW(log->record("shelf__2", "new"), InvalidInput);
  append(putting({book("shelf", "newer", "bob", 3)}));
  EXPECT_EQ(keys(log->records({.space = "shelf", .where = {{"owner", "bob"}}})),
            (Keys{"new", "newer"}));
  append(changing({CreateSpace{shelf("shelf__2")}}));
  EXPECT_TRUE(log->records({.space = "shelf__2"}).records.empty());
}

TEST_P(EventLogContract, a_space_may_come_again_laid_out_otherwise) {
  append(changing({CreateSpace{shelf()}}));
  append(putting({book("shelf", "a", "ann", 1)}));
  EXPECT_TRUE(log->record("shelf", "a"));
  append(changing({DropSpace{"shelf"}}));
  EXPECT_THROW(log->record("shelf", "a"), InvalidInput);
  append(changing({CreateSpace{{"shelf", {"weight"}, {}}}}));
  RecordChange change = book("shelf", "a", "ann", 7);
  refused<Malformed>(putting({change}));
  change.columns.erase("owner");
  append(putting({change}));
  EXPECT_EQ(log->record("shelf", "a")->columns, (Columns{{"weight", 7}}));
}

TEST_P(EventLogContract, changes_of_spaces_that_are_not_possible_are_refused_and_change_nothing) {
  append(changing({CreateSpace{shelf()}}));
  append(putting({book("shelf", "a", "ann", 1)}));
  const auto why = [&](std::vector<SpaceChange> changes) {
    return refused<Malformed>(changing(std::move(changes))).what;
  };
  EXPECT_NE(why({CreateSpace{shelf()}}).find("already"), std::string::npos);
  EXPECT_NE(why({DropSpace{"nowhere"}}).find("no space"), std::string::npos);
  EXPECT_NE(why({DropSpace{"shelf"}, DropSpace{"shelf"}}).find("no space"), std::string::npos);
  EXPECT_NE(why({DropSpace{"notes"}}).find("declared when"), std::string::npos);
  EXPECT_NE(why({RenameSpace{"notes", {"other", {"kept"}, {}}}}).find("declared when"),
            std::string::npos);
  EXPECT_NE(why({RenameSpace{"shelf", {"notes", shelf().columns, {}}}}).find("already"),
            std::string::npos);
  EXPECT_NE(why({RenameSpace{"shelf", {"other", {"weight"}, {}}}}).find("otherwise"),
            std::string::npos);
  EXPECT_NE(why({DropSpace{"annal_tracking"}}).find("own"), std::string::npos);
  EXPECT_NE(why({CreateSpace{{"a b", {}, {}}}}).find("letters"), std::string::npos);
  EXPECT_NE(why({CreateSpace{{"twice", {"a", "A"}, {}}}}).find("twice"), std::string::npos);
  EXPECT_NE(why({CreateSpace{{"records_x", {}, {{"k", "v"}}}}}).find("store's own"),
            std::string::npos);
  Commit both = changing({CreateSpace{shelf("other")}});
  both.records = {book("other", "a", "ann", 1)};
  refused<Malformed>(both);
  refused<Malformed>(putting({book("annal_spaces", "shelf", "ann", 1)}));
  refused<TooLarge>(changing(std::vector<SpaceChange>(65, DropSpace{"shelf"})));
  EXPECT_EQ(keys(log->records({.space = "shelf"})), (Keys{"a"}));
}

TEST_P(EventLogContract, a_column_that_does_not_lead_to_records_cannot_be_asked_for) {
  append(changing({CreateSpace{{"shelf", {{"owner", ColumnKind::text, false}}, {}}}}));
  EXPECT_THROW(log->records({.space = "shelf", .where = {{"owner", "ann"}}}), InvalidInput);
}

TEST_P(EventLogContract, texts_count_towards_the_size_of_a_record) {
  append(changing({CreateSpace{shelf()}}));
  refused<TooLarge>(putting({book("shelf", "a", std::string(limits::record_bytes, 'x'), 1)}));
  RecordChange wrong = book("shelf", "a", "ann", 1);
  wrong.columns["owner"] = 7;
  refused<Malformed>(putting({wrong}));
}

}  // namespace annal::test
