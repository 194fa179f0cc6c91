// Stores opened, closed and opened again, and what is told on their buses.
#include "store_fixture.hpp"

#include <fstream>
#include <latch>
#include <thread>

namespace annal {
namespace {

using test::rejected_for;

struct Painted {
  std::string colour;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(colour));
  }
};

class StoreOfEitherKind : public test::StoreTest {};

TEST_P(StoreOfEitherKind, tells_subscribers_what_was_recorded_in_order) {
  std::vector<std::string> told;
  const auto connection = store->bus().subscribe(
      TopicPattern::of("document.*"), [&](const Envelope& event) { told.push_back(event.type); });
  create();
  update("2");
  remove();
  ASSERT_TRUE(store->dispatcher().wait_until(head(), std::chrono::seconds{60}));
  EXPECT_EQ(told,
            (std::vector<std::string>{"document.created", "document.updated", "document.deleted"}));
  const auto recent = store->bus().history({.limit = 2});
  ASSERT_EQ(recent.size(), 2u);
  EXPECT_EQ(recent[0].type, "document.deleted");
}

TEST_P(StoreOfEitherKind, lists_the_programs_own_types_beside_its_own) {
  OpenOptions options;
  options.types = [](Catalogue& catalogue) { catalogue.add<Painted>("wall.painted"); };
  open(options);
  Commit commit;
  commit.events.push_back(store->catalogue().wrap(Painted{"red"}));
  commit.events.back().stream = "wall/1";
  ASSERT_TRUE(std::holds_alternative<Appended>(store->log().append(commit)));
  std::vector<std::string> declared;
  for (const auto& type : store->log().type_descriptions()) declared.push_back(type.type);
  for (const auto* type : {"document.created", "error.raised", "wall.painted"})
    EXPECT_NE(std::find(declared.begin(), declared.end(), type), declared.end()) << type;
}

TEST_P(StoreOfEitherKind, logs_that_it_is_ahead_of_the_clock) {
  if (GetParam() == test::Backend::memory) return;  // begins with the clock
  create();
  clock.advance(-std::chrono::hours(30) - std::chrono::minutes(1));
  std::vector<std::string> lines;
  OpenOptions options;
  options.log_lines = [&](Severity, std::string_view line) { lines.emplace_back(line); };
  open(std::move(options));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("30 hours ahead of this machine's clock"), std::string::npos) << lines[0];
}

TEST_P(StoreOfEitherKind, refuses_a_programs_type_that_takes_the_name_of_one_of_its_own) {
  OpenOptions options;
  options.types = [](Catalogue& catalogue) { catalogue.add<Painted>("document.created"); };
  EXPECT_THROW(open(options), ConfigurationError);
}

TEST_P(StoreOfEitherKind, reads_its_clock) {
  EXPECT_EQ(store->clock().now(), clock.now());
  EXPECT_FALSE(store->read_only());
}

TEST_P(StoreOfEitherKind, closes_while_events_are_still_to_be_told) {
  std::latch telling{1}, closing{1};
  int told = 0;
  auto connection = store->bus().subscribe(TopicPattern::of("document.*"), [&](const Envelope&) {
    if (++told == 1) telling.count_down();
    closing.wait();
  });
  for (int i = 0; i < 50; ++i) create("orders/" + std::to_string(i));
  telling.wait();
  std::thread closer([&] { store.reset(); });
  closing.count_down();
  closer.join();
  EXPECT_GE(told, 1);
  EXPECT_LE(told, 50);
}

ON_BOTH_LOGS(StoreOfEitherKind);

class StoreInAFile : public testing::Test {
 protected:
  std::unique_ptr<Store> open(OpenOptions::Mode mode = OpenOptions::Mode::read_write) {
    OpenOptions options;
    options.mode = mode;
    options.clock = &clock;
    options.randomness = &randomness;
    return annal::open(folder / "orders.db", options);
  }

  test::ManualClock clock;
  test::SeededRandomness randomness;
  test::TemporaryFolder folder;
  const DocumentKey key = DocumentKey::parse("orders/7");
};

