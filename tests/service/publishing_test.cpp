// What is published on a store's bus, and recorded there.
#include "annal/bus/vocabulary.hpp"
#include "annal/service/vocabulary.hpp"
#include "service/store_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace annal::test {
namespace {

using TypesInLog = std::vector<std::string>;

class StorePublishing : public StoreTest {
 protected:
  void record(const char* types, Recording how) {
    store->bus().record(TopicPattern::of(types), {.recording = how}).release();
  }
  TypesInLog types_in_log() {
    TypesInLog types;
    ReadRequest request;
    request.limit = 4096;
    for (const auto& event : store->log().read(request).events) types.push_back(event.type);
    return types;
  }
};

TEST_P(StorePublishing, records_events_of_the_programs_own_types) {
  record("wall.*", Recording::required);
  Envelope event;
  event.type = "wall.painted";
  event.stream = "wall/1";
  int told = 0;
  auto connection = store->bus().subscribe_entity("wall/1", [&](const Envelope& each) {
    EXPECT_EQ(each.version, Version{1});
    ++told;
  });
  const auto report = store->bus().publish(event);
  EXPECT_EQ(report.position, Position{1});
  EXPECT_EQ(report.delivered, 1u);
  EXPECT_EQ(told, 1);
}

TEST_P(StorePublishing, keeps_the_row_of_a_document_whose_event_is_published) {
  record("document.*", Recording::required);
  auto event = store->catalogue().wrap(document::Created{"Order 7", {"{\"total\":12}"}, "ann"});
  event.stream = key().stream();
  store->bus().publish(event);
  EXPECT_EQ(content(), "{\"total\":12}");
  EXPECT_TRUE(documents().verify_rows().empty());
}

TEST_P(StorePublishing, records_what_the_service_tells_of_itself_where_a_policy_says_so) {
  record("command.executed", Recording::required);
  create();
  store->dispatcher().wait_until(head(), std::chrono::seconds(20));
  EXPECT_EQ(types_in_log(), (TypesInLog{"document.created", "command.executed"}));
}

TEST_P(StorePublishing, does_what_was_published_without_waiting_before_the_store_closes) {
  record("wall.*", Recording::required);
  Envelope event;
  event.type = "wall.painted";
  event.stream = "wall/1";
  for (int i = 0; i < 20; ++i) store->bus().publish_nowait(event);
  if (GetParam() == Backend::memory) {
    ASSERT_TRUE(store->bus().flush(std::chrono::seconds(20)));
    EXPECT_EQ(types_in_log().size(), 20u);
  } else {
    open();
    EXPECT_EQ(types_in_log().size(), 20u);
  }
}

TEST_P(StorePublishing, sends_what_it_held_back_before_the_store_closes) {
  store->bus()
      .record(TopicPattern::of("wall.painted"),
              {.recording = Recording::best_effort, .coalesce_within = std::chrono::seconds(100)})
      .release();
  Envelope event;
  event.type = "wall.painted";
  event.stream = "wall/1";
  store->bus().publish_nowait(event);
  event.stream = "wall/2";
  store->bus().publish(event);
  if (GetParam() == Backend::memory) {
    ASSERT_TRUE(store->bus().flush(std::chrono::seconds(20)));
  } else {
    open();
  }
  EXPECT_EQ(types_in_log().size(), 2u);
}

TEST_P(StorePublishing, sends_what_it_held_back_before_a_document_of_the_stream_is_changed) {
  record("document.viewed", Recording::best_effort);
  store->bus()
      .record(TopicPattern::of("document.viewed"),
              {.recording = Recording::best_effort, .coalesce_within = std::chrono::seconds(100)})
      .release();
  Envelope viewed;
  viewed.type = "document.viewed";
  viewed.stream = key().stream();
  store->bus().publish(viewed);
  store->bus().publish(viewed);
  documents().create(key(), {"Order 7", {"1"}, "ann"});
  EXPECT_EQ(types_in_log(), (TypesInLog{"document.viewed", "document.created"}));
}

TEST_P(StorePublishing, asks_control_before_a_document_is_changed) {
  auto no = store->bus().control().add(
      [](const Envelope&, ControlContext&) {
        return ControlDecision::fail("the books are closed");
      },
      {.name = "books", .interest = Query::of_types({TopicPattern::of("document.*")})});
  const auto outcome = documents().create(key(), {"Order 7", {"1"}, "ann"});
  const auto* vetoed = rejected_for<Vetoed>(outcome);
  ASSERT_NE(vetoed, nullptr);
  EXPECT_EQ(vetoed->by, "books");
  EXPECT_NE(vetoed->reason.find("the books are closed"), std::string::npos);
  EXPECT_EQ(head(), Position{0});
}

TEST_P(StorePublishing, tells_apart_a_decision_and_a_fault_of_control) {
  auto broken = store->bus().control().add(
      [](const Envelope&, ControlContext&) -> ControlDecision { throw Error("no list"); },
      {.name = "broken", .critical = true});
  const auto outcome = documents().create(key(), {"Order 7", {"1"}, "ann"});
  const auto* vetoed = rejected_for<Vetoed>(outcome);
  ASSERT_NE(vetoed, nullptr);
  EXPECT_TRUE(vetoed->failed);
  EXPECT_NE(vetoed->reason.find("no list"), std::string::npos);
}

TEST_P(StorePublishing, asks_again_about_a_change_after_a_while) {
  OpenOptions options;
  std::chrono::nanoseconds slept{};
  options.bus.sleep = [&](std::chrono::nanoseconds duration) { slept += duration; };
  open(std::move(options));
  auto later = store->bus().control().add(
      [](const Envelope&, ControlContext& context) {
        return context.attempt < 3 ? ControlDecision::retry(std::chrono::milliseconds(10))
                                   : ControlDecision::proceed();
      },
      {.name = "later"});
  create();
  EXPECT_EQ(slept, std::chrono::milliseconds(20));
}

TEST_P(StorePublishing, skips_a_change_which_is_no_fault) {
  auto skipping = store->bus().control().add(
      [](const Envelope&, ControlContext&) { return ControlDecision::skip("nothing changed"); },
      {.name = "same", .interest = TopicPattern::of("document.*")});
  const auto outcome = documents().create(key(), {"Order 7", {"1"}, "ann"});
  const auto* vetoed = rejected_for<Vetoed>(outcome);
  ASSERT_NE(vetoed, nullptr);
  EXPECT_TRUE(vetoed->skipped);
  EXPECT_FALSE(vetoed->failed);
  EXPECT_EQ(std::get<Rejected>(outcome).message(), "passed over by same: skipped: nothing changed");
  EXPECT_EQ(head(), Position{0});
}

// What is decided, and told, is what is carried out.
TEST_P(StorePublishing, tells_of_a_fallback_to_another_type_as_the_fault_it_is) {
  std::vector<ControlDecided> decisions;
  auto decided = store->bus().subscribe<ControlDecided>(
      [&](const ControlDecided& decision) { decisions.push_back(decision); });
  auto straying = store->bus().control().add(
      [&](const Envelope& event, ControlContext&) {
        Envelope instead;
        instead.type = "wall.painted";
        instead.stream = event.stream;
        return ControlDecision::fallback(std::move(instead));
      },
      {.name = "straying", .interest = TopicPattern::of("document.*")});
  const auto outcome = documents().create(key(), {"Order 7", {"1"}, "ann"});
  const auto* vetoed = rejected_for<Vetoed>(outcome);
  ASSERT_NE(vetoed, nullptr);
  EXPECT_TRUE(vetoed->failed);
  EXPECT_EQ(vetoed->by, "straying");
  ASSERT_EQ(decisions.size(), 1u);
  EXPECT_EQ(decisions[0].signal, "error");
  EXPECT_EQ(decisions[0].event_stream, key().stream());
}

TEST_P(StorePublishing, finds_what_was_decided_about_a_document_by_its_stream) {
  record("control.decided", Recording::required);
  auto no = store->bus().control().add(
      [](const Envelope&, ControlContext&) { return ControlDecision::fail("not today"); },
      {.name = "no", .interest = TopicPattern::of("document.*")});
  ChangeOptions options;
  options.tags = {"board:b1"};
  documents().create(key(), {"Order 7", {"1"}, "ann"}, options);
  for (const auto& tag : {"stream:" + key().stream(), std::string("board:b1")}) {
    const auto found = store->log().read({.query = Query::with_tags({tag})}).events;
    ASSERT_EQ(found.size(), 1u) << tag;
    EXPECT_EQ(found[0].type, "control.decided");
    EXPECT_EQ(store->catalogue().unwrap<ControlDecided>(found[0])->event_stream, key().stream());
  }
}

// The dispatcher tells each change on its own, with nothing of the one before on its stack.
TEST_P(StorePublishing, ends_a_chain_of_changes_that_cause_one_another) {
  create();
  std::atomic<int> changed{0};
  ChangeOutcome last;
  std::promise<void> ended;
  auto answering =
      store->bus().subscribe(TopicPattern::of("document.updated"), [&](const Envelope&) {
        last = documents().update(key(), {.content = Json{std::to_string(++changed)}});
        if (std::holds_alternative<Rejected>(last)) ended.set_value();
      });
  documents().update(key(), {.content = Json{"0"}});
  ASSERT_EQ(ended.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_EQ(changed, static_cast<int>(Bus::causation_limit));
  const auto* vetoed = rejected_for<Vetoed>(last);
  ASSERT_NE(vetoed, nullptr);
  EXPECT_NE(vetoed->reason.find("a chain of more than 32 events"), std::string::npos);
  answering.disconnect_and_wait();
}

TEST_P(StorePublishing, believes_nobody_else_how_deep_a_chain_is) {
  create();
  std::promise<bool> published;
  auto answering =
      store->bus().subscribe(TopicPattern::of("document.updated"), [&](const Envelope& event) {
        EXPECT_EQ(event.meta("annal-depth"), std::nullopt);
        Envelope answer;
        answer.type = "wall.painted";
        answer.stream = "wall/1";
        published.set_value(store->bus().publish(answer).accepted());
      });
  ChangeOptions options;
  options.metadata = {{"annal-depth", "32"}};
  documents().update(key(), {.content = Json{"0"}}, options);
  EXPECT_TRUE(published.get_future().get());
  answering.disconnect_and_wait();
}

TEST_P(StorePublishing, has_told_subscribers_when_it_is_flushed) {
  record("wall.*", Recording::required);
  std::atomic<int> told{0};
  auto slow = store->bus().subscribe(TopicPattern::of("wall.*"), [&](const Envelope&) {
    std::this_thread::yield();
    ++told;
  });
  Envelope event;
  event.type = "wall.painted";
  event.stream = "wall/1";
  for (int i = 0; i < 200; ++i) store->bus().publish_nowait(event);
  ASSERT_TRUE(store->bus().flush(std::chrono::seconds(20)));
  EXPECT_EQ(told, 200);
}

ON_BOTH_LOGS(StorePublishing);

}  // namespace
}  // namespace annal::test
