// What happens between one step of the service and its next.
#include "annal/service/change.hpp"
#include "annal/service/default_handlers.hpp"
#include "annal/service/derived.hpp"
#include "hooked_log.hpp"
#include "store_fixture.hpp"

namespace annal {
namespace {

class Racing : public test::StoreTest {
 protected:
  Racing() { add_default_handlers(handlers, log, lines); }

  // A change made through the hooked log.
  ChangeOutcome change(const document::Command& command, const ChangeOptions& options) {
    return change_program(parts, key(), proposals::command(key(), command), options).run(handlers);
  }

  // The answer to a request whose twin is made after its key was looked up, and before its document.
  ChangeOutcome beside_its_twin(const document::Command& command, const ChangeOptions& options) {
    log.after_find_commit = [&, done = false]() mutable {
      if (!std::exchange(done, true)) twin = must(change(command, options));
    };
    return change(command, options);
  }

  static ChangeOptions once() {
    ChangeOptions options;
    options.idempotency_key = "once";
    return options;
  }

  test::HookedLog log{store->log()};
  effects::Handlers handlers;
  LogLines lines{[](Severity, std::string_view) {}, Severity::error};
  UlidGenerator ids{clock, randomness};
  ServiceParts parts{log, store->bus(), store->catalogue(), handlers, ids, lines};
  Changed twin;
};

TEST_P(Racing, a_creation_beside_its_twin_is_told_what_the_twin_did) {
  const auto changed = must(beside_its_twin(document::Create{"Order 7", {"1"}, "ann"}, once()));
  EXPECT_TRUE(changed.replayed);
  EXPECT_EQ(changed.version, twin.version);
  EXPECT_EQ(head(), Position{1});
}

TEST_P(Racing, a_deletion_beside_its_twin_is_told_what_the_twin_did) {
  create();
  EXPECT_TRUE(must(beside_its_twin(document::Delete{"old", {}}, once())).replayed);
  EXPECT_EQ(head(), Position{2});
}

TEST_P(Racing, a_change_of_an_expected_version_beside_its_twin_is_told_what_the_twin_did) {
  create();
  auto options = once();
  options.expected = ExpectedVersion::exactly({1});
  EXPECT_TRUE(must(beside_its_twin(document::Update{"New", {}, {}}, options)).replayed);
  EXPECT_EQ(head(), Position{2});
}

TEST_P(Racing, a_request_whose_key_another_one_takes_meanwhile_is_rejected_for_that) {
  log.after_find_commit = [&, done = false]() mutable {
    if (!std::exchange(done, true)) must(change(document::Create{"Other", {"2"}, "eve"}, once()));
  };
  const auto outcome = change(document::Create{"Order 7", {"1"}, "ann"}, once());
  EXPECT_NE(test::rejected_for<IdempotencyMismatch>(outcome), nullptr) << outcome.index();
}

TEST_P(Racing, rows_are_rebuilt_though_their_documents_change_all_the_while) {
  create();
  create("orders/8");
  for (int i = 2; i <= 250; ++i) update(std::to_string(i));
  int changes = 0;
  log.before_append = [&](const Commit& commit) {
    for (const auto& record : commit.records)
      if (record.space == "documents" && record.key == "orders/7" && ++changes <= 3)
        update("\"meanwhile\"");
  };
  EXPECT_EQ(rebuild_rows(parts), 2u);
  EXPECT_EQ(changes, 4);
  EXPECT_TRUE(documents().verify_rows().empty());
  EXPECT_EQ(records("snapshots").size(), 2u);
}

ON_BOTH_LOGS(Racing);

}  // namespace
}  // namespace annal