TEST_F(StoreInAFile, is_the_same_when_opened_again) {
  auto store = open();
  store->documents().create(key, {"T", {"1"}, "ann"});
  clock.advance(std::chrono::seconds{1});
  store->documents().update(key, {{}, Json{"2"}, "bob"});
  const auto before = std::get<FoundDocument>(store->documents().get(key)).document;
  store.reset();
  store = open();
  const auto after = std::get<FoundDocument>(store->documents().get(key)).document;
  EXPECT_EQ(after.state, before.state);
  EXPECT_EQ(after.position, before.position);
  EXPECT_TRUE(store->documents().verify_rows().empty());
  const auto outcome = store->documents().update(key, {{}, Json{"3"}, "carl"});
  EXPECT_EQ(std::get<Changed>(outcome).version, Version{3});
}

TEST_F(StoreInAFile, remembers_idempotency_keys_when_opened_again) {
  ChangeOptions options;
  options.idempotency_key = "once";
  open()->documents().create(key, {"T", {"1"}, "ann"}, options);
  const auto again = open()->documents().create(key, {"T", {"1"}, "ann"}, options);
  EXPECT_TRUE(std::get<Changed>(again).replayed);
}

TEST_F(StoreInAFile, does_not_tell_again_what_was_told_before) {
  open()->documents().create(key, {"T", {"1"}, "ann"});
  auto store = open();
  std::vector<std::string> told;
  const auto connection = store->bus().subscribe(
      TopicPattern::of("document.*"), [&](const Envelope& event) { told.push_back(event.type); });
  store->documents().update(key, {{}, Json{"3"}, "carl"});
  ASSERT_TRUE(store->dispatcher().wait_until({2}, std::chrono::seconds{60}));
  EXPECT_EQ(told, std::vector<std::string>{"document.updated"});
}

TEST_F(StoreInAFile, opened_for_reading_shows_everything_and_changes_nothing) {
  auto writing = open();
  writing->documents().create(key, {"T", {"1"}, "ann"});
  auto reading = open(OpenOptions::Mode::read_only);
  EXPECT_TRUE(reading->read_only());
  EXPECT_EQ(std::get<FoundDocument>(reading->documents().get(key)).document.state.title, "T");
  auto& documents = reading->documents();
  for (const auto& outcome :
       {documents.create(DocumentKey::parse("orders/8"), {"T", {"1"}, "ann"}),
        documents.update(key, {"T", {}, {}}), documents.put(key, {"T", {"1"}, "ann"}),
        documents.remove(key, {}), documents.restore(key, AtVersion{{1}}, {})})
    EXPECT_NE(rejected_for<Closed>(outcome), nullptr) << outcome.index();
  EXPECT_NE(rejected_for<Closed>(documents.record(test::unrelated_commit())), nullptr);
  EXPECT_THROW(documents.rebuild(), StorageError);
  EXPECT_THROW(reading->dispatcher(), ConfigurationError);
  EXPECT_TRUE(documents.verify_rows().empty());
  EXPECT_EQ(writing->log().head(), Position{1});
}

TEST_F(StoreInAFile, opened_for_reading_sees_what_is_written_meanwhile) {
  auto writing = open();
  writing->documents().create(key, {"T", {"1"}, "ann"});
  auto reading = open(OpenOptions::Mode::read_only);
  writing->documents().update(key, {"U", {}, "bob"});
  EXPECT_EQ(std::get<FoundDocument>(reading->documents().get(key)).document.state.title, "U");
  EXPECT_EQ(std::get<FoundDocument>(reading->documents().get(key)).at, Position{2});
}

TEST_F(StoreInAFile, is_created_only_where_there_is_none_if_asked_so) {
  EXPECT_THROW(open(OpenOptions::Mode::read_only), CannotOpen);
  open(OpenOptions::Mode::create_new);
  EXPECT_THROW(open(OpenOptions::Mode::create_new), CannotOpen);
}

TEST_F(StoreInAFile, that_is_no_store_is_refused) {
  std::ofstream(folder / "orders.db")
      << "dear diary, this is not a database but a text of some length\n";
  EXPECT_THROW(open(), UnknownFormat);
}

TEST(StoreInMemory, says_ephemeral_everywhere) {
  auto store = open_ephemeral();
  const auto outcome =
      store->documents().create(DocumentKey::parse("orders/7"), {"T", {"1"}, "ann"});
  EXPECT_EQ(std::get<Changed>(outcome).durability, Durability::ephemeral);
  EXPECT_EQ(store->log().durability(), Durability::ephemeral);
}

TEST(StoreInMemory, cannot_be_opened_for_reading_only) {
  OpenOptions options;
  options.mode = OpenOptions::Mode::read_only;
  EXPECT_THROW(open_ephemeral(options), ConfigurationError);
}

}  // namespace
}  // namespace annal
