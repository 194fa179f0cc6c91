// The n-th allocation fails, once or for good, for every n: a commit is Rejected and the store goes
// on, or its outcome is Unknown; reading throws and answers rightly the next time.
#include "annal/error.hpp"
#include "annal/memory/memory_log.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "fakes.hpp"
#include "faults/scarce_memory.hpp"
#include "faults/workload.hpp"
#include "seed.hpp"
#include "thoroughness.hpp"

#include <gtest/gtest.h>

#include <latch>

namespace annal::test {

static void PrintTo(Shortage shortage, std::ostream* out) {
  *out << (shortage == Shortage::once ? "once" : "for_good");
}

namespace {

// One allocation in so many is tried.
constexpr std::uint64_t of_a_first_commit = 11, of_an_opening = 97, of_reading = 41;

class FailingMemory : public testing::TestWithParam<Shortage> {
 protected:
  // Runs the step with one allocation after the other failing, until there are not so many.
  //   step      given the number of the allocation that fails; how many failed
  //   one_in    of so many allocations one is tried, but for the long form
  template <class Step>
  void for_every_allocation(Step step, std::uint64_t one_in = 1) {
    const std::uint64_t stride =
        std::getenv("ANNAL_EVERY_ALLOCATION") != nullptr ? 1 : one_in * fault_stride;
    std::uint64_t injected = 0;
    for (std::uint64_t nth = 1 + seed() % stride; step(nth) > 0; nth += stride) {
      ++injected;
      if (HasFailure()) {
        ADD_FAILURE() << "when allocation " << nth << " failed";
        return;
      }
    }
    EXPECT_GT(injected, 0u);
    std::cout << injected << " allocations failed: " << rejected << " rejected, " << unknown
              << " unknown, " << thrown << " thrown\n";
  }

  void count(const AppendOutcome& outcome) {
    rejected += std::holds_alternative<Rejected>(outcome) ? 1 : 0;
    unknown += std::holds_alternative<Unknown>(outcome) ? 1 : 0;
  }

  // Appends until the commit is there, with memory for everything; opens the store anew if it has
  // stopped.
  void make_up_for(const AppendOutcome& outcome, std::uint64_t number) {
    count(outcome);
    if (std::holds_alternative<Rejected>(outcome)) {
      EXPECT_EQ(log->failure(), "") << "nothing was written: the store goes on";
      EXPECT_EQ(newest_commits(*log, 1).at(0), number - 1) << "a refused commit is there";
    }
    if (std::holds_alternative<Unknown>(outcome)) {
      EXPECT_NE(log->failure(), "");
      EXPECT_TRUE(std::holds_alternative<Unknown>(log->append(purging_commit(*log, 0, number))))
          << "only the next open can tell";
      log.reset();
      log = open_workload(store);
    }
    if (!std::holds_alternative<Appended>(outcome)) {
      EXPECT_TRUE(std::holds_alternative<Appended>(log->append(purging_commit(*log, 0, number))));
    }
  }

  // A commit for every allocation that fails while it is appended.
  void append_with_every_allocation() {
    std::uint64_t number = 0;
    for_every_allocation([&](std::uint64_t nth) {
      Commit commit = purging_commit(*log, 0, ++number);
      ScarceMemory scarce(nth, GetParam());
      const AppendOutcome outcome = log->append(std::move(commit));
      scarce.heal();
      make_up_for(outcome, number);
      return scarce.failed();
    });
    EXPECT_EQ(broken_promises(*log, {{0, number}}, {{0, number}}), "");
  }

