// Who is asked before an event is recorded or told, in which order, and whose answer counts.
#include "annal/bus/control.hpp"

#include "annal/error.hpp"
#include "engine/bus/events.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

class ControlTest : public ::testing::Test {
 protected:
  using Decide = std::function<ControlDecision()>;

  // Notes its name when it is asked.
  ControlHandler note(std::string name, Decide decide = ControlDecision::proceed) {
    return [this, name = std::move(name), decide = std::move(decide)](const Envelope&,
                                                                      ControlContext&) {
      asked.push_back(name);
      return decide();
    };
  }
  [[nodiscard]] Connection add(std::string name, int priority = 100, Query interest = {}) {
    return control.add(note(name),
                       {.name = name, .priority = priority, .interest = std::move(interest)});
  }
  ControlVerdict check(const Envelope& event = event_of("document.created")) {
    asked.clear();
    ControlContext context;
    return control.check(event, context);
  }

  ManualMonotonicClock steady;
  Control control{&steady};
  Names asked;
};

ControlHandler throwing_control() {
  return [](const Envelope&, ControlContext&) -> ControlDecision { throw Error("no table"); };
}

TEST_F(ControlTest, proceeds_when_nobody_is_registered) {
  EXPECT_TRUE(control.empty());
  const auto verdict = check();
  EXPECT_EQ(verdict.signal, ControlSignal::proceed);
  EXPECT_EQ(verdict.by, "");
}

TEST_F(ControlTest, proceeds_when_all_say_so) {
  const auto first = add("first"), second = add("second");
  const auto verdict = check();
  EXPECT_EQ(verdict.signal, ControlSignal::proceed);
  EXPECT_EQ(verdict.by, "");
  EXPECT_EQ(verdict.attempt, 1u);
  EXPECT_EQ(asked, (Names{"first", "second"}));
}

TEST_F(ControlTest, is_empty_again_when_the_last_has_left) {
  auto only = add("only");
  EXPECT_FALSE(control.empty());
  only.disconnect();
  EXPECT_TRUE(control.empty());
}

TEST_F(ControlTest, asks_lower_priorities_first_and_equal_ones_as_they_came) {
  const auto late = add("late", 200), b = add("b", 100), early = add("early", -7), c = add("c");
  check();
  EXPECT_EQ(asked, (Names{"early", "b", "c", "late"}));
}

TEST_F(ControlTest, asks_those_found_by_type_stream_and_tag_in_one_order) {
  const auto tag = add("4 tag", 40, Query::with_tags({"board:b1"}));
  const auto stream = add("3 stream", 30, Query::of_stream("document/orders/7"));
  const auto type = add("2 type", 20, Query::of_types({TopicPattern::of("document.*")}));
  const auto all = add("5 all", 50);
  const auto other_tag = add("1 tag", 10, Query::with_tags({"board:b2"}));
  auto event = event_of("document.created");
  event.tags = {"board:b1", "board:b2"};
  check(event);
  EXPECT_EQ(asked, (Names{"1 tag", "2 type", "3 stream", "4 tag", "5 all"}));
}

TEST_F(ControlTest, asks_nobody_about_events_he_did_not_name) {
  const auto type = add("type", 1, Query::of_types({TopicPattern::of("plan.*")}));
  const auto stream = add("stream", 2, Query::of_stream("document/orders/8"));
  const auto tag = add("tag", 3, Query::with_tags({"board:b1"}));
  const auto both = add(
      "both", 4,
      QueryItem{.stream = "document/orders/7", .types = {TopicPattern::of("document.deleted")}});
  check();
  EXPECT_EQ(asked, Names{});
  check(event_of("plan.done", "document/orders/8"));
  EXPECT_EQ(asked, (Names{"type", "stream"}));
  check(event_of("document.deleted"));
  EXPECT_EQ(asked, (Names{"both"}));
}

TEST_F(ControlTest, takes_the_first_answer_that_is_not_proceed_and_asks_nobody_after) {
  const auto first = add("first", 1), last = add("last", 3);
  const auto skips =
      control.add(note("skips", [] { return ControlDecision::skip("twice a day is enough"); }),
                  {.name = "skips", .priority = 2});
  const auto fails = control.add(note("fails", [] { return ControlDecision::fail("no"); }),
                                 {.name = "fails", .priority = 2});
  const auto verdict = check();
  EXPECT_EQ(verdict.signal, ControlSignal::skip);
  EXPECT_EQ(verdict.by, "skips");
  EXPECT_EQ(verdict.priority, 2);
  EXPECT_EQ(verdict.reason, "twice a day is enough");
  EXPECT_EQ(asked, (Names{"first", "skips"}));
}

