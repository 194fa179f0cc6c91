// Documents as they are and as they were, lists, histories, differences.
#include "store_fixture.hpp"

#include <algorithm>

namespace annal {
namespace {

class Reading : public test::StoreTest {
 protected:
  std::vector<std::string> ids(const ListRequest& request) {
    std::vector<std::string> found;
    for (const auto& document : documents().list(request).documents)
      found.push_back(document.key.id);
    return found;
  }
  ListRequest orders() {
    ListRequest request;
    request.collection = "orders";
    return request;
  }
  std::string patch(const Point& from, const Point& to, const std::string& name = "orders/7") {
    return documents().diff(key(name), from, to).patch;
  }
};

using Names = std::vector<std::string>;

// --- one document, then --------------------------------------------------------------------------

TEST_P(Reading, finds_a_document_as_it_was_at_a_version_a_position_and_a_time) {
  const auto first = create("orders/7", "1");
  create("orders/8", "8");
  const auto second = update("2");
  EXPECT_EQ(content_at(AtVersion{{1}}), "1");
  EXPECT_EQ(content_at(AtVersion{{2}}), "2");
  EXPECT_EQ(content_at(AtPosition{{1}}), "1");
  EXPECT_EQ(content_at(AtPosition{{2}}), "1");
  EXPECT_EQ(content_at(AtPosition{{3}}), "2");
  EXPECT_EQ(content_at(AtHead{0}), "2");
  EXPECT_EQ(content_at(AtHead{1}), "1");
  EXPECT_EQ(content_at(AtTime{first.recorded_at}), "1");
  EXPECT_EQ(content_at(AtTime{second.recorded_at - std::chrono::microseconds{1}}), "1");
  EXPECT_EQ(content_at(AtTime{second.recorded_at}), "2");
  EXPECT_EQ(content_at(AtTime{second.recorded_at + std::chrono::hours{24}}), "2");
}

TEST_P(Reading, says_which_position_a_point_stood_for) {
  create();
  const auto second = update("2");
  const auto answer = documents().get(key(), AtTime{second.recorded_at});
  EXPECT_EQ(std::get<FoundDocument>(answer).at, Position{2});
  const auto earlier = documents().get(key(), AtVersion{{1}});
  EXPECT_EQ(std::get<FoundDocument>(earlier).at, Position{1});
  EXPECT_EQ(std::get<FoundDocument>(earlier).document.position, Position{1});
}

TEST_P(Reading, knows_when_a_document_was_not_there_yet_or_no_more) {
  create("orders/8");
  create();
  remove();
  update("9", "orders/8");
  EXPECT_TRUE(std::holds_alternative<DocumentNotFound>(documents().get(key(), AtPosition{{1}})));
  EXPECT_TRUE(std::holds_alternative<FoundDocument>(documents().get(key(), AtPosition{{2}})));
  const auto answer = documents().get(key(), AtPosition{{3}});
  EXPECT_EQ(std::get<DocumentGone>(answer).last_version, Version{1});
  EXPECT_EQ(std::get<DocumentGone>(answer).reason, "old");
}

TEST_P(Reading, names_the_deletion_and_what_can_be_read_whatever_came_after_the_deletion) {
  create();
  remove();
  Commit commit;
  for (const auto* type : {"document.seen", "document.deleted", "document.seen"}) {
    commit.events.push_back(store->catalogue().wrap(document::Deleted{"twice", {}}));
    commit.events.back().type = type;
    commit.events.back().stream = key().stream();
  }
  for (int i = 0; i < 9; ++i) commit.events.push_back(commit.events.back());
  ASSERT_TRUE(std::holds_alternative<Appended>(documents().record(commit)));
  for (const auto& answer : {documents().get(key()), documents().get(key(), AtVersion{{10}})}) {
    const auto& gone = std::get<DocumentGone>(answer);
    EXPECT_EQ(gone.version, Version{4});
    EXPECT_EQ(gone.reason, "twice");
    EXPECT_EQ(gone.last_version, Version{1});
  }
  EXPECT_EQ(std::get<DocumentGone>(documents().get(key(), AtVersion{{3}})).version, Version{2});
  EXPECT_EQ(content_at(AtVersion{{1}}), "{\"total\":12}");
}

TEST_P(Reading, refuses_points_outside_the_history) {
  create();
  EXPECT_THROW(documents().get(key(), AtPosition{{2}}), UnknownPoint);
  EXPECT_THROW(documents().get(key(), AtVersion{{2}}), UnknownPoint);
  EXPECT_THROW(documents().get(key(), AtVersion{{0}}), UnknownPoint);
  EXPECT_THROW(documents().get(key(), AtTag{"commit:1"}), UnknownPoint);
  EXPECT_THROW(documents().get(key(), AtTime{Timestamp{}}), UnknownPoint);
}

TEST_P(Reading, finds_every_one_of_many_versions_across_snapshots_and_new_beginnings) {
  std::vector<document::State> states{{}};
  const auto remember = [&] { states.push_back(found(documents().get(key()))); };
  create("orders/7", "0");
  remember();
  for (int i = 2; i <= 330; ++i) {
    if (i == 120) {
      remove();
      states.push_back({});
      continue;
    }
    if (i == 121)
      create("orders/7", "121");
    else if (i % 7 == 0)
      must(documents().patch(key(), {{"{\"content\":{\"n\":" + std::to_string(i) + "}}"}, {}}));
    else
      update(std::to_string(i));
    remember();
  }
  for (std::uint64_t version = 1; version <= 330; ++version) {
    if (version == 120) continue;
    EXPECT_EQ(found(documents().get(key(), AtVersion{{version}})), states[version]) << version;
  }
  EXPECT_EQ(records("snapshots", "document/orders/7@").size(), 3u);
}

TEST_P(Reading, finds_old_versions_without_snapshots_too) {
  create("orders/7", "0");
  for (int i = 2; i <= 250; ++i) update(std::to_string(i));
  const auto before = found(documents().get(key(), AtVersion{{230}}));
  Commit commit;
  for (const auto& record : records("snapshots"))
    commit.records.push_back({"snapshots", record.key, {}, {}, {}, {}});
  ASSERT_EQ(commit.records.size(), 2u);
  ASSERT_TRUE(std::holds_alternative<Appended>(store->log().append(commit)));
  EXPECT_EQ(found(documents().get(key(), AtVersion{{230}})), before);
  EXPECT_EQ(content_at(AtVersion{{1}}), "0");
}

TEST_P(Reading, ignores_a_snapshot_that_is_damaged) {
  create("orders/7", "0");
  for (int i = 2; i <= 130; ++i) update(std::to_string(i));
  const auto before = found(documents().get(key(), AtVersion{{129}}));
  Commit commit;
  commit.records.push_back(
      {"snapshots", "document/orders/7@00000000000000000100", "rot", {}, {}, {}});
  ASSERT_TRUE(std::holds_alternative<Appended>(store->log().append(commit)));
  EXPECT_EQ(found(documents().get(key(), AtVersion{{129}})), before);
}

// --- lists ---------------------------------------------------------------------------------------

TEST_P(Reading, lists_a_collection_in_the_order_of_ids_without_what_is_deleted) {
  for (const auto* name :
       {"orders/b", "orders/a", "orders/c/d", "order/x", "orders2/y", "orders/c"})
    create(name);
  remove("orders/b");
  EXPECT_EQ(ids(orders()), (Names{"a", "c", "c/d"}));
  auto all = orders();
  all.include_deleted = true;
  EXPECT_EQ(ids(all), (Names{"a", "b", "c", "c/d"}));
  const auto page = documents().list(orders());
  EXPECT_EQ(page.at, head());
  EXPECT_FALSE(page.more);
  EXPECT_EQ(page.documents[0].position, Position{2});
  EXPECT_EQ(page.documents[0].state, found(documents().get(key("orders/a"))));
}

TEST_P(Reading, lists_in_pages_that_meet) {
  for (int i = 10; i < 35; ++i) create("orders/" + std::to_string(i));
  auto request = orders();
  request.limit = 10;
  Names seen;
  for (int pages = 1;; ++pages) {
    const auto page = documents().list(request);
    for (const auto& document : page.documents) seen.push_back(document.key.id);
    if (!page.more) {
      EXPECT_EQ(pages, 3);
      break;
    }
    EXPECT_EQ(page.documents.size(), 10u);
    request.after = seen.back();
  }
  EXPECT_EQ(seen.size(), 25u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  request.limit = 25;
  request.after.reset();
  EXPECT_FALSE(documents().list(request).more) << "a page that is just full is the last one";
}

TEST_P(Reading, lists_more_documents_than_rows_are_read_at_once) {
  for (int i = 0; i < 300; ++i) create("orders/" + std::to_string(1000 + i), "1");
  auto request = orders();
  request.limit = 299;
  const auto page = documents().list(request);
  EXPECT_EQ(page.documents.size(), 299u);
  EXPECT_TRUE(page.more);
}

TEST_P(Reading, lists_ids_with_a_prefix) {
  for (const auto* name : {"orders/2025/1", "orders/2026/1", "orders/2026/2", "orders/2027/1"})
    create(name);
  auto request = orders();
  request.prefix = "2026/";
  EXPECT_EQ(ids(request), (Names{"2026/1", "2026/2"}));
  request.after = "2026/1";
  EXPECT_EQ(ids(request), (Names{"2026/2"}));
}

TEST_P(Reading, ends_a_page_of_large_documents_early) {
  const std::string large = '"' + std::string(1000000, 'x') + '"';
  for (int i = 0; i < 10; ++i) create("orders/" + std::to_string(i), large);
  const auto page = documents().list(orders());
  EXPECT_EQ(page.documents.size(), 8u);
  EXPECT_TRUE(page.more);
}

TEST_P(Reading, lists_a_collection_as_it_was) {
  create("orders/a", "1");
  create("orders/b", "1");
  const auto then = head();
  update("2", "orders/a");
  remove("orders/b");
  create("orders/c", "1");
  auto request = orders();
  request.at = AtPosition{then};
  const auto page = documents().list(request);
  EXPECT_EQ(page.at, then);
  ASSERT_EQ(page.documents.size(), 2u);
  EXPECT_EQ(page.documents[0].state.content.text, "1");
  EXPECT_EQ(page.documents[1].key.id, "b");
  request.at = AtPosition{{4}};
  EXPECT_EQ(ids(request), (Names{"a"}));
  request.include_deleted = true;
  EXPECT_EQ(ids(request), (Names{"a", "b"}));
  request.limit = 1;
  EXPECT_TRUE(documents().list(request).more);
  request.at = AtPosition{{0}};
  EXPECT_EQ(ids(request), Names{});
}

TEST_P(Reading, refuses_pages_of_nothing_or_too_much_and_collections_that_cannot_be) {
  auto request = orders();
  request.limit = 0;
  EXPECT_THROW(documents().list(request), InvalidInput);
  request.limit = 1001;
  EXPECT_THROW(documents().list(request), InvalidInput);
  request.limit = 1;
  request.collection = "a/b";
  EXPECT_THROW(documents().list(request), InvalidInput);
  EXPECT_THROW(documents().collections({}, 0), InvalidInput);
  EXPECT_THROW(documents().history(key(), {}, 0), InvalidInput);
  request.collection = "orders";
  request.at = AtVersion{{1}};
  EXPECT_THROW(documents().list(request), UnknownPoint);
}

TEST_P(Reading, names_collections_page_by_page) {
  for (const auto* name : {"b/1", "a/1", "a/2", "a-b/1", "a0/1", "c/1/2", "Ü/1"}) create(name);
  remove("c/1/2");
  EXPECT_EQ(documents().collections(), (Names{"a-b", "a", "a0", "b", "c", "Ü"}));
  EXPECT_EQ(documents().collections("a", 2), (Names{"a0", "b"}));
  EXPECT_EQ(documents().collections("Ü"), Names{});
}

// --- history and differences ---------------------------------------------------------------------

TEST_P(Reading, tells_a_documents_history_newest_first) {
  create();
  create("orders/8");
  update("2");
  remove();
  const auto page = documents().history(key());
  ASSERT_EQ(page.events.size(), 3u);
  EXPECT_EQ(page.events[0].type, "document.deleted");
  EXPECT_EQ(page.events[2].type, "document.created");
  EXPECT_EQ(page.events[2].version, Version{1});
  EXPECT_EQ(page.at, Position{4});
  EXPECT_FALSE(page.more);
}

TEST_P(Reading, pages_through_a_history) {
  create();
  for (int i = 2; i <= 9; ++i) update(std::to_string(i));
  const auto newest = documents().history(key(), {}, 4);
  EXPECT_TRUE(newest.more);
  EXPECT_EQ(newest.events.back().version, Version{6});
  const auto older = documents().history(key(), newest.events.back().version, 4);
  EXPECT_TRUE(older.more);
  EXPECT_EQ(older.events.front().version, Version{5});
  const auto oldest = documents().history(key(), older.events.back().version, 4);
  EXPECT_FALSE(oldest.more);
  ASSERT_EQ(oldest.events.size(), 1u);
  EXPECT_EQ(documents().history(key(), Version{1}).events.size(), 0u);
}

TEST_P(Reading, tells_history_as_it_was) {
  create();
  update("2");
  update("3");
  const auto page = documents().history(key(), {}, 50, AtVersion{{2}});
  ASSERT_EQ(page.events.size(), 2u);
  EXPECT_EQ(page.at, Position{2});
  EXPECT_EQ(documents().history(key("orders/9")).events.size(), 0u);
}

TEST_P(Reading, gives_the_difference_between_any_two_points_as_a_patch) {
  create("orders/7", R"({"total":12,"lines":[1,2]})");
  must(documents().update(key(), {"Renamed", Json{R"({"lines":[1,2,3],"total":13})"}, {}}));
  const auto diff = documents().diff(key(), AtVersion{{1}}, AtVersion{{2}});
  EXPECT_EQ(
      diff.patch,
      R"([{"op":"add","path":"/content/lines/-","value":3},{"op":"replace","path":"/content/total","value":13},{"op":"replace","path":"/title","value":"Renamed"}])");
  EXPECT_EQ(diff.from_version, Version{1});
  EXPECT_EQ(diff.to_version, Version{2});
  EXPECT_EQ(diff.from, Position{1});
  EXPECT_EQ(diff.to, Position{2});
  EXPECT_EQ(patch(AtVersion{{2}}, AtVersion{{2}}), "[]");
}

TEST_P(Reading, compares_contents_as_values_not_as_bytes) {
  create("orders/7", R"({"a":1,"b":2})");
  update(R"( { "b" : 2, "a" : 1 } )");
  EXPECT_EQ(patch(AtVersion{{1}}, AtVersion{{2}}), "[]");
}

TEST_P(Reading, takes_a_document_that_is_not_there_for_null_in_a_difference) {
  create("orders/8");
  create("orders/7", "1");
  remove();
  const auto born = documents().diff(key(), AtPosition{{1}}, AtPosition{{2}});
  EXPECT_EQ(born.patch, R"([{"op":"replace","path":"","value":{"content":1,"title":"Order 7"}}])");
  EXPECT_EQ(born.from_version, std::nullopt);
  const auto died = documents().diff(key(), AtPosition{{2}}, AtHead{});
  EXPECT_EQ(died.patch, R"([{"op":"replace","path":"","value":null}])");
  EXPECT_EQ(died.to_version, std::nullopt);
  EXPECT_EQ(patch(AtPosition{{1}}, AtHead{}), "[]");
}

ON_BOTH_LOGS(Reading);

}  // namespace
}  // namespace annal
