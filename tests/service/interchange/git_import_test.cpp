#include "annal/interchange/git_import.hpp"

#include "service/interchange/imported.hpp"
#include "thoroughness.hpp"

#include <gtest/gtest.h>

namespace annal {
namespace {

using interchange::ImportCheckpoint;
using test::MemoryStore;
using test::StreamText;

std::string sha(unsigned number) { return StreamText::sha(number); }
std::string file(const std::string& path, const std::string& text) {
  return StreamText::file(path, text);
}

std::vector<Envelope> events_of(const EventLog& log, unsigned commit) {
  return test::tagged(log, "commit:" + sha(commit));
}

std::string fault_of_history(Store& store, const std::string& stream) {
  try {
    test::import_git(store, stream);
    return "nothing";
  } catch (const InvalidInput& error) {
    return error.what();
  }
}

// A version of a folder: many files with a text of their own.
std::vector<std::string> many_files(std::size_t count, const std::string& text) {
  std::vector<std::string> changes;
  for (std::size_t i = 0; i < count; ++i)
    changes.push_back(file("d/f" + std::to_string(i), text + ' ' + std::to_string(i) + '\n'));
  return changes;
}

TEST(GitImport, an_event_carries_author_message_tag_and_time_of_its_commit) {
  MemoryStore store;
  test::import_git(*store, StreamText().commit(1, {file("a/b.txt", "text\n")}).text());
  const auto events = events_of(store->log(), 1);
  ASSERT_EQ(events.size(), 2u);
  const Envelope& event = events.front();
  EXPECT_EQ(event.type, "document.created");
  EXPECT_EQ(event.stream, "document/c/a/b.txt");
  EXPECT_EQ(event.source, "git");
  EXPECT_EQ(event.tags, std::vector<std::string>{"commit:" + sha(1)});
  EXPECT_EQ(event.meta("author"), "Ann");
  EXPECT_EQ(event.meta("email"), "ann@example.com");
  EXPECT_EQ(event.meta("message"), "commit 1\n");
  EXPECT_EQ(event.occurred_at, Timestamp{std::chrono::seconds{1'700'000'000}});
  EXPECT_EQ(event.recorded_at, Timestamp{std::chrono::seconds{1'700'000'000}});
  EXPECT_EQ(store->catalogue().unwrap<document::Created>(event),
            (document::Created{"b.txt", {R"("text\n")"}, "Ann"}));
}

TEST(GitImport, a_checkpoint_closes_every_commit_also_one_that_changes_nothing) {
  MemoryStore store;
  test::import_git(*store, StreamText().commit(1, {}).text());
  const auto events = events_of(store->log(), 1);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].type, "import.checkpoint");
  EXPECT_EQ(events[0].stream, "import/git/c");
  const auto checkpoint = decode<ImportCheckpoint>(events[0].data);
  EXPECT_EQ(checkpoint,
            (ImportCheckpoint{sha(1), "Ann", "ann@example.com", "1600000000 +0000", "Cleo",
                              "cleo@example.com", "1700000000 +0000", "commit 1\n", 0, 0}));
  EXPECT_EQ(resolve(AtTag{"commit:" + sha(1)}, store->log()), events[0].position);
}

TEST(GitImport, the_log_can_tell_the_fields_of_a_checkpoint) {
  MemoryStore store;
  test::import_git(*store, StreamText().commit(1, {}).text());
  for (const auto& type : store->log().type_descriptions())
    if (type.type == "import.checkpoint") {
      EXPECT_EQ(type.fields, describe<ImportCheckpoint>());
      return;
    }
  FAIL() << "import.checkpoint was not declared";
}

TEST(GitImport, a_program_that_lists_the_checkpoint_reads_it_as_a_type_of_its_own) {
  MemoryStore store;
  test::import_git(*store, StreamText().commit(1, {file("x", "1")}).text());
  Catalogue catalogue;
  interchange::add_to(catalogue);
  const auto checkpoint = catalogue.unwrap<ImportCheckpoint>(*store->log().event_at({2}));
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->commit, sha(1));
  EXPECT_EQ(checkpoint->documents, 1u);
}

TEST(GitImport, changes_become_created_updated_and_deleted) {
  MemoryStore store;
  test::import_git(*store, StreamText()
                               .commit(1, {file("x", "1"), file("y", "1")})
                               .commit(2, {file("x", "2"), "D y"})
                               .commit(3, {file("y", "3")})
                               .text());
  const auto second = events_of(store->log(), 2);
  ASSERT_EQ(second.size(), 3u);
  EXPECT_EQ(store->catalogue().unwrap<document::Updated>(second[0]),
            (document::Updated{{}, Json{R"("2")"}, "Ann"}));
  EXPECT_EQ(store->catalogue().unwrap<document::Deleted>(second[1]),
            (document::Deleted{"deleted in 000000000000", "Ann"}));
  const auto third = events_of(store->log(), 3);
  EXPECT_EQ(third[0].type, "document.created");
  EXPECT_EQ(third[0].version, Version{3});
}

TEST(GitImport, content_that_stays_what_it_was_is_no_event) {
  MemoryStore store;
  test::import_git(*store, StreamText()
                               .commit(1, {file("x", "1")})
                               .commit(2, {"M 100755 inline x\ndata 1\n1"})
                               .commit(3, {file("x", "2"), "R x y", "R y x", file("x", "1")})
                               .text());
  EXPECT_EQ(events_of(store->log(), 2).size(), 1u);
  EXPECT_EQ(events_of(store->log(), 3).size(), 1u);
}

TEST(GitImport, an_executable_file_is_marked) {
  MemoryStore store;
  test::import_git(*store, StreamText().commit(1, {"M 100755 inline x\ndata 1\n1"}).text());
  EXPECT_EQ(events_of(store->log(), 1)[0].meta("mode"), "100755");
}

TEST(GitImport, a_long_message_is_whole_in_the_checkpoint_only) {
  std::string stream = StreamText().commit(1, {file("x", "1")}).text();
  const std::string message(5000, 'm');
  stream.replace(stream.find("data 9\ncommit 1\n"), 16, "data 5000\n" + message);
  MemoryStore store;
  test::import_git(*store, stream);
  const auto events = events_of(store->log(), 1);
  EXPECT_EQ(events[0].meta("message"), message.substr(0, 1021) + "…");
  EXPECT_EQ(decode<ImportCheckpoint>(events[1].data).message, message);
}

TEST(GitImport, time_of_recording_never_goes_back_and_what_was_moved_is_counted) {
  MemoryStore store;
  const auto report = test::import_git(*store, StreamText()
                                                   .commit(1, {}, 1'700'000'000)
                                                   .commit(2, {}, 1'600'000'000)
                                                   .commit(3, {}, 1'700'000'001)
                                                   .text());
  EXPECT_EQ(report.clamped, 1u);
  const auto events = test::all_events(store->log());
  EXPECT_EQ(events[1].recorded_at, events[0].recorded_at + std::chrono::microseconds(1));
  EXPECT_EQ(events[1].occurred_at, Timestamp{std::chrono::seconds{1'600'000'000}});
  EXPECT_EQ(events[2].recorded_at, Timestamp{std::chrono::seconds{1'700'000'001}});
}

TEST(GitImport, a_commit_over_the_limits_becomes_several_closed_by_one_checkpoint) {
  MemoryStore store;
  const auto report =
      test::import_git(*store, StreamText().commit(1, many_files(2100, "one")).text());
  EXPECT_EQ(report.source_commits, 1u);
  EXPECT_EQ(report.commits, 3u);
  EXPECT_EQ(report.events, 2101u);
  EXPECT_EQ(test::all_events(store->log()).back().type, "import.checkpoint");
  EXPECT_EQ(resolve(AtTag{"commit:" + sha(1)}, store->log()), store->log().head());
  EXPECT_EQ(test::documents(*store).size(), 2100u);
}

TEST(GitImport, large_files_are_spread_over_commits_together_with_their_rows) {
  StreamText stream;
  std::vector<std::string> created, removed;
  for (char name = 'a'; name < 'k'; ++name) {
    created.push_back(file(std::string(1, name), std::string(1'000'000, name)));
    removed.push_back("D " + std::string(1, name));
  }
  MemoryStore store;
  const auto report = test::import_git(*store, stream.commit(1, created).commit(2, removed).text());
  EXPECT_EQ(report.commits, 3u + 2u);
  EXPECT_TRUE(test::documents(*store).empty());
  EXPECT_EQ(test::documents(*store, "c", Point{AtTag{"commit:" + sha(1)}}).size(), 10u);
}

TEST(GitImport, run_again_changes_nothing) {
  MemoryStore store;
  const auto stream = StreamText().commit(1, {file("x", "1")}).commit(2, {file("x", "2")}).text();
  test::import_git(*store, stream);
  const auto before = test::sayings(store->log());
  const auto report = test::import_git(*store, stream);
  EXPECT_EQ(report.already_present, 2u);
  EXPECT_EQ(report.commits, 0u);
  EXPECT_EQ(test::sayings(store->log()), before);
}

// A history whose commits are too large for one annal commit, with renames of what came before.
std::string history_in_parts() {
  StreamText stream;
  stream.commit(1, {file("keep", "k"), file("old/a", "a")});
  auto second = many_files(1050, "one");
  second.push_back("R old new");
  stream.commit(2, second);
  auto third = many_files(20, "two");
  third.insert(third.begin() + 10, {"R d e", "M 160000 " + sha(7) + " e/f3"});
  third.push_back("R keep kept");
  third.push_back("D new/a");
  stream.commit(3, third);
  stream.commit(4, {"R e f", "C kept copied", file("f/f4", "three")});
  return stream.text();
}

TEST(GitImport, cut_off_behind_any_commit_and_run_again_gives_the_same_log) {
  const std::string stream = history_in_parts();
  MemoryStore whole;
  test::import_git(*whole, stream);
  const auto expected = test::sayings(whole->log());
  const auto commits = test::all_commits(whole->log()).size();
  ASSERT_EQ(commits, 9u);
  for (std::size_t cut = 0; cut <= commits; cut += test::fault_stride) {
    auto part = test::beginning_of(whole, cut);
    test::import_git(**part, stream);
    ASSERT_EQ(test::sayings((*part)->log()), expected) << "cut off behind commit " << cut;
    EXPECT_TRUE((*part)->documents().verify_rows().empty()) << "cut off behind commit " << cut;
  }
}

TEST(GitImport, cut_off_while_only_new_commits_are_given_it_goes_on_as_well) {
  std::string stream = history_in_parts();
  MemoryStore whole;
  test::import_git(*whole, stream);
  stream.erase(0, stream.find("commit refs", stream.find("original-oid " + sha(3))));
  for (const std::size_t cut : {6, 7, 8}) {
    auto part = test::beginning_of(whole, cut);
    test::import_git(**part, stream);
    EXPECT_EQ(test::documents(**part), test::documents(*whole)) << "cut off behind commit " << cut;
    EXPECT_EQ((*part)->log().head(), whole->log().head()) << "cut off behind commit " << cut;
    EXPECT_TRUE((*part)->documents().verify_rows().empty()) << "cut off behind commit " << cut;
  }
}

TEST(GitImport, a_long_history_of_one_file_keeps_snapshots) {
  StreamText stream;
  for (unsigned i = 1; i <= 450; ++i) stream.commit(i, {file("x", std::to_string(i))});
  MemoryStore store;
  test::import_git(*store, stream.text());
  const auto then =
      store->documents().get(DocumentKey::of("c", "x"), Point{AtTag{"commit:" + sha(299)}});
  EXPECT_EQ(std::get<FoundDocument>(then).document.state.content.text, R"("299")");
  EXPECT_TRUE(store->documents().verify_rows().empty());
  RecordRequest snapshots;
  snapshots.space = "snapshots";
  snapshots.prefix = "document/c/x@";
  EXPECT_EQ(store->log().records(snapshots).records.size(), 4u);
}

TEST(GitImport, what_people_changed_in_between_is_overwritten_where_git_goes_on) {
  const auto first = StreamText().commit(1, {file("x", "1"), file("y", "1")});
  auto both = first;
  both.commit(2, {file("x", "2"), file("z", "git")});
  MemoryStore store;
  test::import_git(*store, first.text());
  auto& documents = store->documents();
  documents.update(DocumentKey::of("c", "x"), {{}, Json{R"("mine")"}, "bob"});
  documents.remove(DocumentKey::of("c", "y"), {"mine too", "bob"});
  documents.create(DocumentKey::of("c", "z"), {"z", {R"("mine")"}, "bob"});
  test::import_git(*store, both.text());
  EXPECT_EQ(test::documents(*store),
            (std::map<std::string, std::string>{{"x", R"("2")"}, {"z", R"("git")"}}));
  EXPECT_TRUE(documents.verify_rows().empty());
}

TEST(GitImport, documents_that_were_there_before_are_no_files_of_the_repository) {
  MemoryStore store;
  store->documents().create(DocumentKey::of("c", "mine"), {"mine", {"1"}, "bob"});
  store->documents().create(DocumentKey::of("c", "d/mine"), {"mine", {"1"}, "bob"});
  test::import_git(
      *store, StreamText().commit(1, {file("d/x", "1"), "D d"}).commit(2, {"deleteall"}).text());
  EXPECT_EQ(test::documents(*store).size(), 2u);
}

// What an export gives that begins behind the commits before this one.
std::string from_commit(unsigned number, std::string stream) {
  return stream.erase(0, stream.rfind("commit refs", stream.find("original-oid " + sha(number))));
}

TEST(GitImport, what_people_made_is_no_file_of_the_history_that_goes_on) {
  MemoryStore store;
  StreamText stream;
  stream.commit(1, {file("x", "1"), file("gone", "1")}).commit(2, {"D gone"});
  test::import_git(*store, stream.text());
  auto& documents = store->documents();
  documents.create(DocumentKey::of("c", "mine"), {"mine", {"1"}, "bob"});
  documents.create(DocumentKey::of("c", "gone"), {"mine now", {"1"}, "bob"});
  documents.update(DocumentKey::of("c", "x"), {{}, Json{R"("mine too")"}, "bob"});
  stream.commit(3, {"deleteall", file("y", "1")});
  test::import_git(*store, from_commit(3, stream.text()));
  EXPECT_EQ(test::documents(*store),
            (std::map<std::string, std::string>{{"gone", "1"}, {"mine", "1"}, {"y", R"("1")"}}));
  EXPECT_TRUE(documents.verify_rows().empty());
}

TEST(GitImport, goes_on_behind_a_history_that_came_with_the_log_of_another_store) {
  MemoryStore first, second(2);
  StreamText stream;
  stream.commit(1, {file("x", "1")}).commit(2, {file("x", "2")});
  test::import_git(*first, stream.text());
  second->documents().create(DocumentKey::of("other", "a"), {"", {"1"}, "me"});
  test::import_lines(*second, test::export_lines(first->log()));
  stream.commit(3, {file("x", "3")});
  const auto report = test::import_git(*second, stream.text());
  EXPECT_EQ(report.already_present, 2u);
  EXPECT_EQ(report.commits, 1u);
  EXPECT_EQ(test::documents(*second).at("x"), R"("3")");
  EXPECT_EQ(test::import_git(*second, stream.text()).already_present, 3u);
}

TEST(GitImport, one_repository_fits_into_two_collections) {
  MemoryStore store;
  const auto stream = StreamText().commit(1, many_files(1200, "one")).commit(2, {"D d/f1"}).text();
  test::import_git(*store, stream, "a");
  test::import_git(*store, stream, "b with space");
  EXPECT_EQ(test::documents(*store, "a").size(), 1199u);
  EXPECT_EQ(test::documents(*store, "b with space").size(), 1199u);
}

TEST(GitImport, another_line_of_history_is_refused_and_changes_nothing) {
  MemoryStore store;
  test::import_git(*store,
                   StreamText().commit(1, {file("x", "1")}).commit(2, {file("x", "2")}).text());
  const auto head = store->log().head();
  EXPECT_EQ(
      fault_of_history(*store,
                       StreamText().commit(1, {file("x", "1")}).commit(3, {file("x", "3")}).text()),
      "fast-export stream, line 11: the commit " + sha(3) + " follows " + sha(1) +
          ", and the collection c holds history up to " + sha(2) +
          ": import the whole line of history, each line into a collection of its own (1 commits "
          "before it are in the store)");
  EXPECT_EQ(store->log().head(), head);
}

TEST(GitImport, a_stream_that_begins_in_the_middle_is_refused) {
  MemoryStore store;
  auto stream = StreamText().commit(1, {}).commit(2, {file("x", "2")}).text();
  stream.erase(0, stream.find("commit refs", 1));
  EXPECT_NE(fault_of_history(*store, stream).find("holds no history yet"), std::string::npos);
  EXPECT_EQ(store->log().head(), Position{0});
}

TEST(GitImport, branches_side_by_side_are_refused) {
  MemoryStore store;
  EXPECT_NE(
      fault_of_history(*store, StreamText().commit(1, {}).text() + "reset refs/heads/main\n\n" +
                                   StreamText().commit(3, {}).text())
          .find("does not follow the one before it"),
      std::string::npos);
}

TEST(GitImport, a_commit_that_names_no_other_follows_the_one_before_on_its_branch) {
  MemoryStore store;
  const auto report = test::import_git(*store, StreamText().commit(1, {file("x", "1")}).text() +
                                                   StreamText().commit(2, {"D x"}).text());
  EXPECT_EQ(report.commits, 2u);
  EXPECT_TRUE(test::documents(*store).empty());
}

TEST(GitImport, a_fault_leaves_the_commits_before_it_and_tells_how_many) {
  MemoryStore store;
  const auto stream = StreamText().commit(1, {file("x", "1")}).commit(2, {"M 100644 :5 x"}).text();
  EXPECT_EQ(fault_of_history(*store, stream),
            "fast-export stream, line 18: the stream holds no blob with the mark :5 (1 commits "
            "before it are "
            "in the store)");
  EXPECT_EQ(test::documents(*store).at("x"), R"("1")");
  EXPECT_TRUE(events_of(store->log(), 2).empty());
}

TEST(GitImport, asks_for_what_the_export_left_out) {
  MemoryStore store;
  auto nameless = StreamText().commit(1, {}).text();
  nameless.erase(nameless.find("original-oid"),
                 nameless.find("author") - nameless.find("original-oid"));
  EXPECT_NE(fault_of_history(*store, nameless).find("export it with --show-original-ids"),
            std::string::npos);
  EXPECT_NE(fault_of_history(*store, StreamText().commit(1, {"M 100644 " + sha(9) + " x"}).text())
                .find("export it without --no-data"),
            std::string::npos);
  EXPECT_NE(fault_of_history(*store, StreamText().commit(1, {"M 040000 " + sha(9) + " x"}).text())
                .find("export files, not folders"),
            std::string::npos);
  EXPECT_EQ(store->log().head(), Position{0});
}

TEST(GitImport, a_blob_is_found_by_the_name_of_its_object_too) {
  MemoryStore store;
  test::import_git(
      *store, "blob\nmark :1\noriginal-oid " + sha(9) + "\ndata 2\nok\n" +
                  StreamText().commit(1, {"M 100644 " + sha(9) + " x", "M 120000 :1 y"}).text());
  EXPECT_EQ(test::documents(*store),
            (std::map<std::string, std::string>{{"x", R"("ok")"}, {"y", R"({"symlink":"ok"})"}}));
}

TEST(GitImport, a_collection_that_cannot_be_one_is_refused) {
  MemoryStore store;
  EXPECT_THROW(test::import_git(*store, "", ".."), InvalidInput);
  EXPECT_THROW(test::import_git(*store, "", "a/b"), InvalidInput);
}

TEST(GitImport, tells_how_far_it_has_come) {
  MemoryStore store;
  std::vector<std::uint64_t> commits;
  std::istringstream in(StreamText().commit(1, {}).commit(2, {}).text());
  interchange::GitImport(
      *store, {"c", [&](const auto& progress) { commits.push_back(progress.source_commits); }, {}})
      .run(in);
  EXPECT_EQ(commits, (std::vector<std::uint64_t>{1, 2}));
}

TEST(GitImport, names_the_folder_that_takes_no_temporary_files) {
  MemoryStore store;
  std::istringstream in("");
  EXPECT_THROW(interchange::GitImport(*store, {"c", {}, "/nowhere/at/all"}).run(in), CannotOpen);
}

}  // namespace
}  // namespace annal