TEST_F(ControlTest, says_how_long_it_was_asked_for_and_the_attempt) {
  const auto slow = control.add(note("slow",
                                     [this] {
                                       steady.advance(std::chrono::microseconds(3));
                                       return ControlDecision::proceed();
                                     }),
                                {.name = "slow", .priority = 1});
  const auto again = control.add(
      note("again", [] { return ControlDecision::retry(std::chrono::milliseconds(7)); }),
      {.name = "again", .priority = 2});
  ControlContext context;
  context.attempt = 4;
  const auto verdict = control.check(event_of("a"), context);
  EXPECT_EQ(verdict.signal, ControlSignal::retry);
  EXPECT_EQ(verdict.delay, std::chrono::milliseconds(7));
  EXPECT_EQ(verdict.took, std::chrono::microseconds(3));
  EXPECT_EQ(verdict.attempt, 4u);
}

TEST_F(ControlTest, passes_over_a_handler_that_throws_and_counts_it) {
  const auto bad = control.add(throwing_control(), {.name = "bad", .priority = 1});
  const auto good = add("good");
  EXPECT_EQ(check().signal, ControlSignal::proceed);
  EXPECT_EQ(asked, (Names{"good"}));
  const auto status = control.status();
  ASSERT_EQ(status.size(), 2u);
  EXPECT_EQ(status[0].failures, 1u);
  EXPECT_EQ(status[0].decided, 0u);
  EXPECT_EQ(status[0].last_failure, "no table");
  EXPECT_EQ(status[1].failures, 0u);
}

TEST_F(ControlTest, takes_a_critical_handler_that_throws_for_an_error) {
  const auto bad =
      control.add(throwing_control(), {.name = "bad", .priority = 1, .critical = true});
  const auto good = add("good");
  const auto verdict = check();
  EXPECT_EQ(verdict.signal, ControlSignal::error);
  EXPECT_EQ(verdict.by, "bad");
  EXPECT_EQ(verdict.reason, "no table");
  EXPECT_EQ(asked, Names{});
  EXPECT_EQ(control.status()[0].failures, 1u);
  EXPECT_EQ(control.status()[0].decided, 1u);
}

TEST_F(ControlTest, shows_later_handlers_what_earlier_ones_left) {
  const auto leaves = control.add(
      [](const Envelope&, ControlContext& context) {
        context.values["role"] = "guest";
        return ControlDecision::proceed();
      },
      {.name = "leaves", .priority = 1});
  const auto reads = control.add(
      [](const Envelope&, ControlContext& context) {
        return ControlDecision::fail("a " + context.values["role"] + " may not");
      },
      {.name = "reads", .priority = 2});
  EXPECT_EQ(check().reason, "a guest may not");
}

TEST_F(ControlTest, lets_a_handler_go_whose_owner_is_gone_when_it_would_be_asked) {
  auto owner = std::make_shared<int>(1);
  const auto connection =
      control.add(note("owned"), {.name = "owned", .owner = std::weak_ptr<void>(owner)});
  check();
  EXPECT_EQ(asked, (Names{"owned"}));
  owner.reset();
  EXPECT_FALSE(control.empty()) << "nobody noticed yet";
  check();
  EXPECT_EQ(asked, Names{});
  EXPECT_TRUE(control.empty());
}

TEST_F(ControlTest, keeps_an_owner_while_his_handler_is_asked) {
  auto owner = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = owner;
  bool was_there = false;
  const auto connection = control.add(
      [&](const Envelope&, ControlContext&) {
        owner.reset();
        was_there = !watched.expired();
        return ControlDecision::proceed();
      },
      {.name = "owned", .owner = std::weak_ptr<void>(owner)});
  check();
  EXPECT_TRUE(was_there);
  EXPECT_TRUE(watched.expired());
}

TEST_F(ControlTest, asks_nobody_who_is_paused) {
  auto first = add("first"), second = add("second");
  first.pause();
  check();
  EXPECT_EQ(asked, (Names{"second"}));
  first.resume();
  check();
  EXPECT_EQ(asked, (Names{"first", "second"}));
}

