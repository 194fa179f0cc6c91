#include "annal/document/document.hpp"

#include "annal/aggregate/scenario.hpp"

#include <gtest/gtest.h>

#include <string>

namespace annal::document {
namespace {

template <class... Events>
auto given_events(Events... events) {
  return annal::given<Aggregate>(std::move(events)...);
}

Timestamp time_of(std::uint64_t version) {
  return annal::Outcome<Aggregate>::happened_at({version}).recorded_at;
}

Created created() { return {"Rates", {R"({"usd":1.1})"}, "ann"}; }

// --- create --------------------------------------------------------------------------------------

TEST(Document, is_created_with_title_content_and_author) {
  const auto outcome = given_events().when(Create{"Rates", {R"({"usd":1.1})"}, "ann"});
  outcome.then(created());
  EXPECT_EQ(outcome.state(), (State{.title = "Rates",
                                    .content = {R"({"usd":1.1})"},
                                    .author = "ann",
                                    .created_at = time_of(1),
                                    .modified_at = time_of(1),
                                    .version = {1},
                                    .last_editor = "ann",
                                    .is_deleted = false,
                                    .deleted_at = {},
                                    .deletion_reason = {}}));
}

TEST(Document, is_created_only_once) {
  given_events(created()).when(Create{"Again", {"1"}, "bob"}).then_rejected(AlreadyExists{});
}

TEST(Document, created_over_a_deleted_one_begins_anew_and_its_version_goes_on) {
  const auto outcome = given_events(created(), Updated{"R", {}, "bob"}, Deleted{"old", "carl"})
                           .when(Create{"New", {"2"}, "dora"});
  outcome.then(Created{"New", {"2"}, "dora"});
  EXPECT_EQ(outcome.state().version, Version{4});
  EXPECT_EQ(outcome.state().created_at, time_of(4));
  EXPECT_EQ(outcome.state().author, "dora");
  EXPECT_EQ(outcome.state().last_editor, "dora");
  EXPECT_TRUE(outcome.state().exists());
  EXPECT_EQ(outcome.state().deletion_reason, std::nullopt);
  EXPECT_EQ(outcome.state().deleted_at, std::nullopt);
}

TEST(Document, keeps_its_content_byte_for_byte) {
  const std::string content = " {\"b\" : 1.0, \"a\":9007199254740993, \"c\":1e2}\n";
  EXPECT_EQ(given_events().when(Create{"Rates", {content}, "ann"}).state().content.text, content);
}

TEST(Document, refuses_content_that_is_no_json_and_says_where) {
  given_events()
      .when(Create{"Rates", {"{\"a\":1,\"a\":2}"}, "ann"})
      .then_rejected_as<InvalidContent>();
  const auto decision = Aggregate::decide({}, Create{"Rates", {"[1,]"}, "ann"});
  ASSERT_FALSE(decision.accepted());
  const auto words = to_string(decision.refusal());
  EXPECT_NE(words.find("the content is refused at byte 3"), std::string::npos) << words;
}

TEST(Document, refuses_texts_that_are_not_utf8) {
  given_events()
      .when(Create{"\xff", {"1"}, "ann"})
      .then_rejected(InvalidContent{"the title is not UTF-8"});
  given_events()
      .when(Create{"R", {"1"}, "\xff"})
      .then_rejected(InvalidContent{"the author is not UTF-8"});
  given_events(created())
      .when(Update{"R", {}, "\xff"})
      .then_rejected(InvalidContent{"the editor is not UTF-8"});
  given_events(created())
      .when(Delete{"\xff", {}})
      .then_rejected(InvalidContent{"the reason is not UTF-8"});
}

TEST(Document, has_at_most_a_mebibyte_less_four_kibibytes_of_title_and_content) {
  const auto content_of = [](std::size_t size) {
    return Json{'"' + std::string(size - 2, 'x') + '"'};
  };
  given_events()
      .when(Create{"T", content_of(content_limit - 1), "ann"})
      .then_state("it fits", [](auto& state) { return state.exists(); });
  given_events()
      .when(Create{"T", content_of(content_limit), "ann"})
      .then_rejected(TooBig{content_limit + 1, content_limit});
}

TEST(Document, may_not_grow_too_big_by_a_patch) {
  const std::string half = '"' + std::string(content_limit / 2, 'x') + '"';
  given_events(Created{"T", {"{\"a\":" + half + "}"}, "ann"})
      .when(Patch{{"{\"content\":{\"b\":" + half + "}}"}, {}})
      .then_rejected_as<TooBig>();
}

TEST(Document, that_is_too_big_already_can_be_made_smaller_or_deleted) {
  const Created huge{"T", {'"' + std::string(content_limit + 10, 'x') + '"'}, "ann"};
  given_events(huge).when(Delete{{}, {}}).then(Deleted{});
  given_events(huge).when(Update{"", {}, {}}).then(Updated{"", {}, {}});
  given_events(huge).when(Update{"TT", {}, {}}).then_rejected_as<TooBig>();
}

// --- update --------------------------------------------------------------------------------------

TEST(Document, is_updated_by_parts_and_remembers_who_did_it) {
  const auto outcome = given_events(created()).when(Update{"Better", {}, "bob"});
  outcome.then(Updated{"Better", {}, "bob"});
  EXPECT_EQ(outcome.state().title, "Better");
  EXPECT_EQ(outcome.state().content, created().content);
  EXPECT_EQ(outcome.state().last_editor, "bob");
  EXPECT_EQ(outcome.state().author, "ann");
  EXPECT_EQ(outcome.state().created_at, time_of(1));
  EXPECT_EQ(outcome.state().modified_at, time_of(2));
}

TEST(Document, keeps_its_last_editor_when_nobody_is_named) {
  EXPECT_EQ(given_events(created()).when(Update{{}, Json{"2"}, {}}).state().last_editor, "ann");
  EXPECT_EQ(given_events(created(), Updated{"R", {}, "bob"})
                .when(Update{{}, Json{"2"}, {}})
                .state()
                .last_editor,
            "bob");
}

TEST(Document, is_not_updated_with_nothing) {
  given_events(created()).when(Update{{}, {}, "bob"}).then_rejected(NothingToChange{});
}

TEST(Document, must_be_there_to_be_changed) {
  given_events().when(Update{"R", {}, {}}).then_rejected(NotFound{});
  given_events().when(Patch{{"{}"}, {}}).then_rejected(NotFound{});
  given_events().when(Delete{}).then_rejected(NotFound{});
  given_events().when(Undelete{}).then_rejected(NotFound{});
  given_events().when(Restore{1, "R", {"1"}, {}}).then_rejected(NotFound{});
}

TEST(Document, that_is_deleted_is_neither_updated_nor_patched) {
  given_events(created(), Deleted{}).when(Update{"R", {}, {}}).then_rejected(AlreadyDeleted{});
  given_events(created(), Deleted{})
      .when(Patch{{"{\"title\":\"R\"}"}, {}})
      .then_rejected(AlreadyDeleted{});
}

// --- patch ---------------------------------------------------------------------------------------

TEST(Document, is_patched_and_the_patch_is_what_is_recorded) {
  const Json patch{R"({"title":"Rate","content":{"usd":null,"eur":1}})"};
  const auto outcome = given_events(created()).when(Patch{patch, "bob"});
  outcome.then(Patched{patch, "bob"});
  EXPECT_EQ(outcome.state().title, "Rate");
  EXPECT_EQ(outcome.state().content.text, R"({"eur":1})");
  EXPECT_EQ(outcome.state().last_editor, "bob");
}

TEST(Document, has_null_for_content_once_a_patch_removes_it) {
  EXPECT_EQ(given_events(created()).when(Patch{{"{\"content\":null}"}, {}}).state().content.text,
            "null");
}

TEST(Document, refuses_a_patch_that_is_not_one_of_title_and_content) {
  const auto why = [](const std::string& patch) {
    const auto decision =
        Aggregate::decide(annal::given<Aggregate>(created()).state(), Patch{{patch}, {}});
    return decision.accepted() ? "accepted" : to_string(decision.refusal());
  };
  EXPECT_NE(why("[]").find("a merge patch is a JSON object"), std::string::npos);
  EXPECT_NE(why(R"({"author":"eve"})").find("the patch names \"author\""), std::string::npos);
  EXPECT_NE(why(R"({"title":null})").find("the patch removes it"), std::string::npos);
  EXPECT_NE(why(R"({"title":7})").find("the title is a string"), std::string::npos);
  EXPECT_NE(why(R"({"title":)").find("the patch is refused at byte"), std::string::npos);
}

TEST(Document, is_not_patched_with_nothing) {
  given_events(created()).when(Patch{{" { } "}, "bob"}).then_rejected(NothingToChange{});
}

// --- delete and bring back -----------------------------------------------------------------------

TEST(Document, is_deleted_with_a_reason_and_keeps_what_it_was) {
  const auto outcome = given_events(created()).when(Delete{"old", "bob"});
  outcome.then(Deleted{"old", "bob"});
  EXPECT_FALSE(outcome.state().exists());
  EXPECT_EQ(outcome.state().version, Version{2});
  EXPECT_EQ(outcome.state().deleted_at, time_of(2));
  EXPECT_EQ(outcome.state().deletion_reason, "old");
  EXPECT_EQ(outcome.state().title, "Rates");
  EXPECT_EQ(outcome.state().last_editor, "bob");
}

TEST(Document, is_deleted_only_once) {
  given_events(Created{.title = "Rates", .content = {}, .author = {}},
               Deleted{.reason = "old", .editor = {}})
      .when(Delete{.reason = "again", .editor = {}})
      .then_rejected(AlreadyDeleted{});
}

TEST(Document, is_undeleted_as_it_was) {
  const auto outcome = given_events(created(), Deleted{"old", {}}).when(Undelete{"bob"});
  outcome.then(Restored{{}, "bob", {}, {}});
  EXPECT_TRUE(outcome.state().exists());
  EXPECT_EQ(outcome.state().content, created().content);
  EXPECT_EQ(outcome.state().deleted_at, std::nullopt);
  EXPECT_EQ(outcome.state().deletion_reason, std::nullopt);
  EXPECT_EQ(outcome.state().version, Version{3});
  EXPECT_EQ(outcome.state().created_at, time_of(1));
}

TEST(Document, is_undeleted_only_when_deleted) {
  given_events(created()).when(Undelete{}).then_rejected(NotDeleted{});
}

TEST(Document, is_restored_to_what_it_was_deleted_or_not) {
  const Restored restored{1, "bob", "Rates", Json{"1"}};
  for (const auto& history : {Event{Updated{"R", {}, {}}}, Event{Deleted{}}}) {
    const auto outcome = given_events(created(), history).when(Restore{1, "Rates", {"1"}, "bob"});
    outcome.then(restored);
    EXPECT_TRUE(outcome.state().exists());
    EXPECT_EQ(outcome.state().title, "Rates");
    EXPECT_EQ(outcome.state().content.text, "1");
  }
}

TEST(Document, is_restored_only_to_a_version_it_had) {
  given_events(created()).when(Restore{0, "R", {"1"}, {}}).then_rejected(NotFound{});
  given_events(created()).when(Restore{2, "R", {"1"}, {}}).then_rejected(NotFound{});
}

// --- events that decide did not make -------------------------------------------------------------

TEST(Document, is_left_as_it_is_by_a_recorded_patch_that_does_not_apply) {
  for (const auto* patch :
       {"", "{", "[]", "{\"content\":}", "{\"content\":{\"a\"", "{\"author\":1}"}) {
    const auto before = given_events(created()).state();
    auto after = given_events(created(), Patched{{patch}, {}}).state();
    EXPECT_EQ(after.content, before.content) << patch;
    EXPECT_EQ(after.title, before.title) << patch;
    EXPECT_EQ(after.version, Version{2});
  }
}

TEST(Document, whose_recorded_content_is_damaged_survives_a_patch) {
  for (const auto* content :
       {"", "{", "{\"a", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{]}", "{\"a\":\"\\"})
    EXPECT_EQ(given_events(Created{"R", {content}, "ann"}, Patched{{R"({"content":{"b":1}})"}, {}})
                  .state()
                  .version,
              Version{2})
        << content;
}

TEST(Document, events_are_checked_for_what_decide_would_have_refused) {
  EXPECT_EQ(fault(created()), std::nullopt);
  EXPECT_EQ(fault(Deleted{}), std::nullopt);
  EXPECT_NE(fault(Created{"R", {"{"}, "ann"}), std::nullopt);
  EXPECT_NE(fault(Updated{{}, Json{"01"}, {}}), std::nullopt);
  EXPECT_NE(fault(Patched{{"[]"}, {}}), std::nullopt);
  EXPECT_NE(fault(Restored{1, {}, "R", Json{""}}), std::nullopt);
}

TEST(Document, that_is_deleted_can_be_purged_and_nothing_of_it_is_left) {
  const auto purged = given_events(created(), Updated{"R", Json{"2"}, "bob"}, Deleted{"old", "bob"})
                          .when(Purge{"asked for", "cyd"})
                          .state();
  EXPECT_TRUE(purged.is_purged());
  EXPECT_TRUE(purged.is_deleted);
  EXPECT_EQ(purged.version, Version{4});
  EXPECT_EQ(purged.title + purged.content.text + purged.author, "");
  EXPECT_EQ(purged.last_editor, "cyd");
  EXPECT_EQ(purged.deletion_reason, "asked for");
}

TEST(Document, is_purged_only_where_there_is_something_that_was_deleted) {
  given_events().when(Purge{}).then_rejected(NotFound{});
  given_events(created()).when(Purge{}).then_rejected(NotDeleted{});
  given_events(created(), Deleted{}, Purged{}).when(Purge{}).then_rejected(AlreadyPurged{});
  given_events(created(), Deleted{}, Purged{}).when(Undelete{}).then_rejected(AlreadyPurged{});
  given_events(created(), Deleted{}, Purged{}).when(Delete{}).then_rejected(AlreadyDeleted{});
  given_events(created(), Deleted{}, Purged{})
      .when(Create{"R", {"1"}, "ann"})
      .then(Created{"R", {"1"}, "ann"});
}

TEST(PurgedParts, of_an_event_are_what_its_note_says_or_all_it_could_have_changed) {
  const Event title_alone = Updated{"R", {}, {}};
  EXPECT_EQ(changed_by(title_alone), part::title);
  EXPECT_EQ(lost_with(Updated{}, stub_note(title_alone)), part::title);
  EXPECT_EQ(lost_with(Updated{}, 0), part::title | part::content | part::editor);
  EXPECT_EQ(lost_with(Deleted{}, 0), part::reason | part::editor);
  EXPECT_EQ(lost_with(Created{}, 0), lost_with(Created{}, stub_note(created())));
  EXPECT_TRUE(lost_with(Restored{}, stub_note(Restored{})).none()) << "an undeletion";
  EXPECT_EQ(changed_by(Patched{{R"({"content":{"a":1}})"}, "bob"}), part::content | part::editor);
  EXPECT_EQ(told_by(Patched{{R"({"content":{"a":1},"title":"R"})"}, "bob"}), part::editor)
      << "what it makes depends on what was there";
  EXPECT_TRUE(told_by(created()).all());
  EXPECT_EQ(in_words(part::title | part::content | part::reason),
            "title, content and reason for deletion");
}

TEST(Document, refusals_are_sentences_about_it) {
  EXPECT_EQ(to_string(AlreadyDeleted{}), "is already deleted");
  EXPECT_EQ(to_string(AlreadyExists{}), "already exists");
  EXPECT_EQ(to_string(NotFound{}), "is not there");
  EXPECT_EQ(to_string(NotDeleted{}), "is not deleted");
  EXPECT_EQ(to_string(AlreadyPurged{}), "was purged: nothing of it is left");
  EXPECT_EQ(to_string(NothingToChange{}), "is left as it is: neither title nor content was given");
  EXPECT_EQ(to_string(TooBig{2, 1}), "would have 2 bytes of title and content; at most 1 are kept");
}

TEST(Document, events_have_their_names_in_a_catalogue) {
  Catalogue catalogue;
  add_to(catalogue);
  EXPECT_EQ(catalogue.of<Created>().name, "document.created");
  EXPECT_EQ(catalogue.of<Updated>().name, "document.updated");
  EXPECT_EQ(catalogue.of<Patched>().name, "document.patched");
  EXPECT_EQ(catalogue.of<Deleted>().name, "document.deleted");
  EXPECT_EQ(catalogue.of<Restored>().name, "document.restored");
  EXPECT_EQ(catalogue.of<Purged>().name, "document.purged");
  const auto event = catalogue.wrap(created());
  EXPECT_EQ(catalogue.unwrap<Created>(event), created());
}

}  // namespace
}  // namespace annal::document
