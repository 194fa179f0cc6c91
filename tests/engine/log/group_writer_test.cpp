#include "annal/log/group_writer.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace annal::test {

namespace {

Commit commit_with(std::size_t bytes = 1) {
  Commit commit;
  commit.events.emplace_back();
  commit.events[0].data.assign(bytes, 'x');
  return commit;
}

// A writer that records how large its groups were, and waits to be let go.
struct Grouping : testing::Test {
  void write(GroupWriter::Group& group) {
    if (hold) {
      held.set_value();
      hold = false;
      release.get_future().wait();
    }
    groups.push_back(group.size());
    for (Pending* pending : group) pending->outcome = Appended{};
  }

  // Fills the queue while the writer is held with a first commit.
  void submit_behind_the_first(GroupWriter& writer, int commits, std::size_t bytes = 1) {
    hold = true;
    writer.submit(commit_with(), [](AppendOutcome) {});
    held.get_future().wait();
    for (int i = 0; i < commits; ++i)
      writer.submit(commit_with(bytes), [this](AppendOutcome outcome) {
        if (std::holds_alternative<Appended>(outcome)) ++appended;
        if (const auto* refused = std::get_if<Rejected>(&outcome))
          busy += std::holds_alternative<Busy>(refused->reason) ? 1 : 0;
      });
  }

  std::atomic<bool> hold{false};
  std::promise<void> held, release;
  std::vector<std::size_t> groups;
  std::atomic<int> appended{0}, busy{0};
};

}  // namespace

TEST_F(Grouping, what_queued_during_one_group_is_the_next) {
  GroupWriter writer({}, [this](GroupWriter::Group& group) { write(group); });
  submit_behind_the_first(writer, 20);
  EXPECT_EQ(writer.queued(), 20u);
  release.set_value();
  writer.close();
  EXPECT_EQ(groups, (std::vector<std::size_t>{1, 20}));
  EXPECT_EQ(appended, 20);
}

TEST_F(Grouping, a_group_is_bounded_in_requests) {
  GroupWriter writer({.group_requests = 8}, [this](GroupWriter::Group& group) { write(group); });
  submit_behind_the_first(writer, 20);
  release.set_value();
  writer.close();
  EXPECT_EQ(groups, (std::vector<std::size_t>{1, 8, 8, 4}));
}

TEST_F(Grouping, a_group_is_bounded_in_bytes_but_takes_at_least_one) {
  GroupWriter writer({.group_bytes = 5000}, [this](GroupWriter::Group& group) { write(group); });
  submit_behind_the_first(writer, 4, 2000);
  writer.submit(commit_with(9000), [](AppendOutcome) {});
  release.set_value();
  writer.close();
  EXPECT_EQ(groups, (std::vector<std::size_t>{1, 2, 2, 1}));
}

TEST_F(Grouping, the_queue_is_bounded_in_requests) {
  GroupWriter writer({.queue_requests = 5}, [this](GroupWriter::Group& group) { write(group); });
  submit_behind_the_first(writer, 8);
  release.set_value();
  writer.close();
  EXPECT_EQ(appended, 5);
  EXPECT_EQ(busy, 3);
}

TEST_F(Grouping, what_waits_for_its_completion_takes_a_place_in_the_queue) {
  std::promise<void> running, gate;  // outlive the writer, whose completion waits for them
  GroupWriter writer({.queue_requests = 2}, [this](GroupWriter::Group& group) { write(group); });
  writer.submit(commit_with(), [&](AppendOutcome) {
    running.set_value();
    gate.get_future().wait();
  });
  running.get_future().wait();
  std::atomic<int> refused{0};
  for (int i = 0; i < 10; ++i)
    writer.submit(commit_with(), [&](AppendOutcome outcome) {
      refused += std::holds_alternative<Rejected>(outcome) ? 1 : 0;
    });
  EXPECT_GE(refused, 8);
  gate.set_value();
}

TEST_F(Grouping, the_queue_is_bounded_in_bytes) {
  GroupWriter writer({.queue_bytes = 10000}, [this](GroupWriter::Group& group) { write(group); });
  submit_behind_the_first(writer, 8, 3000);
  release.set_value();
  writer.close();
  EXPECT_EQ(appended, 3);
  EXPECT_EQ(busy, 5);
}