TEST_F(ControlTest, asks_nobody_who_was_cut_by_a_handler_before) {
  Connection victim;
  const auto cutting = control.add(note("cutting",
                                        [&] {
                                          victim.disconnect();
                                          return ControlDecision::proceed();
                                        }),
                                   {.name = "cutting"});
  victim = add("victim");
  check();
  EXPECT_EQ(asked, (Names{"cutting"}));
}

TEST_F(ControlTest, asks_who_was_added_by_a_handler_from_the_next_event_on) {
  std::vector<Connection> added;
  const auto adding = control.add(note("adding",
                                       [&] {
                                         if (added.empty()) added.push_back(add("new", 0));
                                         return ControlDecision::proceed();
                                       }),
                                  {.name = "adding", .priority = 1});
  check();
  EXPECT_EQ(asked, (Names{"adding"}));
  check();
  EXPECT_EQ(asked, (Names{"new", "adding"}));
}

TEST_F(ControlTest, refuses_handlers_without_a_name_or_a_function) {
  EXPECT_THROW((void)control.add(note("a"), {.name = ""}), InvalidInput);
  EXPECT_THROW((void)control.add(ControlHandler{}, {.name = "empty"}), InvalidInput);
  EXPECT_TRUE(control.empty());
}

TEST_F(ControlTest, tells_who_is_there_in_the_order_they_are_asked) {
  const auto late =
      control.add(note("late", [] { return ControlDecision::fail("no"); }),
                  {.name = "late", .priority = 9, .critical = true, .interest = Query()});
  const auto early = add("early", 1, Query::of_stream("plan/1"));
  check();
  check();
  const auto status = control.status();
  ASSERT_EQ(status.size(), 2u);
  EXPECT_EQ(status[0].name, "early");
  EXPECT_EQ(status[0].priority, 1);
  EXPECT_EQ(status[0].interest, "plan/1");
  EXPECT_FALSE(status[0].critical);
  EXPECT_EQ(status[0].decided, 0u);
  EXPECT_EQ(status[1].name, "late");
  EXPECT_TRUE(status[1].critical);
  EXPECT_EQ(status[1].interest, "any event");
  EXPECT_EQ(status[1].decided, 2u);
}

TEST_F(ControlTest, connection_may_be_held_by_its_own_handler_when_control_ends) {
  auto itself = std::make_shared<Connection>();
  const std::weak_ptr<Connection> watched = itself;
  auto brief = std::make_unique<Control>();
  *itself =
      brief->add([itself](const Envelope&, ControlContext&) { return ControlDecision::proceed(); },
                 {.name = "itself"});
  itself.reset();
  brief.reset();
  EXPECT_TRUE(watched.expired());
}

TEST_F(ControlTest, connection_may_outlive_control) {
  auto brief = std::make_unique<Control>();
  auto connection = brief->add(note("a"), {.name = "a"});
  brief.reset();
  connection.pause();
  connection.disconnect_and_wait();
  EXPECT_FALSE(connection.connected());
}

TEST(ControlDecisionTest, to_retry_waits_from_no_time_to_a_year) {
  using std::chrono::milliseconds;
  EXPECT_EQ(ControlDecision::retry(milliseconds(-1)).delay(), milliseconds(0));
  EXPECT_EQ(ControlDecision::retry(milliseconds(5)).delay(), milliseconds(5));
  EXPECT_EQ(ControlDecision::retry(milliseconds::max()).delay(), std::chrono::hours(24 * 365));
}

TEST(ControlDecisionTest, says_what_it_was_made_with) {
  EXPECT_EQ(ControlDecision::proceed().signal(), ControlSignal::proceed);
  EXPECT_EQ(ControlDecision::proceed().reason(), "");
  EXPECT_EQ(ControlDecision::proceed().instead(), nullptr);
  EXPECT_EQ(ControlDecision::skip("why").reason(), "why");
  EXPECT_EQ(ControlDecision::fallback(event_of("b")).instead()->type, "b");
  EXPECT_EQ(to_string(ControlDecision::fail("no").signal()), "fail");
  EXPECT_EQ(to_string(ControlDecision::error("no").signal()), "error");
  EXPECT_EQ(to_string(ControlDecision::skip().signal()), "skip");
  EXPECT_EQ(to_string(ControlDecision::retry({}).signal()), "retry");
  EXPECT_EQ(to_string(ControlDecision::fallback({}).signal()), "fallback");
  EXPECT_EQ(to_string(ControlDecision().signal()), "proceed");
}

}  // namespace
}  // namespace annal::test
