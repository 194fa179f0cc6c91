// How SQLite goes about what the log asks of it: every statement it keeps prepared is explained.
#include "annal/sqlite/sqlite_log.hpp"
#include "contracts/event_log_contract.hpp"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <map>
#include <set>

namespace annal::test {
namespace {

using testing::HasSubstr;
using testing::Not;

std::set<sqlite3*>& connections() {
  static std::set<sqlite3*> open;
  return open;
}

int forget(unsigned, void*, void* connection, void*) {
  connections().erase(static_cast<sqlite3*>(connection));
  return 0;
}

int remember(sqlite3* connection, char**, const sqlite3_api_routines*) {
  connections().insert(connection);
  return sqlite3_trace_v2(connection, SQLITE_TRACE_CLOSE, &forget, nullptr);
}

std::string plan_of(sqlite3* connection, const std::string& sql) {
  sqlite3_stmt* explained = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(connection, ("EXPLAIN QUERY PLAN " + sql).c_str(), -1, &explained,
                               nullptr),
            SQLITE_OK)
      << sql << ": " << sqlite3_errmsg(connection);
  std::string plan;
  while (sqlite3_step(explained) == SQLITE_ROW)
    plan += reinterpret_cast<const char*>(sqlite3_column_text(explained, 3)) + std::string("; ");
  sqlite3_finalize(explained);
  return plan;
}

class QueryPlans : public testing::Test {
 protected:
  QueryPlans() {
    connections().clear();
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(&remember));
    sqlite::Options options;
    options.spaces = {{"notes", {{"kind", ColumnKind::text}}}};
    options.tail_events = 4;
    log = sqlite::open(folder / "store.db", options);
  }
  ~QueryPlans() override { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&remember)); }

  // Everything that is asked again and again: appending with and without conditions, records, and
  // reading by whatever there is an index of.
  void use() {
    for (int i = 0; i < 40; ++i) {
      Commit commit;
      commit.events = {event_of("thing/" + std::to_string(i % 3)), event_of("other/1")};
      commit.events[0].tags = {"tag:" + std::to_string(i % 2)};
      commit.idempotency_key = "key-" + std::to_string(i);
      commit.conditions = {{"thing/9", ExpectedVersion::none()}};
      commit.query_conditions = {{Query::of_stream("thing/8"), Position{0}}};
      RecordChange change;
      change.space = "notes";
      change.key = "note " + std::to_string(i % 4);
      if (i % 5 != 0) {
        change.value = "text";
        change.columns["kind"] = "a kind";
      }
      commit.records = {change};
      const auto outcome = log->append(std::move(commit));
      const auto* refused = std::get_if<Rejected>(&outcome);
      ASSERT_TRUE(std::holds_alternative<Appended>(outcome)) << (refused ? refused->message() : "");
    }
    for (const Direction direction : {Direction::forwards, Direction::backwards}) {
      ReadRequest request;
      request.direction = direction;
      log->read(request);
      request.query = Query::of_stream("thing/1");
      log->read(request);
      request.query = QueryItem{.types = {TopicPattern::of("thing.*")}, .tags = {"tag:1"}};
      log->read(request);
    }
    log->find_commit("key-1");
    log->commit_at(Position{7});
    log->event_at(Position{3});
    log->position_at(Timestamp{std::chrono::seconds{1}});
    log->record("notes", "note 1");
    RecordRequest records;
    records.space = "notes";
    records.prefix = "note";
    log->records(records);
  }

  // By statement.
  std::map<std::string, std::string> plans() const {
    std::map<std::string, std::string> plans;
    for (sqlite3* const connection : connections()) {
      std::set<std::string> statements;
      for (auto* at = sqlite3_next_stmt(connection, nullptr); at;
           at = sqlite3_next_stmt(connection, at))
        statements.insert(sqlite3_sql(at));
      for (const auto& sql : statements) plans[sql] = plan_of(connection, sql);
    }
    return plans;
  }

  TemporaryFolder folder;
  std::unique_ptr<EventLog> log;
};

TEST_F(QueryPlans, search_and_never_go_through_a_table_or_sort) {
  use();
  // Tables of a few rows, that are read as a whole.
  const auto is_small = [](const std::string& plan) {
    return plan == "SCAN index_state; " || plan == "SCAN event_types; " ||
           plan == "SCAN 8 CONSTANT ROWS; ";  // that are inserted
  };
  const auto all = plans();
  std::size_t of_events = 0;
  for (const auto& [sql, plan] : all) {
    EXPECT_THAT(plan, Not(HasSubstr("TEMP B-TREE"))) << sql;
    EXPECT_TRUE(is_small(plan) || plan.find("SCAN") == std::string::npos) << sql << ": " << plan;
    of_events += plan.find("SEARCH events USING INTEGER PRIMARY KEY") != std::string::npos ? 1 : 0;
  }
  EXPECT_GE(of_events, 5u) << "statements were not seen";
}

}  // namespace
}  // namespace annal::test
