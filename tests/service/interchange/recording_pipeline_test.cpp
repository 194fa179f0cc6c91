#include "annal/interchange/recording_pipeline.hpp"

#include "service/interchange/imported.hpp"

#include <gtest/gtest.h>

namespace annal {
namespace {

using interchange::ImportReport;
using interchange::ImportStopped;
using interchange::RecordingPipeline;
using test::MemoryStore;

Commit commit_of(const Store& store, const std::string& id, const document::Event& said) {
  Commit commit;
  commit.events.push_back(
      std::visit([&](const auto& payload) { return store.catalogue().wrap(payload); }, said));
  commit.events.back().stream = DocumentKey::of("c", id).stream();
  return commit;
}

document::Created created(const std::string& content) { return {"t", {content}, "ann"}; }
document::Updated updated(const std::string& content) { return {{}, Json{content}, "bob"}; }

TEST(RecordingPipeline, rows_follow_from_commits_that_are_under_way) {
  MemoryStore store;
  ImportReport report;
  RecordingPipeline pipeline(*store, report);
  for (int i = 0; i < 200; ++i) {
    pipeline.submit(commit_of(*store, "x",
                              i == 0 ? document::Event(created("0"))
                                     : document::Event(updated(std::to_string(i)))),
                    "x");
    if (i % 3 == 0) pipeline.submit(commit_of(*store, "y", created(std::to_string(i))), "y");
    if (i % 3 == 1) pipeline.submit(commit_of(*store, "y", document::Deleted{"why", {}}), "y");
    if (i % 3 == 2) pipeline.submit(commit_of(*store, "y", document::Restored{}), "y");
  }
  pipeline.finish();
  EXPECT_EQ(report.commits, 400u);
  EXPECT_EQ(report.events, 400u);
  EXPECT_EQ(report.head, store->log().head());
  EXPECT_TRUE(store->documents().verify_rows().empty());
  EXPECT_EQ(test::documents(*store).at("x"), "199");
}

TEST(RecordingPipeline, a_commit_that_is_refused_takes_none_behind_it_along) {
  MemoryStore store;
  ImportReport report;
  RecordingPipeline pipeline(*store, report);
  pipeline.submit(commit_of(*store, "a", created("1")), "the first");
  auto refused = commit_of(*store, "b", created("1"));
  refused.events[0].tags = {"no tag"};
  try {
    pipeline.submit(std::move(refused), "the second");
    for (const char* id : {"c", "d", "e"}) pipeline.submit(commit_of(*store, id, created("1")), id);
    pipeline.finish();
    FAIL() << "nothing was refused";
  } catch (const ImportStopped& stopped) {
    EXPECT_EQ(std::string(stopped.what()).find("the second was not imported: the tag \"no tag\""),
              0u)
        << stopped.what();
    EXPECT_TRUE(std::holds_alternative<Rejected>(stopped.outcome));
    EXPECT_EQ(stopped.report.commits, 1u);
  }
  EXPECT_EQ(store->log().head(), Position{1});
}

TEST(RecordingPipeline, a_commit_based_on_what_somebody_changed_meanwhile_is_refused) {
  MemoryStore store;
  ImportReport report;
  RecordingPipeline pipeline(*store, report);
  auto commit = commit_of(*store, "a", created("1"));
  commit.conditions.push_back({commit.events[0].stream, ExpectedVersion::exactly({7})});
  pipeline.submit(std::move(commit), "it");
  EXPECT_THROW(pipeline.finish(), ImportStopped);
  EXPECT_EQ(store->log().head(), Position{0});
}

TEST(RecordingPipeline, a_row_that_does_not_know_of_the_newest_event_is_not_relied_on) {
  MemoryStore store;
  store->documents().create(DocumentKey::of("c", "x"), {"t", {"1"}, "ann"});
  store->log().append(commit_of(*store, "x", document::Updated{"by the way", {}, {}}));
  ImportReport report;
  RecordingPipeline pipeline(*store, report);
  pipeline.submit(commit_of(*store, "x", updated("2")), "x");
  pipeline.finish();
  EXPECT_TRUE(store->documents().verify_rows().empty());
  const auto now = std::get<FoundDocument>(store->documents().get(DocumentKey::of("c", "x")));
  EXPECT_EQ(now.document.state.title, "by the way");
}

TEST(RecordingPipeline, refuses_an_event_no_document_can_follow) {
  MemoryStore store;
  ImportReport report;
  RecordingPipeline pipeline(*store, report);
  EXPECT_THROW(pipeline.submit(commit_of(*store, "x", created("no json")), "x"), InvalidInput);
  auto broken = commit_of(*store, "x", created("1"));
  broken.events[0].data.pop_back();
  EXPECT_THROW(pipeline.submit(std::move(broken), "x"), InvalidInput);
}

TEST(RecordingPipeline, waits_when_as_much_is_under_way_as_may_be) {
  MemoryStore store;
  ImportReport report;
  RecordingPipeline pipeline(*store, report, {2, 100});
  for (int i = 0; i < 50; ++i) {
    pipeline.submit(commit_of(*store, std::to_string(i), created("1")), "it");
    EXPECT_GE(report.commits + 2, static_cast<std::uint64_t>(i));
  }
  pipeline.finish();
  EXPECT_EQ(report.commits, 50u);
}

TEST(RecordingPipeline, stops_at_a_commit_with_another_hash_than_it_had) {
  MemoryStore store;
  ImportReport report;
  RecordingPipeline pipeline(*store, report);
  pipeline.submit(commit_of(*store, "x", created("1")), "the first", Hash{});
  pipeline.submit(commit_of(*store, "y", created("1")), "the second");
  try {
    pipeline.finish();
    FAIL() << "no hash was missed";
  } catch (const ImportStopped& stopped) {
    EXPECT_EQ(std::string(stopped.what()).find("the first was imported behind what somebody else"),
              0u)
        << stopped.what();
    EXPECT_TRUE(std::holds_alternative<Unknown>(stopped.outcome));
    EXPECT_EQ(stopped.report.commits, 2u) << "the second was under way";
  }
  EXPECT_EQ(store->log().head(), Position{2});
}

TEST(RecordingPipeline, waits_for_its_own_commits_where_the_queue_is_full) {
  OpenOptions options;
  options.queue_requests = 4;
  const auto store = open_ephemeral(options);
  ImportReport report;
  RecordingPipeline pipeline(*store, report);
  for (int i = 0; i < 500; ++i)
    pipeline.submit(commit_of(*store, std::to_string(i), created("1")), "it");
  pipeline.finish();
  EXPECT_EQ(report.commits, 500u);
}

class BrokenRandomness : public test::SeededRandomness {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    if (is_broken) throw StorageError("no randomness");
    SeededRandomness::fill(bytes);
  }
  bool is_broken = false;
};

TEST(RecordingPipeline, does_not_wait_for_a_commit_the_log_has_thrown_at) {
  BrokenRandomness randomness;
  OpenOptions options;
  options.randomness = &randomness;
  const auto store = open_ephemeral(options);
  ImportReport report;
  RecordingPipeline pipeline(*store, report);
  randomness.is_broken = true;
  EXPECT_THROW(pipeline.submit(commit_of(*store, "x", created("1")), "it"), StorageError);
  pipeline.finish();
  EXPECT_EQ(report.commits, 0u);
}

}  // namespace
}  // namespace annal
