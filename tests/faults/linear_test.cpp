// Eight callers append and read at once. The log is the order, so what they saw can be held against
// it without a search: every answer must fit the place where the log put it.
#include "annal/memory/memory_log.hpp"
#include "annal/sqlite/sqlite_log.hpp"
#include "fakes.hpp"
#include "seed.hpp"
#include "thoroughness.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <thread>

namespace annal::test {
namespace {

using Instant = std::chrono::steady_clock::time_point;

constexpr int callers = 8;
constexpr int streams = 5;

struct Appending {
  Instant begun, answered;
  std::string stream;
  Version expected;
  std::optional<Appended> done;  // nothing: refused
};

struct Looking {
  Instant begun, answered;
  Position head;
  std::string stream;
  Version version;
};

struct Seen {
  std::vector<Appending> appended;
  std::vector<Looking> looked;
};

std::string stream_of(std::uint64_t number) { return "shared/" + std::to_string(number % streams); }

void append(EventLog& log, const std::string& stream, Durability durability, Seen& seen) {
  Appending one{std::chrono::steady_clock::now(), {}, stream, log.stream_version(stream), {}};
  Commit commit;
  commit.events.resize(1);
  commit.events[0].stream = stream;
  commit.events[0].type = "thing.happened";
  commit.conditions = {{stream, ExpectedVersion::exactly(one.expected)}};
  commit.durability = durability;
  const auto outcome = log.append(std::move(commit));
  one.answered = std::chrono::steady_clock::now();
  if (const auto* done = std::get_if<Appended>(&outcome)) one.done = *done;
  seen.appended.push_back(std::move(one));
}

void look(EventLog& log, const std::string& stream, Seen& seen) {
  Looking one{std::chrono::steady_clock::now(), {}, {}, stream, {}};
  ReadRequest newest{.query = Query::of_stream(stream), .direction = Direction::backwards};
  newest.limit = 1;
  const Page page = log.read(newest);
  one.answered = std::chrono::steady_clock::now();
  one.head = page.head;
  if (!page.events.empty()) one.version = page.events[0].version;
  seen.looked.push_back(std::move(one));
}

Seen run(EventLog& log, int operations, std::uint64_t seed) {
  std::vector<Seen> each(callers);
  std::vector<std::thread> threads;
  for (int caller = 0; caller < callers; ++caller)
    threads.emplace_back([&, caller] {
      std::mt19937_64 random(seed + static_cast<std::uint64_t>(caller));
      for (int i = 0; i < operations; ++i)
        if (random() % 3 == 0)
          look(log, stream_of(random()), each[static_cast<std::size_t>(caller)]);
        else
          append(log, stream_of(random()), random() % 2 ? Durability::process : Durability::power,
                 each[static_cast<std::size_t>(caller)]);
    });
  for (auto& thread : threads) thread.join();
  Seen all;
  for (auto& seen : each) {
    all.appended.insert(all.appended.end(), seen.appended.begin(), seen.appended.end());
    all.looked.insert(all.looked.end(), seen.looked.begin(), seen.looked.end());
  }
  return all;
}

// Appends that happened, by position.
std::map<std::uint64_t, const Appending*> in_log_order(const Seen& seen) {
  std::map<std::uint64_t, const Appending*> order;
  for (const auto& one : seen.appended) {
    const bool is_new = !one.done || order.emplace(one.done->first.value, &one).second;
    EXPECT_TRUE(is_new) << "position " << one.done->first.value << " was given twice";
  }
  return order;
}

void positions_and_versions_have_no_gaps(const std::map<std::uint64_t, const Appending*>& order) {
  std::uint64_t expected = 1;
  std::map<std::string, Version> versions;
  for (const auto& [position, one] : order) {
    EXPECT_EQ(position, expected++);
    Version& version = versions[one->stream];
    EXPECT_EQ(one->expected, version) << "at position " << position << ": two winners";
    EXPECT_EQ(one->done->version, next(version));
    version = one->done->version;
  }
}

// Who was answered before another began stands before it.
void answers_come_in_order(const std::map<std::uint64_t, const Appending*>& order) {
  Instant latest_begun{};
  for (const auto& [position, one] : order) {
    EXPECT_GE(one->answered, latest_begun) << "position " << position << " stands too far behind";
    latest_begun = std::max(latest_begun, one->begun);
  }
}

// A look sees all that was answered before it, and nothing that had not begun when it ended.
void looks_fit_in_between(const Seen& seen,
                          const std::map<std::uint64_t, const Appending*>& order) {
  for (const auto& look : seen.looked) {
    std::uint64_t must = 0;
    Version newest;
    for (const auto& [position, one] : order) {
      if (one->answered < look.begun) must = position;
      if (position <= look.head.value) {
        EXPECT_LE(one->begun, look.answered) << "position " << position << " seen too early";
        if (one->stream == look.stream) newest = one->done->version;
      }
    }
    EXPECT_GE(look.head.value, must);
    EXPECT_EQ(look.version, newest) << "as of head " << look.head.value;
  }
}

// A refusal is right: somebody else had moved the stream on by the time it was answered.
void refusals_have_a_reason(const Seen& seen,
                            const std::map<std::uint64_t, const Appending*>& order) {
  for (const auto& one : seen.appended) {
    if (one.done) continue;
    const bool moved = std::any_of(order.begin(), order.end(), [&](const auto& other) {
      return other.second->stream == one.stream && other.second->expected == one.expected &&
             other.second->begun < one.answered;
    });
    EXPECT_TRUE(moved) << "a commit that nobody was in the way of was refused";
  }
}

void hold_to_one_order(EventLog& log) {
  const Seen seen = run(log, static_cast<int>(300 / fault_stride), seed());
  const auto order = in_log_order(seen);
  EXPECT_EQ(log.head().value, order.size());
  positions_and_versions_have_no_gaps(order);
  answers_come_in_order(order);
  looks_fit_in_between(seen, order);
  refusals_have_a_reason(seen, order);
  std::cout << seen.appended.size() + seen.looked.size() << " operations, " << order.size()
            << " appended\n";
}

TEST(OneOrder, is_what_callers_of_a_file_see) {
  const TemporaryFolder folder;
  hold_to_one_order(*sqlite::open(folder / "store.db"));
}

TEST(OneOrder, is_what_callers_of_a_log_in_memory_see) { hold_to_one_order(*memory::open()); }

}  // namespace
}  // namespace annal::test
