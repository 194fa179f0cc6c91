// Commits made elsewhere, recorded with the rows that follow from them.
#include "store_fixture.hpp"

namespace annal {
namespace {

using test::rejected_for;

class RecordingCommits : public test::StoreTest {
 protected:
  Envelope event(const document::Event& said, const std::string& name = "orders/7") {
    auto envelope =
        std::visit([&](const auto& payload) { return store->catalogue().wrap(payload); }, said);
    envelope.stream = "document/" + name;
    return envelope;
  }
  Envelope checkpoint(const std::string& commit) {
    Envelope envelope;
    envelope.type = "import.checkpoint";
    envelope.stream = "import/repo";
    envelope.tags = {"commit:" + commit};
    return envelope;
  }
  Appended record(Commit commit) {
    auto outcome = documents().record(std::move(commit));
    EXPECT_TRUE(std::holds_alternative<Appended>(outcome)) << outcome.index();
    const auto* appended = std::get_if<Appended>(&outcome);
    return appended ? *appended : Appended{};
  }
};

TEST_P(RecordingCommits, makes_the_rows_of_every_document_in_them) {
  const Timestamp long_ago{std::chrono::seconds{1000000000}};
  Commit commit;
  commit.events = {event(document::Created{"One", {"1"}, "ann"}, "repo/one"),
                   event(document::Created{"Two", {"2"}, "bob"}, "repo/two"),
                   event(document::Updated{{}, Json{"3"}, "carl"}, "repo/one"), checkpoint("a")};
  commit.recorded_at = long_ago;
  const auto appended = record(commit);
  EXPECT_EQ(appended.last, Position{4});
  const auto one = found(documents().get(key("repo/one")));
  EXPECT_EQ(one.content.text, "3");
  EXPECT_EQ(one.version, Version{2});
  EXPECT_EQ(one.last_editor, "carl");
  EXPECT_EQ(one.created_at, long_ago);
  EXPECT_EQ(one.modified_at, long_ago);
  EXPECT_EQ(content("repo/two"), "2");
  EXPECT_TRUE(documents().verify_rows().empty());
}

TEST_P(RecordingCommits, folds_over_the_rows_there_are) {
  create();
  Commit commit;
  commit.events = {event(document::Deleted{"moved", {}}), checkpoint("b")};
  record(commit);
  EXPECT_EQ(std::get<DocumentGone>(documents().get(key())).reason, "moved");
  EXPECT_TRUE(std::holds_alternative<DocumentGone>(documents().get(key(), AtTag{"commit:b"})))
      << "deleted at its tag";
}

TEST_P(RecordingCommits, that_change_no_document_are_commits_as_well) {
  Commit commit;
  commit.events = {checkpoint("c")};
  EXPECT_EQ(record(commit).last, Position{1});
}

TEST_P(RecordingCommits, keeps_snapshots_on_the_way) {
  Commit first;
  first.events.push_back(event(document::Created{"One", {"1"}, "ann"}));
  for (int i = 2; i <= 250; ++i)
    first.events.push_back(event(document::Updated{{}, Json{std::to_string(i)}, {}}));
  record(first);
  EXPECT_EQ(records("snapshots").size(), 2u);
  for (const std::uint64_t version : {1, 99, 100, 101, 199, 200, 201, 250}) {
    EXPECT_EQ(content_at(AtVersion{{version}}), std::to_string(version));
    EXPECT_EQ(
        std::get<FoundDocument>(documents().get(key(), AtVersion{{version}})).document.position,
        Position{version});
  }
}

TEST_P(RecordingCommits, repeated_with_their_key_are_recorded_once) {
  Commit commit;
  commit.events = {event(document::Created{"One", {"1"}, "ann"}), checkpoint("d")};
  commit.idempotency_key = "git:d";
  const auto first = record(commit);
  update("2");
  const auto again = record(commit);
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.last, first.last);
  EXPECT_EQ(head(), Position{3});
  EXPECT_EQ(content(), "2");
  auto other = commit;
  other.events.pop_back();
  EXPECT_NE(rejected_for<IdempotencyMismatch>(documents().record(other)), nullptr);
  commit.events[0].occurred_at = Timestamp{std::chrono::seconds{5}};
  EXPECT_NE(rejected_for<IdempotencyMismatch>(documents().record(commit)), nullptr);
}

TEST_P(RecordingCommits, are_the_same_request_to_the_log_itself) {
  Commit commit;
  commit.events = {checkpoint("e")};
  commit.idempotency_key = "git:e";
  ASSERT_TRUE(std::holds_alternative<Appended>(store->log().append(commit)));
  EXPECT_TRUE(record(commit).replayed);
}

TEST_P(RecordingCommits, holds_to_the_conditions_asked_for) {
  create();
  Commit commit;
  commit.events = {event(document::Updated{{}, Json{"2"}, {}})};
  commit.conditions.push_back({key().stream(), ExpectedVersion::exactly({5})});
  const auto outcome = documents().record(commit);
  ASSERT_NE(rejected_for<VersionConflict>(outcome), nullptr);
  EXPECT_EQ(rejected_for<VersionConflict>(outcome)->actual, Version{1});
  commit.conditions = {{key().stream(), ExpectedVersion::exactly({1})}};
  record(commit);
}

TEST_P(RecordingCommits, refuses_content_no_document_may_have) {
  const auto why = [&](Envelope bad) {
    Commit commit;
    commit.events = {std::move(bad)};
    const auto outcome = documents().record(commit);
    const auto* malformed = rejected_for<Malformed>(outcome);
    return malformed ? malformed->what : "recorded";
  };
  EXPECT_NE(why(event(document::Created{"One", {"{"}, "ann"})).find("the content is refused"),
            std::string::npos);
  auto rot = event(document::Created{"One", {"1"}, "ann"});
  rot.data = "rot";
  EXPECT_NE(why(rot).find("an event of document/orders/7"), std::string::npos);
  auto nameless = event(document::Created{"One", {"1"}, "ann"}, "orders/../x");
  EXPECT_NE(why(nameless).find("names no document"), std::string::npos);
  EXPECT_EQ(head(), Position{0});
}

TEST_P(RecordingCommits, leaves_out_snapshots_rather_than_the_commit) {
  const std::string large = '"' + std::string(900 * 1024, 'x') + '"';
  Commit grow;
  grow.events.push_back(event(document::Created{"One", {large}, "ann"}));
  for (int i = 2; i <= 900; ++i) grow.events.push_back(event(document::Updated{"One", {}, {}}));
  record(grow);  // nine snapshots would be more than a commit takes
  EXPECT_LT(records("snapshots").size(), 9u);
  EXPECT_EQ(found(documents().get(key())).version, Version{900});
  EXPECT_EQ(found(documents().get(key(), AtVersion{{850}})).content.text, large);
}

TEST_P(RecordingCommits, says_when_events_and_rows_are_more_than_a_commit_takes) {
  const std::string large = '"' + std::string(1000000, 'x') + '"';
  Commit commit;
  for (int i = 0; i < 5; ++i)
    commit.events.push_back(
        event(document::Created{"T", {large}, "ann"}, "orders/" + std::to_string(i)));
  EXPECT_NE(rejected_for<TooLarge>(documents().record(commit)), nullptr);
  commit.events.resize(3);
  record(commit);
}

TEST_P(RecordingCommits, is_not_asked_of_middleware) {
  const auto connection =
      store->bus().use("guard", [](Envelope) { return std::optional<Envelope>(); });
  Commit commit;
  commit.events = {event(document::Created{"One", {"1"}, "ann"})};
  record(commit);
  EXPECT_EQ(content(), "1");
}

TEST_P(RecordingCommits, catches_up_with_events_appended_without_the_service) {
  create();
  Commit behind;
  behind.events = {event(document::Updated{"Elsewhere", {}, {}})};
  ASSERT_TRUE(std::holds_alternative<Appended>(store->log().append(behind)));
  Commit commit;
  commit.events = {event(document::Updated{{}, Json{"3"}, {}})};
  record(commit);
  EXPECT_EQ(found(documents().get(key())).title, "Elsewhere");
  EXPECT_EQ(found(documents().get(key())).version, Version{3});
}

ON_BOTH_LOGS(RecordingCommits);

}  // namespace
}  // namespace annal
