// What the service asks the world to do, and who does it.
#include "annal/effects/kinds.hpp"
#include "annal/service/vocabulary.hpp"
#include "store_fixture.hpp"

#include <stdexcept>

namespace annal {
namespace {

using effects::DatabaseRead;
using effects::DatabaseWrite;
using effects::Logging;
using effects::Notification;

class Performing : public test::StoreTest {
 protected:
  Performing() {
    store->handlers().on<Notification>([this](const Notification& n) {
      notifications.push_back(n.recipient + ": " + n.subject + ": " + n.message);
    });
    store->handlers().on<Logging>([this](const Logging& l) { lines.push_back(l.message); });
  }

  std::vector<std::string> performed(const effects::Effect<ChangeOutcome>& program) {
    effects::Trace trace;
    program.run(store->handlers(), {.trace = &trace});
    std::vector<std::string> names;
    for (const auto& effect : trace.effects()) names.emplace_back(effect.name);
    return names;
  }

  std::vector<std::string> notifications, lines;
};

using Names = std::vector<std::string>;

TEST_P(Performing, a_creation_is_a_write_and_a_line) {
  EXPECT_EQ(performed(documents().changing(key(), document::Create{"T", {"1"}, "ann"})),
            (Names{"database_write", "logging"}));
  EXPECT_EQ(lines, Names{"orders/7 was created by ann"});
  EXPECT_EQ(notifications, Names{});
}

TEST_P(Performing, an_update_is_a_write_and_a_notification_to_the_author) {
  create();
  EXPECT_EQ(performed(documents().changing(key(), document::Update{"New", {}, "bob"})),
            (Names{"database_write", "notification"}));
  EXPECT_EQ(notifications, Names{"ann: New: orders/7 was updated by bob"});
}

TEST_P(Performing, a_deletion_is_a_write_and_a_notification_to_the_author) {
  create();
  EXPECT_EQ(performed(documents().changing(key(), document::Delete{"old", "bob"})),
            (Names{"database_write", "notification"}));
  EXPECT_EQ(notifications, Names{"ann: Order 7: orders/7 was deleted by bob: old"});
}

TEST_P(Performing, authors_are_told_of_patches_and_restorations_too) {
  create();
  must(documents().patch(key(), {{R"({"content":1})"}, {}}));
  must(documents().remove(key(), {}));
  must(documents().undelete(key(), {"dora"}));
  EXPECT_EQ(notifications,
            (Names{"ann: Order 7: orders/7 was updated", "ann: Order 7: orders/7 was deleted",
                   "ann: Order 7: orders/7 was restored by dora"}));
}

TEST_P(Performing, nobody_is_told_twice_of_a_repeated_request) {
  create();
  ChangeOptions options;
  options.idempotency_key = "once";
  must(documents().update(key(), {"New", {}, "bob"}, options));
  must(documents().update(key(), {"New", {}, "bob"}, options));
  EXPECT_EQ(notifications.size(), 1u);
}

TEST_P(Performing, reading_a_document_is_a_read_by_its_handler) {
  create();
  std::vector<std::string> read;
  store->handlers().on<DatabaseRead>([&](const DatabaseRead& effect) {
    read.push_back(effect.describe());
    return store->log().record(effect.space, effect.key);
  });
  EXPECT_EQ(content(), "{\"total\":12}");
  EXPECT_EQ(read, Names{"documents/orders/7"});
}

TEST_P(Performing, without_the_handler_that_writes_nothing_is_written) {
  ASSERT_TRUE(store->handlers().remove<DatabaseWrite>());
  try {
    documents().create(key(), {"T", {"1"}, "ann"});
    FAIL() << "a missing handler was not noticed";
  } catch (const effects::MissingHandler& missing) {
    EXPECT_EQ(missing.effect(), "database_write");
  }
  EXPECT_THROW(documents().record(test::unrelated_commit()), effects::MissingHandler);
  EXPECT_EQ(head(), Position{0});
  EXPECT_TRUE(std::holds_alternative<DocumentNotFound>(documents().get(key())));
  EXPECT_EQ(lines, Names{});
}

TEST_P(Performing, without_a_handler_for_what_follows_the_write_nothing_is_written_either) {
  create();
  ASSERT_TRUE(store->handlers().remove<Notification>());
  EXPECT_THROW(documents().update(key(), {"New", {}, "bob"}), effects::MissingHandler);
  const auto program = documents().changing(key(), document::Update{"New", {}, "bob"});
  EXPECT_THROW(program.run(store->handlers()), effects::MissingHandler);
  EXPECT_EQ(head(), Position{1});
  const auto dry = program.dry_run(store->handlers());
  ASSERT_EQ(dry.trace.effects().size(), 2u);
  EXPECT_EQ(dry.trace.effects()[1].outcome, effects::EffectOutcome::missing);
}

TEST_P(Performing, without_the_handler_that_reads_nothing_is_read) {
  create();
  ASSERT_TRUE(store->handlers().remove<DatabaseRead>());
  EXPECT_THROW(documents().get(key()), effects::MissingHandler);
}

TEST_P(Performing, building_a_program_writes_nothing) {
  const auto program = documents().changing(key(), document::Create{"T", {"1"}, "ann"});
  EXPECT_EQ(head(), Position{0});
  program.run(store->handlers());
  EXPECT_EQ(head(), Position{1});
}

TEST_P(Performing, every_run_of_a_program_is_a_request_of_its_own) {
  const auto program = documents().changing(key(), document::Create{"T", {"1"}, "ann"});
  must(program.run(store->handlers()));
  remove();
  must(program.run(store->handlers()));
  const auto first = store->log().event_at({1})->correlation_id;
  EXPECT_EQ(first.size(), 26u);
  EXPECT_EQ(store->log().event_at({3})->correlation_id.size(), 26u);
  EXPECT_NE(store->log().event_at({3})->correlation_id, first);
}

TEST_P(Performing, a_dry_run_tells_what_would_be_done_and_writes_nothing) {
  create();
  const auto program = documents().changing(key(), document::Update{"New", {}, "bob"});
  const auto dry = program.dry_run(store->handlers());
  EXPECT_TRUE(dry.complete);
  ASSERT_EQ(dry.trace.effects().size(), 2u);
  EXPECT_EQ(dry.trace.effects()[0].outcome, effects::EffectOutcome::not_performed);
  EXPECT_EQ(dry.trace.effects()[1].text, "to ann: New");
  ASSERT_TRUE(dry.value);
  EXPECT_EQ(std::get<Changed>(*dry.value).version, Version{2});
  EXPECT_EQ(std::get<Changed>(*dry.value).position, Position{2});
  EXPECT_EQ(head(), Position{1});
  EXPECT_EQ(content(), "{\"total\":12}");
  EXPECT_EQ(found(documents().get(key())).title, "Order 7");
  EXPECT_EQ(notifications, Names{});
}

TEST_P(Performing, a_dry_run_of_what_is_refused_says_so) {
  const auto dry =
      documents().changing(key(), document::Update{"New", {}, {}}).dry_run(store->handlers());
  ASSERT_TRUE(dry.value);
  EXPECT_TRUE(test::refused_for<document::NotFound>(*dry.value));
  EXPECT_EQ(dry.trace.effects().size(), 0u);
}

TEST_P(Performing, a_handler_may_refuse_to_write) {
  store->handlers().on<DatabaseWrite>(
      [](const DatabaseWrite&) -> AppendOutcome { return Unknown{"the disk went away"}; });
  const auto outcome = documents().create(key(), {"T", {"1"}, "ann"});
  EXPECT_EQ(std::get<Unknown>(outcome).what, "the disk went away");
  EXPECT_EQ(lines, Names{});
}

TEST_P(Performing, a_change_is_made_though_nobody_could_be_told) {
  create();
  std::vector<std::string> raised;
  const auto connection = store->bus().subscribe<ErrorRaised>(
      [&](const ErrorRaised& error) { raised.push_back(error.message); });
  store->handlers().on<Notification>(
      [](const Notification&) { throw std::runtime_error("no mail today"); });
  EXPECT_EQ(must(documents().update(key(), {"New", {}, "bob"})).version, Version{2});
  EXPECT_EQ(raised, Names{"no mail today"});
  store->handlers().on<Notification>([](const Notification&) { throw 7; });
  EXPECT_EQ(must(documents().update(key(), {"Newer", {}, "bob"})).version, Version{3});
  store->handlers().on<Notification>(
      [](const Notification&) { throw effects::MissingHandler("post_office"); });
  EXPECT_EQ(must(documents().update(key(), {"Newest", {}, "bob"})).version, Version{4});
  EXPECT_EQ(raised.size(), 3u);
}

TEST_P(Performing, a_change_is_made_though_no_line_can_be_written_of_it) {
  OpenOptions options;
  options.lowest_severity = Severity::debug;
  options.log_lines = [](Severity, std::string_view) { throw std::runtime_error("disk full"); };
  open(options);
  EXPECT_EQ(create().version, Version{1});
  EXPECT_EQ(update("2").version, Version{2});
  EXPECT_THROW(documents().get(key(), AtPosition{{99}}), UnknownPoint);
}

ON_BOTH_LOGS(Performing);

}  // namespace
}  // namespace annal
