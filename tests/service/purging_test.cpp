// Documents of which something is gone for ever.
#include "annal/aggregate/snapshot.hpp"
#include "annal/error.hpp"
#include "service/store_fixture.hpp"

#include <rapidcheck.h>

#include <algorithm>

namespace annal {
namespace {

using test::Backend;
using test::refused_for;

class Purging : public test::StoreTest {
 protected:
  ChangeOutcome purge(const std::string& name = "orders/7") {
    return documents().purge(key(name), {"asked for", "dan"});
  }
  DocumentGone gone(const DocumentAnswer& answer) {
    const auto* found = std::get_if<DocumentGone>(&answer);
    EXPECT_NE(found, nullptr) << "not gone: alternative " << answer.index();
    return found ? *found : DocumentGone{};
  }
  std::vector<bool> stubs(const std::string& name = "orders/7") {
    std::vector<bool> result;
    ReadRequest request;
    request.query = Query::of_stream(key(name).stream());
    for (const auto& event : store->log().read(request).events)
      result.push_back(event.purged.has_value());
    return result;
  }
  SupersededVersions supersede(Position to, Position from = {1}) {
    SupersededRequest request;
    request.from = from;
    request.to = to;
    return documents().purge_superseded(request);
  }
  void expect_sound() {
    EXPECT_EQ(store->log().verify().faults, std::vector<std::string>{});
    EXPECT_TRUE(documents().verify_rows().empty());
  }
};
ON_BOTH_LOGS(Purging);

// --- a document ----------------------------------------------------------------------------------

TEST_P(Purging, takes_what_a_deleted_document_was) {
  create();
  update("{\"total\":13}");
  remove();
  const Changed purged = must(purge());
  EXPECT_EQ(purged.version, Version{4});
  EXPECT_EQ(stubs(), (std::vector<bool>{true, true, true, false}));
  const DocumentGone answer = gone(documents().get(key()));
  EXPECT_TRUE(answer.purged);
  EXPECT_EQ(answer.version, Version{4});
  EXPECT_EQ(answer.last_version, Version{0});
  EXPECT_EQ(answer.reason, "asked for");
  expect_sound();
}

TEST_P(Purging, every_earlier_point_answers_that_it_was_purged_and_not_that_it_never_was) {
  const Changed created = create();
  remove();
  create("orders/8");
  const Position before_orders_9 = head();
  must(purge());
  for (const Point& then : {Point{AtPosition{created.position}}, Point{AtVersion{{2}}}}) {
    const DocumentGone answer = gone(documents().get(key(), then));
    EXPECT_TRUE(answer.purged);
    EXPECT_EQ(answer.last_version, Version{0});
  }
  EXPECT_TRUE(std::holds_alternative<DocumentNotFound>(
      documents().get(key("orders/9"), AtPosition{before_orders_9})));
  EXPECT_EQ(documents().history(key()).events.size(), 3u);
  EXPECT_THROW(documents().diff(key(), AtVersion{{1}}, AtVersion{{2}}), DataPurged);
}

TEST_P(Purging, is_refused_while_there_is_something_to_be_read) {
  EXPECT_TRUE(refused_for<document::NotFound>(purge()));
  create();
  EXPECT_TRUE(refused_for<document::NotDeleted>(purge()));
  EXPECT_EQ(stubs(), std::vector<bool>{false});
  remove();
  must(purge());
  EXPECT_TRUE(refused_for<document::AlreadyPurged>(purge()));
}

TEST_P(Purging, brings_nothing_back) {
  create();
  remove();
  must(purge());
  EXPECT_TRUE(refused_for<document::AlreadyPurged>(documents().undelete(key(), {})));
  EXPECT_TRUE(
      refused_for<document::AlreadyPurged>(documents().restore(key(), AtVersion{{1}}, "eve")));
  EXPECT_TRUE(refused_for<document::AlreadyDeleted>(documents().remove(key(), {})));
}

TEST_P(Purging, what_is_made_in_the_place_of_the_document_has_a_history_of_its_own) {
  create("orders/7", "1");
  remove();
  must(purge());
  const Changed again = create("orders/7", "2");
  EXPECT_EQ(again.version, Version{4});
  update("3");
  EXPECT_EQ(content(), "3");
  EXPECT_EQ(content_at(AtVersion{{4}}), "2");
  EXPECT_TRUE(gone(documents().get(key(), AtVersion{{1}})).purged);
  expect_sound();
  documents().rebuild();
  EXPECT_EQ(content(), "3");
  expect_sound();
}

TEST_P(Purging, is_answered_again_under_its_key) {
  create();
  remove();
  ChangeOptions options;
  options.idempotency_key = "purge-1";
  const Changed first = must(documents().purge(key(), {"asked for", "dan"}, options));
  const Changed second = must(documents().purge(key(), {"asked for", "dan"}, options));
  EXPECT_TRUE(second.replayed);
  EXPECT_EQ(second.position, first.position);
}

TEST_P(Purging, a_veto_keeps_everything) {
  create();
  remove();
  {
    const auto hold = store->bus().use("hold", [](Envelope) { return std::optional<Envelope>(); });
    EXPECT_TRUE(test::rejected_for<Vetoed>(purge()));
    EXPECT_EQ(stubs(), (std::vector<bool>{false, false}));
  }
  must(purge());
}

TEST_P(Purging, takes_snapshots_with_it) {
  create();
  for (int i = 2; i <= 250; ++i) update(std::to_string(i));
  remove();
  EXPECT_EQ(records(std::string(snapshots::space)).size(), 2u);
  must(purge());
  EXPECT_TRUE(records(std::string(snapshots::space)).empty());
  expect_sound();
}

TEST_P(Purging, lists_of_the_past_name_what_was_purged) {
  create("orders/1", "1");
  create("orders/2", "2");
  create("orders/3", "3");
  const Position then = head();
  remove("orders/2");
  must(purge("orders/2"));
  ListRequest request;
  request.collection = "orders";
  request.at = AtPosition{then};
  const ListPage page = documents().list(request);
  ASSERT_EQ(page.documents.size(), 2u);
  EXPECT_EQ(page.purged, std::vector<DocumentKey>{key("orders/2")});
  request.limit = 1;
  EXPECT_TRUE(documents().list(request).purged.empty()) << "it is on the next page";
  request.after = "1";
  EXPECT_EQ(documents().list(request).purged, std::vector<DocumentKey>{key("orders/2")});
  request.at.reset();
  request.after.reset();
  request.limit = 100;
  EXPECT_EQ(documents().list(request).documents.size(), 2u);
  EXPECT_TRUE(documents().list(request).purged.empty());
  request.include_deleted = true;
  EXPECT_EQ(documents().list(request).documents.size(), 2u);
  EXPECT_EQ(documents().list(request).purged, std::vector<DocumentKey>{key("orders/2")});
}

// --- old versions --------------------------------------------------------------------------------

TEST_P(Purging, of_old_versions_keeps_what_the_newest_needs) {
  create("orders/7", "1");
  update("2");
  update("3");
  const Position then = head();
  update("4");
  const SupersededVersions purged = supersede(then);
  EXPECT_EQ(purged.documents, 1u);
  EXPECT_EQ(purged.versions, 1u);
  EXPECT_EQ(stubs(), (std::vector<bool>{false, true, false, false}))
      << "the author is in the first";
  EXPECT_EQ(content(), "4");
  EXPECT_EQ(content_at(AtPosition{then}), "3");
  EXPECT_EQ(found(documents().get(key())).author, "ann");
  EXPECT_TRUE(gone(documents().get(key(), AtVersion{{2}})).purged);
  EXPECT_EQ(content_at(AtVersion{{1}}), "1") << "what is still known is still told";
  EXPECT_EQ(history_horizon(store->log()), then);
  expect_sound();
}

TEST_P(Purging, of_old_versions_keeps_patches_and_what_they_are_of) {
  create("orders/7", "{\"a\":1}");
  must(documents().patch(key(), {Json{R"({"content":{"b":2}})"}, "bob"}));
  must(documents().patch(key(), {Json{R"({"content":{"c":3}})"}, "bob"}));
  EXPECT_EQ(supersede(head()).versions, 0u);
  must(documents().update(key(), {"New title", Json{"{}"}, "bob"}));
  EXPECT_EQ(supersede(head()).versions, 2u);
  EXPECT_EQ(stubs(), (std::vector<bool>{false, true, true, false}));
  expect_sound();
}

TEST_P(Purging, of_old_versions_takes_a_deletion_that_was_undone) {
  create("orders/7", "1");
  remove();
  must(documents().undelete(key(), {"bob"}));
  must(documents().update(key(), {"New title", Json{"2"}, "bob"}));
  EXPECT_EQ(supersede(head()).versions, 2u);
  EXPECT_EQ(content(), "2");
  expect_sound();
}

TEST_P(Purging, of_a_version_keeps_a_living_document_from_being_taken_back_to_it) {
  create("orders/7", "1");
  update("2");
  update("3");
  supersede(head());
  EXPECT_THROW(documents().restore(key(), AtVersion{{2}}, "eve"), DataPurged);
  must(documents().restore(key(), AtVersion{{1}}, "eve"));
  EXPECT_EQ(content(), "1");
}

TEST_P(Purging, of_more_than_a_commit_takes_goes_on_in_others) {
  const std::string large = '"' + std::string(1'000'000, 'x') + '"';
  create("orders/7", large);
  for (int i = 2; i <= 12; ++i) update(large);
  EXPECT_EQ(supersede(head()).versions, 10u);
  remove();
  must(purge());
  const auto left = stubs();
  EXPECT_EQ(std::count(left.begin(), left.end(), false), 1);
  expect_sound();
}

TEST_P(Purging, of_old_versions_takes_nothing_from_outside_the_range) {
  create("orders/7", "1");
  update("2");
  update("3");
  update("4");
  update("5");
  EXPECT_EQ(supersede({4}, {3}).versions, 1u);
  EXPECT_EQ(stubs(), (std::vector<bool>{false, false, true, false, false}));
  EXPECT_EQ(supersede({4}, {3}).versions, 0u) << "once is enough";
  EXPECT_THROW(supersede({9}), InvalidInput);
  EXPECT_THROW(supersede({1}, {2}), InvalidInput);
}

TEST_P(Purging, of_old_versions_stops_when_it_is_told_to_and_goes_on_later) {
  for (const char* name : {"orders/1", "orders/2", "orders/3"}) {
    create(name);
    update("2", name);
    update("3", name);
  }
  std::stop_source stop;
  SupersededRequest request;
  request.to = head();
  request.stop = stop.get_token();
  request.progress = [&](std::uint64_t done, std::uint64_t all) {
    EXPECT_EQ(all, 3u);
    if (done == 1) stop.request_stop();
  };
  const auto first = documents().purge_superseded(request);
  EXPECT_TRUE(first.stopped);
  EXPECT_EQ(history_horizon(store->log()), head()) << "of what is purged already";
  EXPECT_EQ(first.documents + supersede(head()).documents, 3u);
  EXPECT_EQ(history_horizon(store->log()), head());
}

TEST_P(Purging, of_old_versions_erases_their_snapshots_and_goes_on_making_them) {
  create();
  for (int i = 2; i <= 350; ++i) update(std::to_string(i));
  const auto purged = supersede({250});
  EXPECT_EQ(purged.versions, 248u);
  EXPECT_EQ(records(std::string(snapshots::space)).size(), 1u) << "of version 300";
  EXPECT_EQ(content_at(AtVersion{{299}}), "299");
  EXPECT_EQ(content_at(AtVersion{{350}}), "350");
  documents().rebuild();
  EXPECT_EQ(content_at(AtVersion{{299}}), "299");
  expect_sound();
}

TEST_P(Purging, of_old_versions_leaves_other_streams_alone) {
  Commit commit;
  for (int i = 0; i < 3; ++i) {
    commit.events.emplace_back();
    commit.events.back().type = "task.updated";
    commit.events.back().stream = "task/1";
    commit.events.back().data = "x";
  }
  store->log().append(commit);
  EXPECT_EQ(supersede(head()).versions, 0u);
}

TEST_P(Purging, of_old_versions_takes_nothing_from_a_document_nobody_can_read) {
  create();
  update("2");
  Commit strange;
  strange.events.emplace_back();
  strange.events.back().type = "document.updated";
  strange.events.back().stream = key().stream();
  strange.events.back().codec = Codec::cereal;
  strange.events.back().data = "no update";
  store->log().append(strange);
  EXPECT_EQ(supersede(head()).versions, 0u);
}

// Whatever happened to a document: at the point and at every later one it is what it was.
TEST(PurgingAnything, leaves_every_later_state_as_it_was) {
  EXPECT_TRUE(rc::check([] {
    const auto steps = *rc::gen::container<std::vector<int>>(24, rc::gen::inRange(0, 8));
    test::ManualClock clock;
    test::SeededRandomness randomness;
    OpenOptions options;
    options.clock = &clock;
    options.randomness = &randomness;
    const auto store = open_ephemeral(std::move(options));
    auto& documents = store->documents();
    const auto key = DocumentKey::parse("orders/7");
    int number = 0;
    for (const int step : steps) {
      const std::string value = std::to_string(++number);
      const std::optional<std::string> who = number % 3 ? std::optional(value) : std::nullopt;
      switch (step) {
        case 0:
          documents.create(key, {"T" + value, {"{\"n\":" + value + "}"}, "A" + value});
          break;
        case 1:
          documents.update(key, {{}, Json{"{\"u\":" + value + "}"}, who});
          break;
        case 2:
          documents.update(key, {"T" + value, {}, who});
          break;
        case 3:
          documents.patch(key, {Json{"{\"content\":{\"p\":" + value + "}}"}, who});
          break;
        case 4:
          documents.patch(key, {Json{"{\"title\":\"P" + value + "\"}"}, who});
          break;
        case 5:
          documents.remove(key, {"R" + value, who});
          break;
        case 6:
          documents.undelete(key, {who});
          break;
        default:
          if (store->log().head().value > 0) documents.restore(key, AtVersion{{1}}, who);
      }
      clock.advance(std::chrono::seconds{1});
    }
    const std::uint64_t head = store->log().head().value;
    RC_PRE(head > 0);
    const auto text_at = [&](std::uint64_t position) -> std::string {
      const auto answer = documents.get(key, AtPosition{{position}});
      if (const auto* found = std::get_if<FoundDocument>(&answer))
        return document::encode_state(found->document.state);
      const auto* gone = std::get_if<DocumentGone>(&answer);
      if (!gone) return "not found";
      return gone->purged ? "purged" : "deleted " + gone->reason.value_or("");
    };
    std::vector<std::string> before;
    for (std::uint64_t at = 1; at <= head; ++at) before.push_back(text_at(at));
    const auto to = *rc::gen::inRange<std::uint64_t>(1, head + 1);
    SupersededRequest request;
    request.to = {to};
    const auto purged = documents.purge_superseded(request);
    RC_CLASSIFY(purged.versions > 0, "something was purged");
    RC_ASSERT(documents.purge_superseded(request).versions == 0u);
    for (std::uint64_t at = 1; at <= head; ++at) {
      const auto now = text_at(at);
      RC_ASSERT(now == before[at - 1] || (at < to && now == "purged"));
    }
    RC_ASSERT(documents.verify_rows().empty());
    documents.rebuild();
    for (std::uint64_t at = to; at <= head; ++at) RC_ASSERT(text_at(at) == before[at - 1]);
  }));
}

}  // namespace
}  // namespace annal
