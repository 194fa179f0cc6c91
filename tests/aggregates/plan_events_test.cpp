#include "annal/plan/plan_events.hpp"

#include "annal/memory/memory_log.hpp"
#include "annal/projection/projector.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

namespace annal::plan {
namespace {

struct DecisionMade {
  std::string choice;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(choice));
  }
};

class PlanEvents : public testing::Test {
 protected:
  PlanEvents() { catalogue.add<DecisionMade>("decision.made"); }

  // Returns the event's id.
  std::string record(Envelope event) {
    Commit commit;
    commit.events.push_back(std::move(event));
    const auto outcome = log->append(std::move(commit));
    return log->event_at(std::get<Appended>(outcome).last)->id.to_string();
  }

  static Envelope event_of(std::string stream, std::string type, std::string json) {
    Envelope event;
    event.stream = std::move(stream);
    event.type = std::move(type);
    event.codec = Codec::json;
    event.data = std::move(json);
    return event;
  }

  // Until the table holds everything.
  std::vector<PlanEvent> listed(std::string_view plan, const std::vector<std::string>& types = {}) {
    Projector projector(*log, events_table(catalogue));
    EXPECT_TRUE(projector.wait_until(log->head(), std::chrono::seconds(60)))
        << projector.status().failure;
    EXPECT_TRUE(projector.compare().equal());
    return list_by_plan(*log, plan, types);
  }

  test::ManualClock clock;
  Catalogue catalogue;
  std::unique_ptr<EventLog> log = memory::open({.spaces = {}, .clock = &clock});
};

TEST_F(PlanEvents, have_the_six_columns) {
  auto event = event_of("plan/p1", "plan.started", "{\"goal\":\"tea\"}");
  event.occurred_at = Timestamp{std::chrono::seconds{60}};
  const auto id = record(event);
  const auto events = listed("p1");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0], (PlanEvent{id, "plan.started", "p1", "1970-01-01T00:01:00Z",
                                  "{\"goal\":\"tea\"}", Position{1}}));
}

TEST_F(PlanEvents, are_those_of_the_plans_stream_and_those_tagged_with_it) {
  record(event_of("plan/p1", "plan.started", "1"));
  auto tagged = event_of("tool/hammer", "tool.called", "2");
  tagged.tags = {"agent:a", "plan:p1"};
  record(tagged);
  record(event_of("plan/p1", "subplan.spawned", "3"));
  record(event_of("plan/p2", "plan.started", "4"));
  record(event_of("tool/hammer", "tool.called", "5"));  // of no plan
  record(event_of("plan/p1", "weather.changed", "6"));  // no such event of plans
  record(event_of("plan/p1", "plan.completed", "7"));
  std::vector<std::string> payloads;
  for (const auto& event : listed("p1")) payloads.push_back(event.payload);
  EXPECT_EQ(payloads, (std::vector<std::string>{"1", "2", "3", "7"}));
  EXPECT_EQ(listed("p2").size(), 1u);
  EXPECT_TRUE(listed("p3").empty());
}

TEST_F(PlanEvents, are_listed_by_their_types) {
  for (const auto* type : {"plan.started", "tool.called", "tool.completed", "plan.failed"})
    record(event_of("plan/p1", type, "{}"));
  const auto events = listed("p1", {"plan.failed", "tool.called"});
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].event_type, "tool.called");
  EXPECT_EQ(events[1].event_type, "plan.failed");
}

TEST_F(PlanEvents, show_payloads_as_json_however_they_were_written) {
  Envelope made = catalogue.wrap(DecisionMade{"green \"tea\""});
  made.stream = "plan/p1";
  record(made);
  Envelope text;
  text.stream = "plan/p1";
  text.type = "plan.failed";
  text.data = "no \"water\"";
  record(text);
  text.data = "\xff\x01";
  record(text);
  const auto events = listed("p1");
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].payload, "{\"choice\":\"green \\\"tea\\\"\"}");
  EXPECT_EQ(events[1].payload, "\"no \\\"water\\\"\"");
  EXPECT_EQ(events[2].payload, "{\"hex\":\"ff01\"}");
}

TEST_F(PlanEvents, that_were_purged_are_there_and_say_so) {
  record(event_of("plan/p1", "plan.started", "{\"goal\":\"tea\"}"));
  Commit purge;
  purge.purges = {{log->head()}};
  log->append(std::move(purge));
  const auto events = listed("p1");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].payload, "{\"purged\":true}");
  EXPECT_EQ(events[0].event_type, "plan.started");
}

TEST_F(PlanEvents, too_long_for_a_row_are_there_with_their_size) {
  Envelope text;
  text.stream = "plan/p1";
  text.type = "plan.failed";
  text.data = std::string(1'000'000, '\x01');  // six characters each in JSON
  record(text);
  const auto events = listed("p1");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].payload, "{\"bytes\":1000000}");
}

TEST_F(PlanEvents, of_a_type_the_program_does_not_know_halt_the_table) {
  Envelope unknown;
  unknown.stream = "plan/p1";
  unknown.type = "plan.paused";
  unknown.codec = Codec::cereal;
  record(unknown);
  Projector projector(*log, events_table(catalogue),
                      {.attempts = 1, .first = std::chrono::milliseconds(1)});
  EXPECT_FALSE(projector.wait_until(log->head(), std::chrono::seconds(60)));
  EXPECT_NE(projector.status().failure.find("plan.paused in schema version 1"), std::string::npos);
}

TEST_F(PlanEvents, are_selected_from_by_any_program) {
  const test::TemporaryFolder folder;
  const auto file = folder / "store.db";
  log = sqlite::open(file);
  const auto first = record(event_of("plan/p1", "plan.started", "{\"goal\":\"tea\"}"));
  record(event_of("plan/p1", "plan.completed", "{}"));
  ASSERT_EQ(listed("p1").size(), 2u);
  log.reset();

  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  std::string rows;
  const auto collect = [](void* out, int count, char** values, char**) {
    for (int i = 0; i < count; ++i)
      static_cast<std::string*>(out)->append(values[i]).append(i + 1 < count ? "|" : ";");
    return 0;
  };
  sqlite3_exec(database,
               "SELECT id,event_id,event_type,plan_id,json_extract(payload,'$.goal') "
               "FROM plan_events WHERE plan_id='p1' ORDER BY id LIMIT 1",
               collect, &rows, nullptr);
  sqlite3_close(database);
  EXPECT_EQ(rows, "1|" + first + "|plan.started|p1|tea;");
}

}  // namespace
}  // namespace annal::plan
