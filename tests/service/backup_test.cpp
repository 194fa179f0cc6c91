// Stores made of backups, as a whole and up to a point of their history.
#include "annal/backup/backup.hpp"

#include "annal/error.hpp"
#include "annal/log/subscription.hpp"
#include "annal/sqlite/identity.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "service/store_fixture.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <set>

namespace annal::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Restoration : public testing::Test {
 protected:
  Restoration() {
    store = open_at(backup);
    for (int i = 1; i <= 120; ++i)
      put("orders/" + std::to_string(i % 4), std::to_string(i));  // enough for snapshots
    then = head_receipt(store->log());
    was = documents_of(*store);
    Commit both;  // one commit of two events
    both.events = {event("wall/1"), event("wall/2")};
    both.idempotency_key = "later";
    must(store->log().append(std::move(both)));
    put("orders/1", "\"changed later\"");
    put("orders/new", "1");
  }

  std::unique_ptr<Store> open_at(const fs::path& path,
                                 OpenOptions::Mode mode = OpenOptions::Mode::read_write) {
    OpenOptions options;
    options.mode = mode;
    options.clock = &clock;
    options.randomness = &randomness;
    return annal::open(path, std::move(options));
  }

  void put(const std::string& name, const std::string& content) {
    clock.advance(std::chrono::seconds{1});
    const auto outcome =
        store->documents().put(DocumentKey::parse(name), {"Order", {content}, "ann"});
    ASSERT_TRUE(std::holds_alternative<Changed>(outcome));
  }

  static Envelope event(const std::string& stream) {
    Envelope event;
    event.stream = stream;
    event.type = "wall.painted";
    return event;
  }

  static Appended must(AppendOutcome outcome) {
    EXPECT_TRUE(std::holds_alternative<Appended>(outcome));
    return std::holds_alternative<Appended>(outcome) ? std::get<Appended>(outcome) : Appended{};
  }

  static std::map<std::string, std::string> documents_of(Store& store) {
    std::map<std::string, std::string> documents;
    ListRequest all;
    all.collection = "orders";
    for (const auto& document : store.documents().list(all).documents)
      documents[document.key.to_string()] = document.state.content.text;
    return documents;
  }

  RestoreOptions options_at(std::optional<Point> at) {
    RestoreOptions options;
    options.at = std::move(at);
    options.clock = &clock;
    options.randomness = &randomness;
    return options;
  }
  RestoreReport restore(std::optional<Point> at = {}) {
    const auto report = restore_store(backup, restored, options_at(std::move(at)));
    EXPECT_TRUE(report);
    return report.value_or(RestoreReport{});
  }
  std::string refusal(std::optional<Point> at) {
    try {
      restore_store(backup, restored, options_at(std::move(at)));
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was thrown";
  }

  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder.path()))
      if (const auto name = entry.path().filename().string(); name.starts_with("restored"))
        names.insert(name);
    return names;
  }

  ManualClock clock;
  SeededRandomness randomness;
  TemporaryFolder folder{place_in_memory()};
  const fs::path backup = folder / "backup.db", restored = folder / "restored.db";
  std::unique_ptr<Store> store;
  Receipt then;
  std::map<std::string, std::string> was;
};

Point at(Position position) { return AtPosition{position}; }

}  // namespace

TEST_F(Restoration, without_a_point_is_the_same_log_with_all_its_records) {
  const Receipt head = head_receipt(store->log());
  const auto documents = documents_of(*store);
  const auto report = restore();
  EXPECT_EQ(report.head, head);
  EXPECT_EQ(files(), std::set<std::string>{"restored.db"});
  const auto there = open_at(restored, OpenOptions::Mode::read_only);
  EXPECT_EQ(receipt_of(there->log().verify()), head);
  EXPECT_EQ(documents_of(*there), documents);
}

TEST_F(Restoration, to_a_point_is_the_log_and_the_documents_as_they_were) {
  const auto report = restore(at(then.position));
  EXPECT_EQ(report.head, then);
  EXPECT_EQ(files(), std::set<std::string>{"restored.db"});
  const auto there = open_at(restored, OpenOptions::Mode::read_only);
  EXPECT_EQ(receipt_of(there->log().verify()), then);
  EXPECT_EQ(documents_of(*there), was);
  EXPECT_THAT(there->documents().verify_rows(), IsEmpty());
  for (std::uint64_t position : {std::uint64_t{1}, std::uint64_t{60}, then.position.value})
    EXPECT_EQ(there->log().event_at({position})->hash, store->log().event_at({position})->hash);
  EXPECT_EQ(there->log().commit_at(then.position).recorded_at,
            store->log().commit_at(then.position).recorded_at);
}

TEST_F(Restoration, to_a_time_is_what_was_recorded_by_then) {
  const Timestamp time = store->log().commit_at(then.position).recorded_at;
  EXPECT_EQ(restore(AtTime{time}).head, then);
}

TEST_F(Restoration, goes_on_under_an_id_of_its_own_that_tells_where_it_came_from) {
  restore(at(then.position));
  const auto from = sqlite::identity_of(backup), there = sqlite::identity_of(restored);
  EXPECT_NE(there.store_id, from.store_id);
  EXPECT_EQ(there.restored_from, from.store_id + ' ' + then.to_string());
  store = open_at(restored);
  put("orders/1", "\"another future\"");
  EXPECT_EQ(store->log().head(), next(then.position));
  EXPECT_TRUE(store->log().verify().faults.empty());
}

