// Rows made anew beside those that readers see.
#include "annal/error.hpp"
#include "engine/projection/visits.hpp"

#include <algorithm>
#include <stop_token>
#include <thread>

namespace annal::test {
namespace {

class Rebuild : public Visits {
 protected:
  // Counts each visit ten times.
  static Projection tenfold(std::uint32_t version = 2) {
    auto projection = visits(version);
    projection.fold = [](const Envelope& event, ProjectedRows& rows) {
      const std::string guest = event.stream.substr(6);
      auto row = rows.find("visits", guest).value_or(ProjectedRow{"0", {}});
      row.value = std::to_string(std::stoi(row.value) + 10);
      rows.put("visits", guest, row);
    };
    return projection;
  }

  void keep(const Projection& projection) const {
    Projector projector(*log, projection);
    ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  }

  // Stops after the first page of events.
  RebuildOutcome rebuild_first_page(Projector& projector) const {
    std::stop_source stop;
    RebuildOptions options;
    options.stop = stop.get_token();
    options.progress = [&](Position, Position) { stop.request_stop(); };
    return projector.rebuild(options);
  }

  bool is_space(const std::string& name) const {
    try {
      log->record(name, "x");
      return true;
    } catch (const InvalidInput&) {
      return false;
    }
  }
};

TEST_F(Rebuild, is_asked_for_where_other_code_made_the_rows_and_makes_them_anew) {
  visit("ann", 3);
  keep(visits());
  Projector projector(*log, tenfold());
  visit("ann", 1);
  EXPECT_FALSE(projector.wait_until(log->head(), long_enough));
  auto status = projector.status();
  EXPECT_EQ(status.state, ProjectorStatus::State::outdated);
  EXPECT_EQ(status.version, 1u);
  EXPECT_NE(status.failure.find("made by version 1 of its code, and this is version 2"),
            std::string::npos);
  EXPECT_EQ(rows(), (Rows{{"ann", "3"}})) << "nothing is mixed";
  EXPECT_THROW(projector.compare(), ConfigurationError);

  const auto rebuilt = std::get<Rebuilt>(projector.rebuild());
  EXPECT_EQ(rebuilt.checkpoint, Position{4});
  EXPECT_EQ(rebuilt.generation, 2u);
  EXPECT_EQ(rows(), (Rows{{"ann", "40"}}));
  visit("bob", 1);
  ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  EXPECT_EQ(rows(), (Rows{{"ann", "40"}, {"bob", "10"}}));
  EXPECT_EQ(projector.status().version, 2u);
  EXPECT_EQ(projector.status().unfinished, std::nullopt);
  EXPECT_FALSE(is_space("visits__2"));
  projector.close();
  Projector again(*log, tenfold());
  EXPECT_EQ(again.status().generation, 2u);
}

TEST_F(Rebuild, leaves_readers_the_old_rows_until_the_new_ones_take_their_place) {
  visit("ann", 1500);
  keep(visits());
  Projector projector(*log, tenfold());
  std::vector<Rows> seen;
  std::vector<Position> reached;
  RebuildOptions options;
  options.compare = true;
  options.progress = [&](Position at, Position head) {
    EXPECT_EQ(head, Position{1500});
    EXPECT_EQ(projector.status().unfinished, at);
    seen.push_back(rows());
    reached.push_back(at);
  };
  EXPECT_TRUE(std::holds_alternative<Rebuilt>(projector.rebuild(options)));
  ASSERT_GE(seen.size(), 3u);
  for (const auto& then : seen) EXPECT_EQ(then, (Rows{{"ann", "1500"}}));
  EXPECT_EQ(reached.back(), Position{1500});
  EXPECT_EQ(rows(), (Rows{{"ann", "15000"}}));
}

TEST_F(Rebuild, that_was_stopped_goes_on_where_it_was) {
  visit("ann", 1500);
  keep(visits());
  Position stopped;
  {
    Projector projector(*log, tenfold());
    stopped = std::get<RebuildStopped>(rebuild_first_page(projector)).reached;
    EXPECT_GT(stopped, Position{0});
    EXPECT_LT(stopped, Position{1500});
    EXPECT_EQ(rows(), (Rows{{"ann", "1500"}}));
  }
  Projector projector(*log, tenfold());
  EXPECT_EQ(projector.status().unfinished, stopped);
  std::vector<Position> reached;
  RebuildOptions options;
  options.compare = true;
  options.progress = [&](Position at, Position) { reached.push_back(at); };
  EXPECT_EQ(std::get<Rebuilt>(projector.rebuild(options)).generation, 2u);
  EXPECT_GT(reached.front(), stopped);
  EXPECT_EQ(rows(), (Rows{{"ann", "15000"}}));
}

TEST_F(Rebuild, takes_the_old_rows_away_or_leaves_that_to_the_next) {
  for (int guest = 0; guest < 1200; ++guest) visit("guest" + std::to_string(guest), 1);
  keep(visits());
  std::stop_source stop;
  RebuildOptions options;
  options.stop = stop.get_token();
  {
    HookedLog hooked(*log);
    hooked.before_append = [&](const Commit& commit) {
      const auto erases = [](const RecordChange& change) { return !change.value; };
      if (std::count_if(commit.records.begin(), commit.records.end(), erases) > 100)
        stop.request_stop();
    };
    Projector projector(hooked, tenfold());
    EXPECT_TRUE(std::holds_alternative<Rebuilt>(projector.rebuild(options)));
    EXPECT_TRUE(is_space("visits__1"));
    EXPECT_EQ(rows().at("guest7"), "10");
    EXPECT_TRUE(std::holds_alternative<RebuildStopped>(projector.rebuild(options)));
    EXPECT_TRUE(is_space("visits__1"));
  }
  Projector projector(*log, tenfold());
  EXPECT_TRUE(std::holds_alternative<Rebuilt>(projector.rebuild()));
  EXPECT_FALSE(is_space("visits__1"));
  EXPECT_FALSE(is_space("visits__2"));
  EXPECT_EQ(rows().at("guest1199"), "10");
}

// Erases no rows of the first generation.
class ClingingLog : public HookedLog {
 public:
  using HookedLog::HookedLog;
  AppendOutcome append(Commit commit) override {
    for (const auto& change : commit.records)
      if (!change.value && change.space == "visits__1") throw StorageError("the disk is away");
    return HookedLog::append(std::move(commit));
  }
};

TEST_F(Rebuild, is_done_though_the_old_rows_cannot_be_erased_yet) {
  visit("ann", 1);
  keep(visits());
  ClingingLog clinging(*log);
  {
    Projector projector(clinging, tenfold(), quick);
    EXPECT_TRUE(std::holds_alternative<Rebuilt>(projector.rebuild()));
    EXPECT_EQ(rows(), (Rows{{"ann", "10"}}));
    EXPECT_TRUE(is_space("visits__1"));
  }
  Projector projector(*log, tenfold());
  EXPECT_TRUE(std::holds_alternative<Rebuilt>(projector.rebuild()));
  EXPECT_FALSE(is_space("visits__1"));
}

TEST_F(Rebuild, that_other_code_has_begun_is_begun_anew) {
  visit("ann", 1500);
  keep(visits());
  {
    Projector projector(*log, tenfold(2));
    ASSERT_TRUE(std::holds_alternative<RebuildStopped>(rebuild_first_page(projector)));
  }
  ASSERT_TRUE(is_space("visits__2"));
  Projector projector(*log, tenfold(3));
  EXPECT_EQ(std::get<Rebuilt>(projector.rebuild()).generation, 3u);
  EXPECT_FALSE(is_space("visits__2"));
  EXPECT_EQ(rows(), (Rows{{"ann", "15000"}}));
}

TEST_F(Rebuild, takes_along_what_came_to_the_rows_of_today_just_before_the_end) {
  visit("ann", 3);
  Projector projector(*log, visits());
  RebuildOptions options;
  options.progress = [&](Position reached, Position head) {
    if (reached < head) return;
    visit("bob", 1);
    ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  };
  const auto rebuilt = std::get<Rebuilt>(projector.rebuild(options));
  EXPECT_EQ(rebuilt.checkpoint, Position{4}) << "as new as those that readers saw";
}

TEST_F(Rebuild, goes_on_beside_writers_and_the_rows_of_today) {
  visit("ann", 1000);
  Projector projector(*log, visits());
  std::thread writer([&] { visit("bob", 3000); });
  RebuildOptions options;
  options.compare = true;
  Position before = projector.status().checkpoint;
  for (int i = 0; i < 3; ++i) {
    const auto rebuilt = std::get<Rebuilt>(projector.rebuild(options));
    EXPECT_GE(rebuilt.checkpoint, before) << "readers never go back";
    before = projector.status().checkpoint;
  }
  writer.join();
  ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  EXPECT_EQ(rows(), (Rows{{"ann", "1000"}, {"bob", "3000"}}));
  EXPECT_TRUE(projector.compare().equal());
}

TEST_F(Rebuild, brings_spaces_with_other_columns_and_takes_those_away_that_are_not_declared) {
  auto two = visits();
  two.spaces.push_back({"guests", {}});
  visit("ann", 2);
  keep(two);
  ASSERT_TRUE(is_space("guests"));
  auto other = visits(2);
  other.spaces = {{"visits", {{"guest", ColumnKind::text}}}};
  other.fold = [](const Envelope& event, ProjectedRows& rows) {
    const std::string guest = event.stream.substr(6);
    rows.put("visits", guest, {"here", {{"guest", guest}}});
  };
  Projector projector(*log, other);
  projector.rebuild();
  EXPECT_FALSE(is_space("guests"));
  EXPECT_EQ(log->records({.space = "visits", .where = {{"guest", "ann"}}}).records.size(), 1u);
}

TEST_F(Rebuild, is_asked_for_where_spaces_are_declared_otherwise_under_the_same_version) {
  keep(visits());
  auto other = visits();
  other.spaces = {{"visits", {"number"}}};
  Projector projector(*log, other);
  EXPECT_EQ(projector.status().state, ProjectorStatus::State::outdated);
  EXPECT_NE(projector.status().failure.find("with other spaces"), std::string::npos);
}

TEST_F(Rebuild, whose_rows_are_not_those_of_an_independent_fold_is_given_up) {
  visit("ann", 3);
  keep(visits());
  int calls = 0;
  auto impure = visits(2);
  impure.fold = [&](const Envelope& event, ProjectedRows& rows) {
    rows.put("visits", event.stream.substr(6), {std::to_string(++calls), {}});
  };
  Projector projector(*log, impure);
  RebuildOptions options;
  options.compare = true;
  const auto outcome = projector.rebuild(options);
  const auto& differs = std::get<RebuildDiffers>(outcome).comparison;
  ASSERT_EQ(differs.differing, 1u);
  EXPECT_EQ(differs.differences[0].to_string(), "visits ann is not what its events say");
  EXPECT_EQ(rows(), (Rows{{"ann", "3"}}));
  EXPECT_FALSE(is_space("visits__2"));
  EXPECT_EQ(projector.status().state, ProjectorStatus::State::outdated);
}

TEST_F(Rebuild, of_an_event_that_cannot_be_folded_leaves_the_rows_there_are) {
  visit("ann", 3);
  keep(visits());
  auto failing = visits(2);
  failing.fold = [](const Envelope& event, ProjectedRows&) {
    if (event.position == Position{2}) throw std::runtime_error("no");
  };
  Projector projector(*log, failing);
  try {
    projector.rebuild();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const FoldFailed& error) {
    EXPECT_EQ(error.position, Position{2});
  }
  EXPECT_EQ(rows(), (Rows{{"ann", "3"}}));
}

TEST_F(Rebuild, mends_rows_that_somebody_spoilt_and_ends_a_halt) {
  visit("ann", 3);
  Projector projector(*log, visits(), quick);
  ASSERT_TRUE(projector.wait_until(log->head(), long_enough));
  spoil("ann", "no number");
  visit("ann", 1);
  EXPECT_FALSE(projector.wait_until(log->head(), long_enough));
  EXPECT_EQ(projector.status().state, ProjectorStatus::State::halted);
  projector.rebuild();
  EXPECT_EQ(rows(), (Rows{{"ann", "4"}}));
  visit("ann", 1);
  EXPECT_TRUE(projector.wait_until(log->head(), long_enough));
}

}  // namespace
}  // namespace annal::test
