#include "annal/aggregate/snapshot.hpp"

#include "annal/memory/memory_log.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace annal {
namespace {

class Snapshots : public testing::Test {
 protected:
  Snapshots() : log(memory::open({{snapshots::declaration()}, 64, &clock, &randomness})) {}

  // Keeps a state and an event it follows from, so that there is a position to be stamped with.
  void keep(const std::string& stream, std::uint64_t version, const std::string& state) {
    Commit commit;
    Envelope event;
    event.type = "counter.added";
    event.stream = stream;
    commit.events.push_back(event);
    commit.records.push_back(snapshots::keep_with_commit(stream, maker, {version}, state, 0));
    ASSERT_TRUE(std::holds_alternative<Appended>(log->append(commit)));
  }

  void overwrite(const std::string& key, const std::string& value) {
    Commit commit;
    commit.records.push_back({"snapshots", key, value, {}, {}, {}});
    ASSERT_TRUE(std::holds_alternative<Appended>(log->append(commit)));
  }

  std::string newest(const std::string& stream, std::uint64_t up_to) {
    const auto found = snapshots::newest(
        *log, stream, {up_to}, maker, [this](const std::string& why) { ignored.push_back(why); });
    return found ? std::to_string(found->version.value) + ' ' + found->state : "none";
  }

  test::ManualClock clock;
  test::SeededRandomness randomness;
  snapshots::Maker maker{"counter", 1, 1};
  std::unique_ptr<EventLog> log;
  std::vector<std::string> ignored;
};

TEST_F(Snapshots, are_found_at_or_before_a_version) {
  keep("counter/a", 100, "one");
  keep("counter/a", 200, "two");
  EXPECT_EQ(newest("counter/a", 99), "none");
  EXPECT_EQ(newest("counter/a", 100), "100 one");
  EXPECT_EQ(newest("counter/a", 199), "100 one");
  EXPECT_EQ(newest("counter/a", 5000), "200 two");
}

TEST_F(Snapshots, belong_to_one_stream_even_where_names_hold_the_separator) {
  keep("counter/a@00000000000000000150", 100, "another stream");
  keep("counter/a@b", 100, "another stream");
  keep("counter/a", 100, "one");
  EXPECT_EQ(newest("counter/a", 200), "100 one");
  EXPECT_EQ(newest("counter/a@b", 200), "100 another stream");
  EXPECT_EQ(newest("counter/a@00000000000000000150", 200), "100 another stream");
  EXPECT_EQ(newest("counter/b", 200), "none");
  EXPECT_TRUE(ignored.empty());
}

TEST_F(Snapshots, of_other_code_are_passed_over) {
  keep("counter/a", 100, "one");
  maker.reducer = 2;
  EXPECT_EQ(newest("counter/a", 200), "none");
  EXPECT_EQ(ignored, std::vector<std::string>{"it was made by other code"});
  maker = {"counter", 2, 1};
  EXPECT_EQ(newest("counter/a", 200), "none");
  maker = {"other", 1, 1};
  EXPECT_EQ(newest("counter/a", 200), "none");
}

TEST_F(Snapshots, with_any_byte_changed_are_passed_over) {
  keep("counter/a", 100, "one");
  keep("counter/a", 200, "two");
  const std::string key = "counter/a@00000000000000000200";
  const auto value = log->record("snapshots", key)->value;
  for (std::size_t i = 0; i < value.size(); ++i) {
    auto damaged = value;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    overwrite(key, damaged);
    EXPECT_EQ(newest("counter/a", 200), "100 one") << "byte " << i;
  }
  EXPECT_EQ(ignored.size(), value.size());
}

TEST_F(Snapshots, put_under_another_key_are_passed_over) {
  keep("counter/a", 100, "one");
  overwrite("counter/a@00000000000000000200",
            log->record("snapshots", "counter/a@00000000000000000100")->value);
  overwrite("counter/b@00000000000000000100",
            log->record("snapshots", "counter/a@00000000000000000100")->value);
  EXPECT_EQ(newest("counter/a", 300), "100 one");
  EXPECT_EQ(newest("counter/b", 300), "none");
}

TEST_F(Snapshots, that_no_log_takes_are_left_out_of_their_commit) {
  Commit commit;
  Envelope event;
  event.type = "counter.added";
  event.stream = "counter/a";
  commit.events.push_back(event);
  const auto of = [&](const std::string& stream, std::size_t bytes) {
    return snapshots::keep_with_commit(stream, maker, {1}, std::string(bytes, 'x'), 0);
  };
  const std::string long_name(limits::stream_bytes - 8, 'n');
  snapshots::add_what_fits(
      commit, {of("counter/large", limits::record_bytes), of("counter/" + long_name, 1),
               of("counter/1", 2000000), of("counter/2", 2000000), of("counter/3", 2000000),
               of("counter/4", 2000000), of("counter/5", 2000000), of("counter/6", 1)});
  ASSERT_TRUE(std::holds_alternative<Appended>(log->append(commit)));
  std::vector<std::string> kept;
  for (const auto& record : commit.records) kept.push_back(record.key.substr(8, 1));
  EXPECT_EQ(kept, (std::vector<std::string>{"1", "2", "3", "4", "6"}));
}

TEST_F(Snapshots, know_the_position_of_their_event_among_others_of_its_commit) {
  Commit commit;
  for (int i = 0; i < 5; ++i) {
    Envelope event;
    event.type = "counter.added";
    event.stream = "counter/a";
    commit.events.push_back(event);
  }
  commit.records.push_back(snapshots::keep_with_commit("counter/a", maker, {3}, "three", 2));
  const auto appended = std::get<Appended>(log->append(commit));
  const auto found = snapshots::newest(*log, "counter/a", {9}, maker);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->position, Position{3});
  EXPECT_EQ(found->stamp, appended.recorded_at);
}

}  // namespace
}  // namespace annal
