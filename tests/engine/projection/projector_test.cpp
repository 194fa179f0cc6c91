#include "annal/projection/projector.hpp"

#include "annal/error.hpp"
#include "engine/projection/visits.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

namespace annal::test {
namespace {

TEST_F(Visits, are_folded_from_the_beginning_and_go_on_live) {
  visit("ann", 3);
  Projector projector(*log, visits());
  visit("bob", 2);
  visit("ann", 1);
  ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  EXPECT_EQ(rows(), (Rows{{"ann", "4"}, {"bob", "2"}}));
  const auto status = projector.status();
  EXPECT_EQ(status.checkpoint, log->head());
  EXPECT_EQ(status.lag(), 0u);
  EXPECT_EQ(status.folded, 6u);
  EXPECT_EQ(status.version, 1u);
  EXPECT_EQ(status.generation, 1u);
  EXPECT_TRUE(projector.compare().equal());
}

TEST_F(Visits, say_which_event_made_them) {
  visit("ann", 2);
  visit("bob", 1);
  visit("ann", 1);
  Projector projector(*log, visits());
  ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  EXPECT_EQ(log->record("visits", "ann")->derived_at, Position{4});
  EXPECT_EQ(log->record("visits", "ann")->derived_time, log->event_at(Position{4})->recorded_at);
  EXPECT_EQ(log->record("visits", "bob")->derived_at, Position{3});
}

TEST_F(Visits, go_on_where_they_were_when_opened_again) {
  visit("ann", 3);
  {
    Projector projector(*log, visits());
    ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  }
  visit("ann", 2);
  Projector again(*log, visits());
  ASSERT_TRUE(again.wait_until(log->head(), long_enough));
  EXPECT_EQ(again.status().folded, 2u);
  EXPECT_EQ(rows(), (Rows{{"ann", "5"}}));
}

TEST_F(Visits, hold_a_position_of_events_that_are_not_theirs) {
  Projector projector(*log, visits());
  visit("ann", 1);
  append("machine/1", "machine.oiled");
  ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  EXPECT_EQ(rows(), (Rows{{"ann", "1"}}));
  projector.close();
  Projector again(*log, visits());
  EXPECT_EQ(again.status().checkpoint, Position{2}) << "closing keeps how far it was";
}

TEST_F(Visits, are_erased_where_the_fold_says_so) {
  visit("ann", 2);
  append("guest/ann", "guest.left");
  visit("bob", 1);
  Projector projector(*log, visits());
  ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  EXPECT_EQ(rows(), (Rows{{"bob", "1"}}));
  EXPECT_TRUE(projector.compare().equal());
  visit("ann", 1);
  ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  EXPECT_EQ(rows(), (Rows{{"ann", "1"}, {"bob", "1"}}));
  EXPECT_TRUE(projector.compare().equal());
}

TEST_F(Visits, are_kept_in_commits_no_log_refuses_for_their_size) {
  for (int i = 0; i < 3000; ++i) visit("guest" + std::to_string(i), 1);
  auto large = visits();
  large.fold = [](const Envelope& event, ProjectedRows& to) {
    to.put("visits", event.stream, {std::string(20'000, 'x'), {}});
  };
  Projector projector(*log, large);
  ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  EXPECT_TRUE(projector.compare().equal());
  EXPECT_EQ(projector.compare().rows, 3000u);
}

// Two cannot keep the same rows; if they try, each event is in the rows once.
TEST_F(Visits, are_kept_by_one_of_two_instances) {
  HookedLog other(*log);
  Projector one(*log, visits());
  Projector two(other, visits());
  visit("ann", 200);
  const bool first = one.wait_until(log->head(), long_enough);
  const bool second = two.wait_until(log->head(), first ? milliseconds(0) : long_enough);
  EXPECT_TRUE(first || second);
  EXPECT_EQ(rows(), (Rows{{"ann", "200"}}));
  visit("ann", 1);
  one.wait_until(log->head(), long_enough);
  two.wait_until(log->head(), long_enough);
  EXPECT_EQ(rows(), (Rows{{"ann", "201"}}));
  const bool one_halted = one.status().state == ProjectorStatus::State::halted;
  const bool two_halted = two.status().state == ProjectorStatus::State::halted;
  EXPECT_TRUE(one_halted != two_halted);
  EXPECT_NE((one_halted ? one : two).status().failure.find("another instance"), std::string::npos);
}

TEST_F(Visits, of_one_name_are_open_once) {
  Projector projector(*log, visits());
  EXPECT_THROW(Projector(*log, visits()), ConfigurationError);
  auto other = visits();
  other.name = "others";
  EXPECT_THROW(Projector(*log, other), ConfigurationError) << "the space is another projection's";
  other.spaces = {{"others", {}}};
  other.fold = [](const Envelope&, ProjectedRows&) {};
  Projector beside(*log, other);
}

TEST_F(Visits, halt_at_an_event_that_cannot_be_folded_and_leave_none_out) {
  visit("ann", 2);
  visit("bad", 1);
  visit("bob", 1);
  std::atomic<bool> broken{true};
  auto failing = visits();
  failing.fold = [&, fold = visits().fold](const Envelope& event, ProjectedRows& to) {
    if (broken && event.stream == "guest/bad") throw std::runtime_error("nobody knows them");
    fold(event, to);
  };
  Projector projector(*log, failing, quick);
  EXPECT_FALSE(projector.wait_until(log->head(), long_enough));
  const auto status = projector.status();
  EXPECT_EQ(status.state, ProjectorStatus::State::halted);
  EXPECT_EQ(status.checkpoint, Position{2}) << "what came before is kept";
  EXPECT_EQ(status.failures, 3u);
  EXPECT_EQ(status.failure, "the projection visits cannot fold position 3: nobody knows them");
  EXPECT_EQ(rows(), (Rows{{"ann", "2"}}));
  broken = false;
  projector.resume();
  ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  EXPECT_EQ(rows(), (Rows{{"ann", "2"}, {"bad", "1"}, {"bob", "1"}}));
}

TEST_F(Visits, halt_at_rows_no_space_can_take) {
  visit("ann", 1);
  const auto halted_by = [&](Projection::Fold fold) {
    auto wrong = visits();
    wrong.fold = std::move(fold);
    Projector projector(*log, wrong, quick);
    EXPECT_FALSE(projector.wait_until(Position{1}, long_enough));
    return projector.status().failure;
  };
  EXPECT_NE(halted_by([](const Envelope&, ProjectedRows& to) {
              to.put("other", "a", {});
            }).find("declares no space \"other\""),
            std::string::npos);
  EXPECT_NE(halted_by([](const Envelope&, ProjectedRows& to) {
              to.put("visits", "", {});
            }).find("0 bytes"),
            std::string::npos);
  EXPECT_NE(halted_by([](const Envelope&, ProjectedRows& to) {
              to.put("visits", "a", {"x", {{"colour", "red"}}});
            }).find("columns its space declares"),
            std::string::npos);
  EXPECT_NE(halted_by([](const Envelope&, ProjectedRows& to) {
              for (int i = 0; i < 5000; ++i) to.put("visits", std::to_string(i), {});
            }).find("5000 rows"),
            std::string::npos);
}

TEST_F(Visits, try_again_when_the_log_is_busy) {
  BusyLog busy(*log, 3);
  Projector projector(busy, visits(), quick);
  visit("ann", 2);
  ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  EXPECT_EQ(rows(), (Rows{{"ann", "2"}}));
  EXPECT_EQ(projector.status().failures, 3u);
}

// A kill between two commits is too seldom to be waited for.
TEST_F(Visits, are_kept_in_the_commit_of_their_checkpoint) {
  HookedLog hooked(*log);
  std::atomic<int> together = 0, apart = 0;
  hooked.before_append = [&](const Commit& commit) {
    const auto changes = [&](std::string_view space) {
      return std::any_of(commit.records.begin(), commit.records.end(),
                         [&](const RecordChange& change) { return change.space == space; });
    };
    if (changes("visits")) ++(changes(projection_space().name) ? together : apart);
  };
  Projector projector(hooked, visits());
  visit("ann", 700);
  ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  EXPECT_GT(together, 0);
  EXPECT_EQ(apart, 0);
}

TEST_F(Visits, wait_for_a_log_that_cannot_be_read_and_blame_no_event) {
  visit("ann", 2);
  UnreadableLog unreadable(*log, 7);
  Projector projector(unreadable, visits(), quick);
  ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  EXPECT_EQ(rows(), (Rows{{"ann", "2"}}));
  EXPECT_EQ(projector.status().failures, 7u);
}

TEST_F(Visits, that_differ_from_an_independent_fold_are_named) {
  visit("ann", 2);
  visit("bob", 1);
  visit("eve", 1);
  Projector projector(*log, visits());
  ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  spoil("ann", "7");
  spoil("bob", std::nullopt);
  spoil("zoe", "1");
  const auto comparison = projector.compare();
  EXPECT_EQ(comparison.at, Position{4});
  EXPECT_EQ(comparison.rows, 3u);
  EXPECT_EQ(comparison.differing, 3u);
  std::vector<std::string> said;
  for (const auto& difference : comparison.differences) said.push_back(difference.to_string());
  EXPECT_EQ(said,
            (std::vector<std::string>{"visits ann is not what its events say",
                                      "visits bob is missing", "visits zoe should not be there"}));
}

TEST_F(Visits, ahead_of_the_log_prove_that_the_log_has_lost_events) {
  visit("ann", 3);
  {
    Projector projector(*log, visits());
    ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  }
  ShorterLog shorter(*log, Position{2});
  EXPECT_THROW(Projector(shorter, visits()), CorruptionError);
}

TEST_F(Visits, of_a_projection_nobody_can_keep_are_refused) {
  const auto refused = [&](auto spoilt) {
    auto projection = visits();
    spoilt(projection);
    EXPECT_THROW(Projector(*log, projection), InvalidInput);
  };
  refused([](Projection& p) { p.name = "a@b"; });
  refused([](Projection& p) { p.fold = nullptr; });
  refused([](Projection& p) { p.version = 0; });
  refused([](Projection& p) { p.spaces.clear(); });
  refused([](Projection& p) { p.spaces.push_back(p.spaces.front()); });
  refused([](Projection& p) { p.spaces = {{"with blank", {}}}; });
  refused([](Projection& p) { p.spaces = {{std::string(60, 'x'), {}}}; });
  EXPECT_THROW(Projector(*log, visits(), {.attempts = 0}), InvalidInput);
}

}  // namespace
}  // namespace annal::test
