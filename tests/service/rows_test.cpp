// Rows follow from the log: they can be checked, thrown away, and made again.
#include "store_fixture.hpp"

#include <algorithm>
#include <map>

namespace annal {
namespace {

class Rows : public test::StoreTest {
 protected:
  // Some documents with everything in their histories.
  void fill() {
    create("orders/7");
    update("2");
    must(documents().patch(key(), {{R"({"title":"R","content":{"a":1}})"}, "dora"}));
    create("orders/8");
    remove("orders/8");
    create("notes/a@b");
    remove("notes/a@b");
    must(documents().undelete(key("notes/a@b"), {}));
    for (int i = 0; i < 210; ++i) update(std::to_string(i));
    must(documents().restore(key(), AtVersion{{2}}, "eve"));
  }

  std::map<std::string, Record> all(const std::string& space) {
    std::map<std::string, Record> found;
    for (auto& record : records(space)) found[record.key] = record;
    return found;
  }

  void put(const std::string& name, std::optional<std::string> value, std::int64_t deleted = 0) {
    Commit commit;
    RecordChange change;
    change.space = "documents";
    change.key = name;
    change.value = std::move(value);
    if (change.value) change.columns["deleted"] = deleted;
    commit.records.push_back(std::move(change));
    ASSERT_TRUE(std::holds_alternative<Appended>(store->log().append(std::move(commit))));
  }

