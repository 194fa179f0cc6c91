// What changes do, and what is answered.
#include "store_fixture.hpp"

namespace annal {
namespace {

using test::refused_for;
using test::rejected_for;

class Changes : public test::StoreTest {};

TEST_P(Changes, a_created_document_can_be_read_at_once) {
  const auto now = clock.now();
  const auto changed = create();
  EXPECT_EQ(changed.version, Version{1});
  EXPECT_EQ(changed.position, Position{1});
  EXPECT_EQ(changed.recorded_at, now);
  EXPECT_FALSE(changed.replayed);
  const auto answer = documents().get(key());
  const auto& document = std::get<FoundDocument>(answer);
  EXPECT_EQ(document.at, Position{1});
  EXPECT_EQ(document.document.key, key());
  EXPECT_EQ(document.document.position, Position{1});
  const auto& state = document.document.state;
  EXPECT_EQ(state.title, "Order 7");
  EXPECT_EQ(state.content.text, "{\"total\":12}");
  EXPECT_EQ(state.author, "ann");
  EXPECT_EQ(state.last_editor, "ann");
  EXPECT_EQ(state.created_at, now);
  EXPECT_EQ(state.modified_at, now);
  EXPECT_EQ(state.version, Version{1});
}

TEST_P(Changes, say_how_durable_they_are_and_which_commit_they_made) {
  const auto changed = create();
  EXPECT_EQ(changed.durability,
            GetParam() == test::Backend::memory ? Durability::ephemeral : Durability::power);
  EXPECT_EQ(changed.commit, store->log().commit_at({1}).hash);
}

TEST_P(Changes, an_update_keeps_what_it_does_not_name) {
  create();
  const auto later = clock.now();
  const auto changed = must(documents().update(key(), {"Renamed", {}, "bob"}));
  EXPECT_EQ(changed.version, Version{2});
  const auto state = found(documents().get(key()));
  EXPECT_EQ(state.title, "Renamed");
  EXPECT_EQ(state.content.text, "{\"total\":12}");
  EXPECT_EQ(state.last_editor, "bob");
  EXPECT_EQ(state.modified_at, later);
  EXPECT_EQ(state.created_at, later - std::chrono::seconds{1});
}

TEST_P(Changes, a_patch_merges) {
  create();
  must(documents().patch(key(), {{R"({"content":{"paid":true}})"}, "bob"}));
  EXPECT_EQ(content(), R"({"total":12,"paid":true})");
}

TEST_P(Changes, put_creates_and_then_replaces) {
  must(documents().put(key(), {"One", {"1"}, "ann"}));
  must(documents().put(key(), {"Two", {"2"}, "bob"}));
  const auto state = found(documents().get(key()));
  EXPECT_EQ(state.title, "Two");
  EXPECT_EQ(state.content.text, "2");
  EXPECT_EQ(state.author, "ann");
  EXPECT_EQ(state.last_editor, "bob");
  must(documents().put(key(), {"Three", {"3"}, ""}));
  EXPECT_EQ(found(documents().get(key())).last_editor, "bob");
  remove();
  EXPECT_EQ(must(documents().put(key(), {"Four", {"4"}, "dora"})).version, Version{5});
  EXPECT_EQ(found(documents().get(key())).author, "dora");
}

TEST_P(Changes, a_deleted_document_is_gone_and_says_which_version_can_still_be_read) {
  create();
  update("2");
  const auto when = clock.now();
  remove();
  const auto answer = documents().get(key());
  const auto& gone = std::get<DocumentGone>(answer);
  EXPECT_EQ(gone.key, key());
  EXPECT_EQ(gone.version, Version{3});
  EXPECT_EQ(gone.last_version, Version{2});
  EXPECT_EQ(gone.deleted_at, when);
  EXPECT_EQ(gone.reason, "old");
  EXPECT_EQ(gone.position, Position{3});
  EXPECT_EQ(content_at(AtVersion{gone.last_version}), "2");
}

TEST_P(Changes, a_document_nobody_created_is_not_found) {
  EXPECT_TRUE(std::holds_alternative<DocumentNotFound>(documents().get(key("orders/8"))));
}

TEST_P(Changes, undelete_brings_a_document_back_as_it_was) {
  create();
  remove();
  EXPECT_EQ(must(documents().undelete(key(), {"dora"})).version, Version{3});
  const auto state = found(documents().get(key()));
  EXPECT_EQ(state.content.text, "{\"total\":12}");
  EXPECT_EQ(state.last_editor, "dora");
  EXPECT_EQ(state.deleted_at, std::nullopt);
}

TEST_P(Changes, restore_takes_a_document_back_to_any_point_as_a_new_version) {
  create();
  update("2");
  update("3");
  EXPECT_EQ(must(documents().restore(key(), AtVersion{{2}}, "dora")).version, Version{4});
  EXPECT_EQ(content(), "2");
  remove();
  must(documents().restore(key(), AtPosition{{1}}, {}));
  EXPECT_EQ(content(), "{\"total\":12}");
  const auto event = store->log().event_at(head());
  const auto restored = store->catalogue().unwrap<document::Restored>(*event);
  EXPECT_EQ(restored, (document::Restored{1, {}, "Order 7", Json{"{\"total\":12}"}}));
}

TEST_P(Changes, restore_finds_nothing_where_the_document_was_not_there) {
  create("orders/1");
  create();
  remove();
  EXPECT_TRUE(refused_for<document::NotFound>(documents().restore(key(), AtPosition{{1}}, {})));
  EXPECT_TRUE(refused_for<document::NotFound>(documents().restore(key(), AtVersion{{2}}, {})));
  EXPECT_THROW(documents().restore(key(), AtVersion{{9}}, {}), UnknownPoint);
  EXPECT_EQ(head(), Position{3});
}

TEST_P(Changes, that_break_a_rule_are_refused_and_record_nothing) {
  EXPECT_TRUE(refused_for<document::NotFound>(documents().update(key(), {"R", {}, {}})));
  create();
  const auto outcome = documents().create(key(), {"Again", {"1"}, "eve"});
  EXPECT_TRUE(refused_for<document::AlreadyExists>(outcome));
  EXPECT_EQ(std::get<Refused>(outcome).key, key());
  EXPECT_EQ(std::get<Refused>(outcome).version, Version{1});
  EXPECT_TRUE(
      refused_for<document::InvalidContent>(documents().update(key(), {{}, Json{"{"}, {}})));
  EXPECT_TRUE(refused_for<document::NothingToChange>(documents().patch(key(), {{"{}"}, {}})));
  EXPECT_EQ(head(), Position{1});
}

TEST_P(Changes, created_over_a_deleted_document_go_on_counting) {
  create();
  remove();
  EXPECT_EQ(create("orders/7", "3").version, Version{3});
  EXPECT_EQ(content(), "3");
}

TEST_P(Changes, with_an_expected_version_happen_only_then) {
  create();
  update("2");
  ChangeOptions options;
  options.expected = ExpectedVersion::exactly({1});
  const auto stale = documents().update(key(), {{}, Json{"3"}, {}}, options);
  EXPECT_EQ(std::get<StaleVersion>(stale).actual, Version{2});
  EXPECT_EQ(std::get<StaleVersion>(stale).key, key());
  EXPECT_EQ(content(), "2");
  options.expected = ExpectedVersion::exactly({2});
  EXPECT_EQ(must(documents().update(key(), {{}, Json{"3"}, {}}, options)).version, Version{3});
}

TEST_P(Changes, that_expect_none_or_one_find_out) {
  ChangeOptions none, exists;
  none.expected = ExpectedVersion::none();
  exists.expected = ExpectedVersion::exists();
  const auto missing = documents().put(key(), {"T", {"1"}, "ann"}, exists);
  EXPECT_EQ(std::get<StaleVersion>(missing).actual, Version{0});
  must(documents().put(key(), {"T", {"1"}, "ann"}, none));
  const auto there = documents().put(key(), {"T", {"2"}, "ann"}, none);
  EXPECT_EQ(std::get<StaleVersion>(there).actual, Version{1});
  must(documents().put(key(), {"T", {"2"}, "ann"}, exists));
}

TEST_P(Changes, carry_what_the_caller_says_of_them) {
  ChangeOptions options;
  options.source = "door";
  options.request_id = "request-7";
  options.causation_id = "cause";
  options.tags = {"floor:1"};
  options.metadata = {{"ip", "::1"}};
  must(documents().create(key(), {"T", {"1"}, "ann"}, options));
  const auto event = store->log().event_at({1});
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, "document.created");
  EXPECT_EQ(event->stream, "document/orders/7");
  EXPECT_EQ(event->source, "door");
  EXPECT_EQ(event->correlation_id, "request-7");
  EXPECT_EQ(event->causation_id, "cause");
  EXPECT_EQ(event->tags, std::vector<std::string>{"floor:1"});
  EXPECT_EQ(event->meta("ip"), "::1");
}

TEST_P(Changes, without_a_request_id_get_one_of_their_own) {
  create();
  update("2");
  const auto first = store->log().event_at({1})->correlation_id;
  EXPECT_EQ(first.size(), 26u);
  EXPECT_NE(first, store->log().event_at({2})->correlation_id);
}

TEST_P(Changes, of_a_key_put_together_wrongly_are_no_request_at_all) {
  const DocumentKey wrong{"orders", "../secrets"};
  EXPECT_THROW(documents().create(wrong, {"T", {"1"}, "ann"}), InvalidInput);
  const auto program = documents().changing(wrong, document::Create{"T", {"1"}, "ann"});
  EXPECT_THROW(program.run(store->handlers()), InvalidInput);
  EXPECT_EQ(head(), Position{0});
}

TEST_P(Changes, the_log_cannot_take_are_rejected_with_its_reason) {
  ChangeOptions options;
  options.tags = {"no tag"};
  const auto outcome = documents().create(key(), {"T", {"1"}, "ann"}, options);
  EXPECT_NE(rejected_for<Malformed>(outcome), nullptr);
  EXPECT_TRUE(std::holds_alternative<DocumentNotFound>(documents().get(key())));
}

// --- idempotency ---------------------------------------------------------------------------------

TEST_P(Changes, repeated_with_their_key_are_made_once) {
  ChangeOptions options;
  options.idempotency_key = "once";
  const auto first = must(documents().create(key(), {"T", {"1"}, "ann"}, options));
  update("2");
  remove();
  const auto again = must(documents().create(key(), {"T", {"1"}, "ann"}, options));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.version, first.version);
  EXPECT_EQ(again.position, first.position);
  EXPECT_EQ(again.recorded_at, first.recorded_at);
  EXPECT_EQ(again.commit, first.commit);
  EXPECT_EQ(head(), Position{3});
}