  TemporaryFolder folder{place_in_memory()};
  std::filesystem::path store = folder / "store.db";
  std::unique_ptr<EventLog> log = open_workload(store);
  int rejected = 0, unknown = 0, thrown = 0;
};

TEST_P(FailingMemory, refuses_a_commit_or_leaves_it_unknown) { append_with_every_allocation(); }

// The first commit after a store was opened prepares and looks up what later ones find.
TEST_P(FailingMemory, refuses_the_first_commit_of_an_open_store_or_leaves_it_unknown) {
  for (std::uint64_t number = 1; number <= 4; ++number) log->append(workload_commit(0, number));
  log.reset();
  const std::filesystem::path original = store;
  for_every_allocation(
      [&](std::uint64_t nth) {
        store = folder / (std::to_string(nth) + ".db");
        std::filesystem::copy_file(original, store);
        log = open_workload(store);
        Commit commit = purging_commit(*log, 0, 5);
        ScarceMemory scarce(nth, GetParam());
        const AppendOutcome outcome = log->append(std::move(commit));
        scarce.heal();
        make_up_for(outcome, 5);
        EXPECT_EQ(broken_promises(*log, {{0, 5}}, {{0, 5}}), "");
        return scarce.failed();
      },
      of_a_first_commit);
}

TEST_P(FailingMemory, of_the_writers_thread_is_told_to_who_waits_for_it) {
  std::uint64_t number = 0;
  for_every_allocation([&](std::uint64_t nth) {
    Commit commit = purging_commit(*log, 0, ++number);
    AppendOutcome outcome;
    std::latch told(1);
    const auto told_of = [&](AppendOutcome answer) {
      outcome = std::move(answer);
      told.count_down();
    };
    const Completion completion = std::ref(told_of);
    ScarceMemory scarce(nth, GetParam(), Whose::other_threads);
    log->submit(std::move(commit), completion);
    told.wait();
    scarce.heal();
    make_up_for(outcome, number);
    return scarce.failed();
  });
  EXPECT_EQ(broken_promises(*log, {{0, number}}, {{0, number}}), "");
}

TEST_P(FailingMemory, refuses_a_commit_to_a_log_in_memory) {
  memory::Options options;
  options.spaces = {{"counts", {}}};
  log = memory::open(std::move(options));
  append_with_every_allocation();
  EXPECT_EQ(unknown, 0);
}

// Created, renamed and dropped in a commit each; a refused one has done none of it.
TEST_P(FailingMemory, refuses_a_change_of_spaces_in_a_log_in_memory) {
  log = memory::open({});
  const auto commit_of = [](std::uint64_t step) {
    Commit commit;
    if (step == 0)
      commit.spaces = {CreateSpace{{"a_space_whose_name_is_long_enough_to_be_allocated", {}}}};
    if (step == 1)
      commit.spaces = {RenameSpace{"a_space_whose_name_is_long_enough_to_be_allocated",
                                   {"another_name_that_is_as_long_as_the_first_one_was", {}}}};
    if (step == 2) commit.spaces = {DropSpace{"another_name_that_is_as_long_as_the_first_one_was"}};
    return commit;
  };
  std::uint64_t step = 0;
  for_every_allocation([&](std::uint64_t nth) {
    Commit commit = commit_of(step);
    ScarceMemory scarce(nth, GetParam());
    const AppendOutcome outcome = log->append(std::move(commit));
    scarce.heal();
    count(outcome);
    if (std::holds_alternative<Rejected>(outcome)) {
      EXPECT_TRUE(std::holds_alternative<Appended>(log->append(commit_of(step))));
    }
    step = (step + 1) % 3;
    return scarce.failed();
  });
  EXPECT_EQ(unknown, 0);
}

TEST_P(FailingMemory, keeps_no_store_from_being_made_the_next_time) {
  std::filesystem::path fresh;
  for_every_allocation(
      [&](std::uint64_t nth) {
        fresh = folder / (std::to_string(nth) + ".db");
        ScarceMemory scarce(nth, GetParam());
        std::unique_ptr<EventLog> made;
        try {
          made = open_workload(fresh);
        } catch (const std::exception&) {
          ++thrown;
        }
        scarce.heal();
        if (!made) made = open_workload(fresh);
        EXPECT_TRUE(std::holds_alternative<Appended>(made->append(workload_commit(0, 1))));
        EXPECT_EQ(broken_promises(*made, {{0, 1}}, {{0, 1}}), "");
        return scarce.failed();
      },
      of_an_opening);
}

TEST_P(FailingMemory, keeps_no_store_from_being_opened_the_next_time) {
  for (std::uint64_t number = 1; number <= 8; ++number) log->append(workload_commit(0, number));
  for_every_allocation(
      [&](std::uint64_t nth) {
        log.reset();
        ScarceMemory scarce(nth, GetParam());
        try {
          log = open_workload(store);
        } catch (const std::exception&) {
          ++thrown;
        }
        scarce.heal();
        if (!log) log = open_workload(store);
        EXPECT_EQ(newest_commits(*log, 1).at(0), 8u);
        return scarce.failed();
      },
      of_an_opening);
  EXPECT_EQ(broken_promises(*log, {{0, 8}}, {{0, 8}}), "");
}

TEST_P(FailingMemory, leaves_types_described_or_not) {
  std::uint32_t version = 0;
  for_every_allocation([&](std::uint64_t nth) {
    const std::vector<TypeDescription> types{{"thing.happened", ++version, {}}};
    const std::uint64_t number = version;
    ScarceMemory scarce(nth, GetParam());
    try {
      log->declare_types(types);
    } catch (const std::exception&) {
      ++thrown;
    }
    scarce.heal();
    if (!log->failure().empty()) {
      ++unknown;
      log.reset();
      log = open_workload(store);
    }
    log->declare_types(types);
    EXPECT_EQ(log->type_descriptions().size(), version);
    EXPECT_TRUE(std::holds_alternative<Appended>(log->append(workload_commit(0, number))));
    return scarce.failed();
  });
}

// Everything that reads, in one text.
std::string all_answers(const EventLog& log, std::uint64_t newest) {
  std::string answers;
  const auto add = [&](std::uint64_t number) { answers += std::to_string(number) + ' '; };
  const auto read = [&](Query query, Direction direction) {
    ReadRequest request;
    request.query = std::move(query);
    request.direction = direction;
    request.limit = 40;
    const Page page = log.read(request);
    for (const auto& event : page.events) add(event.position.value);
    add(page.head.value);
  };
  read({}, Direction::backwards);
  read(Query::of_stream("caller/0"), Direction::backwards);
  read(Query::of_types({TopicPattern::of("workload.*")}), Direction::forwards);
  read(Query::with_tags({"number:3"}), Direction::backwards);
  const Position head = log.head();
  const Envelope event = log.event_at(head).value();
  add(log.stream_version("caller/0").value);
  add(log.position_at(event.recorded_at).value);
  add(log.commit_at(head).first.value);
  add(log.find_commit("caller/0#" + std::to_string(newest)).value().outcome.last.value);
  add(log.record("counts", "caller/0").value().derived_at.value);
  RecordRequest counts;
  counts.space = "counts";
  add(log.records(counts).records.size());
  add(log.type_descriptions().size());
  add(log.statistics().streams);
  return answers;
}

void expect_reading_recovers(EventLog& writer, const EventLog& reader, std::uint64_t& number,
                             const ScarceMemory& scarce, const std::string& answered) {
  if (!answered.empty()) {
    EXPECT_EQ(answered, all_answers(writer, number));
  }
  EXPECT_TRUE(std::holds_alternative<Appended>(writer.append(workload_commit(0, ++number))));
  EXPECT_EQ(all_answers(reader, number), all_answers(writer, number))
      << "after " << scarce.failed() << " failures";
}

TEST_P(FailingMemory, is_no_wrong_answer) {
  std::uint64_t number = 0;
  while (number < 4) log->append(workload_commit(0, ++number));
  for_every_allocation(
      [&](std::uint64_t nth) {
        std::string answered;
        ScarceMemory scarce(nth, GetParam());
        try {
          answered = all_answers(*log, number);
        } catch (const std::exception&) {
          ++thrown;
        }
        scarce.heal();
        expect_reading_recovers(*log, *log, number, scarce, answered);
        return scarce.failed();
      },
      of_reading);
  EXPECT_EQ(broken_promises(*log, {{0, number}}, {{0, number}}), "");
}

TEST_P(FailingMemory, is_no_wrong_answer_of_who_only_reads) {
  std::uint64_t number = 0;
  while (number < 4) log->append(workload_commit(0, ++number));
  sqlite::Options options;
  options.mode = sqlite::Mode::read_only;
  options.spaces = {{"counts", {}}};
  const auto reader = sqlite::open(store, options);
  for_every_allocation(
      [&](std::uint64_t nth) {
        std::string answered;
        ScarceMemory scarce(nth, GetParam());
        try {
          answered = all_answers(*reader, number);
        } catch (const std::exception&) {
          ++thrown;
        }
        scarce.heal();
        expect_reading_recovers(*log, *reader, number, scarce, answered);
        return scarce.failed();
      },
      of_reading);
}

INSTANTIATE_TEST_SUITE_P(Sqlite, FailingMemory, testing::Values(Shortage::once, Shortage::for_good),
                         [](const auto& shortage) {
                           return shortage.param == Shortage::once ? "once" : "for_good";
                         });

}  // namespace
}  // namespace annal::test