  // An event that the service knows nothing of.
  void append_behind_the_services_back(const document::Event& event,
                                       const std::string& name = "orders/7") {
    Commit commit;
    commit.events.push_back(
        std::visit([&](const auto& payload) { return store->catalogue().wrap(payload); }, event));
    commit.events.back().stream = "document/" + name;
    ASSERT_TRUE(std::holds_alternative<Appended>(store->log().append(std::move(commit))));
  }
};

using Keys = std::vector<DocumentKey>;

TEST_P(Rows, are_right_after_any_changes) {
  fill();
  EXPECT_EQ(documents().verify_rows(), Keys{});
}

TEST_P(Rows, made_again_are_the_same_to_the_byte) {
  fill();
  const auto rows = all("documents");
  const auto snapshots = all("snapshots");
  ASSERT_EQ(rows.size(), 3u);
  ASSERT_EQ(snapshots.size(), 2u);
  EXPECT_EQ(documents().rebuild(), 3u);
  const auto again = all("documents");
  ASSERT_EQ(again.size(), rows.size());
  for (const auto& [name, row] : rows) {
    EXPECT_EQ(again.at(name).value, row.value) << name;
    EXPECT_EQ(again.at(name).columns, row.columns) << name;
    EXPECT_EQ(again.at(name).derived_at, row.derived_at) << name;
    EXPECT_EQ(again.at(name).derived_time, row.derived_time) << name;
  }
  const auto snapshots_again = all("snapshots");
  ASSERT_EQ(snapshots_again.size(), snapshots.size());
  for (const auto& [name, snapshot] : snapshots)
    EXPECT_EQ(snapshots_again.at(name).value, snapshot.value) << name;
  EXPECT_EQ(head(), store->log().head()) << "a rebuild appends no event";
}

TEST_P(Rows, planted_differences_are_found_and_mended) {
  fill();
  auto wrong = all("documents").at("orders/7").value;
  wrong[wrong.find("dora") == std::string::npos ? wrong.size() / 2 : wrong.find("dora")] ^= 1;
  put("orders/7", wrong);
  put("orders/8", all("documents").at("orders/8").value, 0);  // whose column says it is not deleted
  put("notes/a@b", std::nullopt);
  put("ghosts/1", all("documents").at("orders/8").value, 1);
  EXPECT_EQ(documents().verify_rows(),
            (Keys{key("ghosts/1"), key("notes/a@b"), key("orders/7"), key("orders/8")}));
  EXPECT_EQ(documents().rebuild(), 3u);
  EXPECT_EQ(documents().verify_rows(), Keys{});
  EXPECT_TRUE(std::holds_alternative<DocumentNotFound>(documents().get(key("ghosts/1"))));
}

TEST_P(Rows, of_events_in_one_commit_know_their_own_position) {
  Commit commit;
  for (const auto* name : {"document/orders/1", "document/orders/2", "task/1"}) {
    auto event = store->catalogue().wrap(document::Created{"T", {"1"}, "ann"});
    event.stream = name;
    if (event.stream == "task/1") event.type = "task.seen";
    commit.events.push_back(event);
  }
  ASSERT_TRUE(std::holds_alternative<Appended>(documents().record(commit)));
  const auto one = documents().get(key("orders/1"));
  EXPECT_EQ(std::get<FoundDocument>(one).document.position, Position{1});
  EXPECT_EQ(std::get<FoundDocument>(one).at, Position{3});
  EXPECT_EQ(documents().verify_rows(), Keys{});
  documents().rebuild();
  EXPECT_EQ(std::get<FoundDocument>(documents().get(key("orders/1"))).document.position,
            Position{1});
}

TEST_P(Rows, that_are_damaged_are_passed_over_for_the_events) {
  fill();
  const auto state = found(documents().get(key()));
  for (const auto* rot : {"", "rot", "\1\0\1\0\0\0\0\0rot"}) {
    put("orders/7", rot);
    EXPECT_EQ(found(documents().get(key())), state);
    EXPECT_EQ(documents().list({.collection = "orders"}).documents.size(), 1u);
  }
  update("\"mended\"");
  EXPECT_EQ(documents().verify_rows(), Keys{});
}

TEST_P(Rows, made_by_other_code_are_passed_over_for_the_events) {
  fill();
  auto older = all("documents").at("orders/7").value;
  older[0] ^= 2;  // the state's schema
  put("orders/7", older);
  EXPECT_EQ(found(documents().get(key())).title, "Order 7");
  EXPECT_EQ(documents().verify_rows(), Keys{key()});
}

TEST_P(Rows, catch_up_with_events_appended_without_the_service_at_the_next_change) {
  create();
  append_behind_the_services_back(document::Updated{"Elsewhere", {}, "eve"});
  EXPECT_EQ(documents().verify_rows(), Keys{key()});
  EXPECT_EQ(must(documents().update(key(), {{}, Json{"3"}, "bob"})).version, Version{3});
  EXPECT_EQ(found(documents().get(key())).title, "Elsewhere");
  EXPECT_EQ(documents().verify_rows(), Keys{});
}

TEST_P(Rows, that_are_behind_do_not_make_a_change_of_the_newest_version_stale_or_refused) {
  create();
  append_behind_the_services_back(document::Updated{"Elsewhere", {}, "eve"});
  ChangeOptions options;
  options.expected = ExpectedVersion::exactly({2});
  EXPECT_EQ(must(documents().update(key(), {{}, Json{"3"}, "bob"}, options)).version, Version{3});
  append_behind_the_services_back(document::Deleted{"elsewhere", "eve"});
  EXPECT_EQ(must(documents().create(key(), {"Anew", {"5"}, "bob"})).version, Version{5});
  EXPECT_EQ(documents().verify_rows(), Keys{});
  append_behind_the_services_back(document::Updated{"Elsewhere", {}, "eve"});
  const auto stale = documents().update(key(), {{}, Json{"7"}, "bob"}, options);
  EXPECT_EQ(std::get<StaleVersion>(stale).actual, Version{6});
}

TEST_P(Rows, that_are_missing_do_not_hide_their_documents) {
  append_behind_the_services_back(document::Created{"Elsewhere", {"1"}, "eve"});
  EXPECT_EQ(found(documents().get(key())).title, "Elsewhere");
  EXPECT_EQ(found(documents().get(key())), found(documents().get(key(), AtHead{})));
  append_behind_the_services_back(document::Deleted{"elsewhere", "eve"});
  EXPECT_EQ(std::get<DocumentGone>(documents().get(key())).reason, "elsewhere");
}

TEST_P(Rows, that_are_damaged_do_not_stand_in_for_the_past) {
  create();
  put("orders/7", "rot");
  append_behind_the_services_back(document::Updated{"Later", {}, {}});
  EXPECT_EQ(found(documents().get(key(), AtPosition{{1}})).title, "Order 7");
}

TEST_P(Rows, are_made_for_documents_that_have_none_at_their_next_change) {
  append_behind_the_services_back(document::Created{"Elsewhere", {"1"}, "eve"});
  EXPECT_EQ(must(documents().update(key(), {{}, Json{"2"}, "bob"})).version, Version{2});
  EXPECT_EQ(found(documents().get(key())).author, "eve");
  EXPECT_EQ(documents().verify_rows(), Keys{});
}

TEST_P(Rows, count_versions_over_events_of_other_kinds_in_their_stream) {
  create();
  Commit commit;
  Envelope seen;
  seen.type = "document.seen";
  seen.stream = key().stream();
  commit.events.push_back(seen);
  ASSERT_TRUE(std::holds_alternative<Appended>(documents().record(commit)));
  EXPECT_EQ(found(documents().get(key())).version, Version{2});
  EXPECT_EQ(update("3").version, Version{3});
  EXPECT_EQ(documents().verify_rows(), Keys{});
  EXPECT_EQ(documents().rebuild(), 1u);
  EXPECT_EQ(documents().verify_rows(), Keys{});
}

TEST_P(Rows, are_not_made_for_streams_in_which_no_document_ever_was) {
  Commit commit;
  Envelope seen;
  seen.type = "document.seen";
  seen.stream = key().stream();
  commit.events.push_back(seen);
  ASSERT_TRUE(std::holds_alternative<Appended>(documents().record(commit)));
  EXPECT_TRUE(std::holds_alternative<DocumentNotFound>(documents().get(key())));
  EXPECT_EQ(documents().verify_rows(), Keys{});
  EXPECT_EQ(documents().rebuild(), 0u);
  EXPECT_EQ(create().version, Version{2});
}

ON_BOTH_LOGS(Rows);

}  // namespace
}  // namespace annal