TEST_P(Changes, are_rejected_when_their_key_was_used_for_another_request) {
  ChangeOptions options;
  options.idempotency_key = "once";
  must(documents().create(key(), {"T", {"1"}, "ann"}, options));
  const auto other_content = documents().create(key(), {"T", {"2"}, "ann"}, options);
  const auto* mismatch = rejected_for<IdempotencyMismatch>(other_content);
  ASSERT_NE(mismatch, nullptr);
  EXPECT_EQ(mismatch->first_used_at, Position{1});
  for (const auto& outcome :
       {documents().put(key(), {"T", {"1"}, "ann"}, options),
        documents().create(key("orders/8"), {"T", {"1"}, "ann"}, options),
        documents().remove(key(), {}, options), documents().undelete(key(), {}, options),
        documents().restore(key(), AtVersion{{1}}, {}, options)})
    EXPECT_NE(rejected_for<IdempotencyMismatch>(outcome), nullptr) << outcome.index();
  EXPECT_EQ(head(), Position{1});
}

TEST_P(Changes, that_restore_are_the_same_request_wherever_their_point_has_moved) {
  create();
  update("2");
  ChangeOptions options;
  options.idempotency_key = "back";
  must(documents().restore(key(), AtHead{1}, {}, options));
  EXPECT_TRUE(must(documents().restore(key(), AtHead{1}, {}, options)).replayed);
}

ON_BOTH_LOGS(Changes);

}  // namespace
}  // namespace annal