TEST_F(Restoration, knows_the_keys_up_to_the_point_and_no_later_ones) {
  Commit early;
  early.events = {event("wall/3")};
  early.idempotency_key = "early";
  store.reset();
  fs::rename(backup, folder / "whole.db");
  restore_store(folder / "whole.db", backup, options_at(at(then.position)));
  store = open_at(backup);
  const Appended first = must(store->log().append(early));
  restore(at(first.last));

  store = open_at(restored);
  const Appended again = must(store->log().append(early));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.hash, first.hash);
  EXPECT_FALSE(store->log().find_commit("later"));
}

TEST_F(Restoration, inside_of_a_commit_is_refused_and_names_its_bounds) {
  const auto message = refusal(at(next(then.position)));
  EXPECT_THAT(message, HasSubstr("inside of a commit"));
  EXPECT_THAT(message, HasSubstr("name " + std::to_string(then.position.value) + " or " +
                                 std::to_string(then.position.value + 2)));
  EXPECT_THAT(refusal(at({100'000})), HasSubstr("100000"));
  EXPECT_EQ(files(), std::set<std::string>{});
}

TEST_F(Restoration, refuses_a_place_where_something_is) {
  std::ofstream(restored) << "mine";
  EXPECT_THAT(refusal(at(then.position)), HasSubstr("exists already"));
  EXPECT_THAT(refusal({}), HasSubstr("exists already"));
  std::string content;
  std::ifstream(restored) >> content;
  EXPECT_EQ(content, "mine");
}

TEST_F(Restoration, takes_subscriptions_back_and_forgets_what_they_put_aside_later) {
  const Position head = store->log().head();
  SubscriptionOptions options{.name = "mails"};
  options.retry.attempts = 1;
  {
    Subscription mails(store->log(), options, [&](const Envelope& event) {
      if (event.position == then.position || event.position == head) throw std::runtime_error("no");
    });
    ASSERT_TRUE(mails.wait_until(head, std::chrono::seconds{60}));
    ASSERT_EQ(mails.status().parked, 2u);
  }
  const auto report = restore(at(then.position));
  ASSERT_EQ(report.subscriptions.size(), 1u);
  EXPECT_EQ(report.subscriptions.front().name, "mails");
  EXPECT_EQ(report.subscriptions.front().was, head);

  store = open_at(restored);
  std::vector<Position> came;
  Subscription mails(store->log(), options,
                     [&](const Envelope& event) { came.push_back(event.position); });
  EXPECT_EQ(mails.status().checkpoint, then.position);
  EXPECT_EQ(mails.status().parked, 1u);
  put("orders/1", "\"another future\"");
  ASSERT_TRUE(mails.wait_until(next(then.position), std::chrono::seconds{60}));
  mails.close();
  EXPECT_THAT(came, ElementsAre(next(then.position)));
}

TEST_F(Restoration, keeps_what_was_tracked_if_it_was_so_then_and_says_what_it_forgets) {
  const auto track = [&](const std::string& source, std::uint64_t position) {
    Commit commit;
    commit.events = {event("wall/9")};
    commit.tracking = Tracking{source, {position}};
    clock.advance(std::chrono::seconds{1});
    return must(store->log().append(std::move(commit))).last;
  };
  track("old", 7);
  const Position end = track("moved", 1);
  track("moved", 2);
  const auto report = restore(at(end));
  EXPECT_THAT(report.sources, ElementsAre("moved"));
  const auto there = open_at(restored, OpenOptions::Mode::read_only);
  EXPECT_EQ(there->log().tracked("old"), Position{7});
  EXPECT_EQ(there->log().tracked("moved"), Position{0});
}

TEST_F(Restoration, names_records_that_another_program_has_to_make_anew) {
  store.reset();
  sqlite::Options options;
  options.spaces = {{"totals", {}}, {"by_plan", {}, PlainTable{"plan", "count"}}};
  sqlite::open(backup, options);
  EXPECT_THAT(restore(at(then.position)).spaces, ElementsAre("by_plan", "totals"));
}

TEST_F(Restoration, that_is_stopped_leaves_nothing_behind) {
  for (const auto& point : {std::optional<Point>(), std::optional<Point>(at(then.position))})
    for (const auto step : {BackupProgress::Step::copying, BackupProgress::Step::checking}) {
      std::stop_source stop;
      auto options = options_at(point);
      options.stop = stop.get_token();
      options.progress = [&](const BackupProgress& progress) {
        if (progress.step == step) stop.request_stop();
      };
      EXPECT_FALSE(restore_store(backup, restored, options));
      EXPECT_EQ(files(), std::set<std::string>{});
    }
}

TEST_F(Restoration, of_a_store_that_is_written_meanwhile_is_as_it_was_when_it_began) {
  const Receipt begun = head_receipt(store->log());
  auto options = options_at({});
  bool written = false;
  options.progress = [&](const BackupProgress&) {
    if (std::exchange(written, true)) return;
    put("orders/1", "\"meanwhile\"");
  };
  EXPECT_EQ(restore_store(backup, restored, options)->head, begun);
}

}  // namespace annal::test