TEST_F(Grouping, a_closed_writer_refuses) {
  GroupWriter writer({}, [this](GroupWriter::Group& group) { write(group); });
  writer.close();
  const AppendOutcome blocking = writer.append(commit_with());
  EXPECT_TRUE(std::holds_alternative<Closed>(std::get<Rejected>(blocking).reason));
  bool told = false;
  writer.submit(commit_with(),
                [&](AppendOutcome outcome) { told = std::holds_alternative<Rejected>(outcome); });
  EXPECT_TRUE(told);
}

TEST_F(Grouping, idle_work_runs_once_the_queue_has_been_empty_for_a_while) {
  std::promise<void> idle;
  GroupWriter writer(
      {.idle_after = std::chrono::milliseconds(1)},
      [this](GroupWriter::Group& group) { write(group); },
      [&] {
        idle.set_value();
        return false;
      });
  EXPECT_EQ(idle.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

TEST_F(Grouping, a_lone_caller_writes_on_its_own_thread) {
  std::thread::id wrote;
  GroupWriter writer({}, [&](GroupWriter::Group& group) {
    wrote = std::this_thread::get_id();
    write(group);
  });
  EXPECT_TRUE(std::holds_alternative<Appended>(writer.append(commit_with())));
  EXPECT_EQ(wrote, std::this_thread::get_id());
}

TEST_F(Grouping, what_comes_while_a_lone_caller_writes_is_the_next_group) {
  GroupWriter writer({}, [this](GroupWriter::Group& group) { write(group); });
  hold = true;
  std::thread lone([&] { writer.append(commit_with()); });
  held.get_future().wait();
  for (int i = 0; i < 20; ++i)
    writer.submit(commit_with(), [this](AppendOutcome outcome) {
      if (std::holds_alternative<Appended>(outcome)) ++appended;
    });
  EXPECT_EQ(writer.queued(), 20u);
  release.set_value();
  lone.join();
  writer.close();
  EXPECT_EQ(groups, (std::vector<std::size_t>{1, 20}));
  EXPECT_EQ(appended, 20);
}

TEST_F(Grouping, closing_waits_for_a_lone_caller_who_writes) {
  GroupWriter writer({}, [this](GroupWriter::Group& group) { write(group); });
  hold = true;
  std::thread lone(
      [&] { EXPECT_TRUE(std::holds_alternative<Appended>(writer.append(commit_with()))); });
  held.get_future().wait();
  auto closed = std::async(std::launch::async, [&] { writer.close(); });
  EXPECT_EQ(closed.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  release.set_value();
  closed.wait();
  EXPECT_EQ(groups.size(), 1u);
  lone.join();
}

TEST_F(Grouping, idle_work_runs_again_after_every_time_something_was_written) {
  std::atomic<int> idle{0};
  std::promise<void> written;
  GroupWriter writer(
      {.idle_after = std::chrono::milliseconds(1)},
      [this](GroupWriter::Group& group) { write(group); },
      [&] {
        ++idle;
        idle.notify_all();
        return false;
      });
  idle.wait(0);
  writer.append(commit_with());
  idle.wait(1);
  writer.submit(commit_with(), [&](AppendOutcome) { written.set_value(); });
  written.get_future().wait();
  idle.wait(2);
  EXPECT_GE(idle, 3);
}

TEST_F(Grouping, many_callers_and_none_is_lost) {
  std::atomic<int> writing{0}, together{0}, commits{0};
  GroupWriter writer({.idle_after = std::chrono::milliseconds(1)}, [&](GroupWriter::Group& group) {
    if (++writing > 1) ++together;
    commits += static_cast<int>(group.size());
    for (Pending* pending : group) pending->outcome = Appended{};
    --writing;
  });
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int i = 0; i < 500; ++i)
        if (std::holds_alternative<Appended>(writer.append(commit_with()))) ++appended;
    });
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(appended, 2000);
  EXPECT_EQ(commits, 2000);
  EXPECT_EQ(together, 0) << "two groups were written at once";
}

}  // namespace annal::test
