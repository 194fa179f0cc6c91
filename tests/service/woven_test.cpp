// What surrounds the service's methods from the start.
#include "annal/effects/kinds.hpp"
#include "annal/service/vocabulary.hpp"
#include "store_fixture.hpp"

#include <algorithm>
#include <mutex>

namespace annal {
namespace {

class Woven : public test::StoreTest {
 protected:
  // Lines of the log, from every thread.
  struct Lines {
    std::mutex mutex;
    std::vector<std::string> all;
  };

  void open_with_lines(Severity lowest) {
    OpenOptions options;
    options.lowest_severity = lowest;
    options.log_lines = [lines = lines](Severity severity, std::string_view line) {
      std::lock_guard lock(lines->mutex);
      lines->all.push_back(std::string(to_string(severity)) + ' ' + std::string(line));
    };
    open(options);
  }

  std::size_t lines_with(const std::string& part) {
    std::lock_guard lock(lines->mutex);
    return static_cast<std::size_t>(std::count_if(
        lines->all.begin(), lines->all.end(),
        [&](const std::string& line) { return line.find(part) != std::string::npos; }));
  }

  std::shared_ptr<Lines> lines = std::make_shared<Lines>();
};

using Names = std::vector<std::string>;

TEST_P(Woven, counts_every_method) {
  create();
  update("2");
  update("3");
  documents().get(key());
  documents().get(key(), AtVersion{{1}});
  documents().list({.collection = "orders"});
  EXPECT_EQ(store->metrics().of("DocumentService::create").count, 1u);
  EXPECT_EQ(store->metrics().of("DocumentService::update").count, 2u);
  EXPECT_EQ(store->metrics().of("DocumentService::get").count, 2u);
  EXPECT_EQ(store->metrics().of("DocumentService::list").count, 1u);
  EXPECT_EQ(store->metrics().of("DocumentService::get").errors, 0u);
  documents().put(key(), {"T", {"1"}, ""});
  documents().patch(key(), {{"{\"title\":\"t\"}"}, {}});
  documents().remove(key(), {});
  documents().undelete(key(), {});
  documents().restore(key(), AtVersion{{1}}, {});
  documents().collections();
  documents().history(key());
  documents().diff(key(), AtHead{1}, AtHead{});
  documents().record(test::unrelated_commit());
  documents().verify_rows();
  documents().rebuild();
  for (const auto* method : {"put", "patch", "remove", "undelete", "restore", "collections",
                             "history", "diff", "record", "verify_rows", "rebuild"})
    EXPECT_EQ(store->metrics().of(std::string("DocumentService::") + method).count, 1u) << method;
}

TEST_P(Woven, aspects_can_be_listed_and_taken_off) {
  EXPECT_EQ(store->weaver().applied_to("DocumentService::create"),
            (Names{"logging", "metrics", "error events", "execution events"}));
  store->weaver().remove("metrics", "DocumentService::*");
  create();
  EXPECT_EQ(store->metrics().of("DocumentService::create").count, 0u);
}

TEST_P(Woven, an_exception_is_counted_told_as_an_event_and_thrown_on) {
  create();
  std::vector<std::pair<ErrorRaised, std::string>> raised;
  const auto connection =
      store->bus().subscribe<ErrorRaised>([&](const ErrorRaised& error, const Envelope& event) {
        raised.emplace_back(error, event.correlation_id);
      });
  store->handlers().remove<effects::DatabaseWrite>();
  ChangeOptions options;
  options.request_id = "request-9";
  EXPECT_THROW(documents().update(key(), {"T", {}, {}}, options), effects::MissingHandler);
  ASSERT_EQ(raised.size(), 1u);
  const auto& [error, correlation] = raised[0];
  EXPECT_EQ(error.class_name, "DocumentService");
  EXPECT_EQ(error.method, "update");
  EXPECT_EQ(error.request_id, "request-9");
  EXPECT_EQ(correlation, "request-9");
  EXPECT_EQ(error.error_type, "annal::effects::MissingHandler");
  EXPECT_NE(error.message.find("database_write"), std::string::npos);
  EXPECT_TRUE(error.execution_time.has_value());
  EXPECT_EQ(store->metrics().of("DocumentService::update").errors, 1u);
  EXPECT_EQ(head(), Position{1}) << "the event is told, not recorded";
}

TEST_P(Woven, an_error_event_reads_as_json_with_the_fields_of_its_vocabulary) {
  const ErrorRaised error{"m", "r", "C", "x", "T", 5};
  EXPECT_EQ(
      payload_to_json(describe<ErrorRaised>(), encode(error)),
      R"({"message":"m","request_id":"r","class":"C","method":"x","error_type":"T","execution_time":5})");
}

TEST_P(Woven, executions_are_events_where_somebody_subscribes) {
  create();
  Names told;
  auto commands = store->bus().subscribe<CommandExecuted>([&](const CommandExecuted& executed) {
    told.push_back(executed.name + ' ' + executed.target + ' ' + executed.outcome);
  });
  auto queries = store->bus().subscribe<QueryExecuted>([&](const QueryExecuted& executed) {
    told.push_back(executed.name + ' ' + executed.target + ' ' + executed.outcome);
  });
  ChangeOptions stale, once;
  stale.expected = ExpectedVersion::exactly({9});
  once.idempotency_key = "once";
  documents().update(key(), {"T", {}, {}}, once);
  documents().update(key(), {"T", {}, {}}, once);
  documents().update(key(), {}, stale);
  documents().create(key(), {"T", {"1"}, "ann"});
  documents().get(key());
  documents().get(key("orders/8"));
  EXPECT_THROW(documents().get(key(), AtPosition{{99}}), UnknownPoint);
  documents().remove(key(), {});
  documents().get(key());
  documents().list({.collection = "orders"});
  EXPECT_EQ(told, (Names{"update orders/7 changed", "update orders/7 replayed",
                         "update orders/7 stale", "create orders/7 refused", "get orders/7 found",
                         "get orders/8 not_found", "get orders/7 99 failed",
                         "remove orders/7 changed", "get orders/7 gone", "list orders completed"}));
}

TEST_P(Woven, executions_are_not_even_made_where_nobody_subscribes) {
  create();
  documents().get(key());
  ASSERT_TRUE(store->dispatcher().wait_until(head(), std::chrono::seconds{60}));
  for (const auto& event : store->bus().history()) EXPECT_EQ(event.type, "document.created");
}

TEST_P(Woven, a_subscriber_that_reads_when_told_of_reading_does_not_go_on_for_ever) {
  create();
  int told = 0;
  const auto connection = store->bus().subscribe<QueryExecuted>([&](const QueryExecuted&) {
    ++told;
    documents().get(key());
  });
  EXPECT_TRUE(std::holds_alternative<FoundDocument>(documents().get(key())));
  EXPECT_GE(told, 1);
  EXPECT_LE(told, static_cast<int>(Bus::causation_limit));
}

TEST_P(Woven, lines_are_written_from_the_severity_asked_for) {
  open_with_lines(Severity::debug);
  create();
  update("2");
  EXPECT_EQ(lines_with("debug enter DocumentService::create"), 1u);
  EXPECT_EQ(lines_with("debug exit DocumentService::create"), 1u);
  EXPECT_EQ(lines_with("info orders/7 was created by ann"), 1u);
  EXPECT_EQ(lines_with("info notification to ann: Order 7"), 1u);
}

TEST_P(Woven, lines_name_the_request_they_belong_to) {
  open_with_lines(Severity::info);
  ChangeOptions options;
  options.request_id = "request-9";
  must(documents().create(key(), {"T", {"1"}, "ann"}, options));
  EXPECT_EQ(lines_with("info orders/7 was created by ann request=request-9"), 1u);
  store->handlers().remove<effects::DatabaseWrite>();
  EXPECT_THROW(documents().update(key(), {"U", {}, {}}, options), effects::MissingHandler);
  EXPECT_EQ(lines_with("before the program runs request=request-9"), 1u);
}

TEST_P(Woven, what_people_write_neither_forges_a_line_nor_steers_a_terminal) {
  open_with_lines(Severity::info);
  must(documents().create(key(), {"T", {"1"}, "ann\nerror all is lost\x1b[2J\xc2\x9b"}));
  EXPECT_EQ(lines_with("info orders/7 was created by ann\\x0aerror all is lost\\x1b[2J\\xc2\\x9b "),
            1u);
}

TEST_P(Woven, effects_are_surrounded_once_an_aspect_is_applied_to_them) {
  create();
  EXPECT_EQ(store->metrics().of("effect::database_write").count, 0u);
  {
    const ScopedAspect measured(store->weaver(), "metrics", "effect::*");
    update("2");
    documents().get(key());
  }
  update("3");
  EXPECT_EQ(store->metrics().of("effect::database_write").count, 1u);
  EXPECT_EQ(store->metrics().of("effect::notification").count, 1u);
  EXPECT_EQ(store->metrics().of("effect::database_read").count, 1u);
}

TEST_P(Woven, at_warning_only_what_went_wrong_is_written) {
  open_with_lines(Severity::warning);
  create();
  update("2");
  EXPECT_EQ(lines->all, Names{});
  EXPECT_THROW(documents().get(key(), AtPosition{{99}}), UnknownPoint);
  EXPECT_EQ(
      lines_with("error error DocumentService::get orders/7 99: position 99 is beyond the head"),
      1u);
}

TEST_P(Woven, a_row_that_cannot_be_used_is_warned_of) {
  open_with_lines(Severity::warning);
  create();
  Commit commit;
  commit.records.push_back({"documents", "orders/7", "rot", {{"deleted", 0}}, {}, {}});
  store->log().append(commit);
  documents().get(key());
  EXPECT_EQ(lines_with("warning orders/7 has no row that can be used"), 1u);
}

ON_BOTH_LOGS(Woven);

}  // namespace
}  // namespace annal
