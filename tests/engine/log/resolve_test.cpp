// What position a point stands for in a log.
#include "annal/log/point.hpp"
#include "annal/memory/memory_log.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>

namespace annal::test {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr auto orders_7 = "document/orders/7";

class Resolve : public ::testing::Test {
 protected:
  Position record(std::string stream, std::vector<std::string> tags = {},
                  std::optional<Timestamp> occurred_at = {}) {
    Commit commit;
    Envelope event;
    event.type = "document.updated";
    event.stream = std::move(stream);
    event.tags = std::move(tags);
    event.occurred_at = occurred_at;
    commit.events.push_back(std::move(event));
    const Position position = std::get<Appended>(log->append(std::move(commit))).last;
    clock.advance(seconds(10));
    return position;
  }

  // The message with which the point is refused.
  std::string refusal(const Point& point, std::string_view stream = {}) {
    try {
      return "resolved to " + std::to_string(resolve(point, *log, stream).value);
    } catch (const UnknownPoint& error) {
      return error.what();
    }
  }

  ManualClock clock;  // starts at 2026-01-02T03:04:05Z
  SeededRandomness randomness;
  std::unique_ptr<EventLog> log =
      memory::open({.spaces = {}, .clock = &clock, .randomness = &randomness});
  const Timestamp start = clock.now();
};

TEST_F(Resolve, counts_back_from_the_head) {
  for (int i = 0; i < 4; ++i) record(orders_7);
  EXPECT_EQ(resolve(AtHead{}, *log), Position{4});
  EXPECT_EQ(resolve(AtHead{3}, *log), Position{1});
  EXPECT_EQ(refusal(AtHead{4}), "head~4 is before the first event: the log holds 4 events");
  EXPECT_EQ(refusal(AtHead{99}), "head~99 is before the first event: the log holds 4 events");
}

TEST_F(Resolve, takes_the_head_of_an_empty_log_for_the_beginning) {
  EXPECT_EQ(resolve(AtHead{}, *log), Position{0});
  EXPECT_EQ(refusal(AtHead{1}), "head~1 is before the first event: the log holds 0 events");
}

TEST_F(Resolve, takes_positions_up_to_the_head) {
  record(orders_7);
  record(orders_7);
  EXPECT_EQ(resolve(AtPosition{{0}}, *log), Position{0});
  EXPECT_EQ(resolve(AtPosition{{2}}, *log), Position{2});
  EXPECT_EQ(refusal(AtPosition{{99}}), "position 99 is beyond the head, 2");
}

TEST_F(Resolve, finds_a_version_of_the_stream) {
  record(orders_7);
  record("document/orders/8");
  record(orders_7);
  EXPECT_EQ(resolve(AtVersion{{1}}, *log, orders_7), Position{1});
  EXPECT_EQ(resolve(AtVersion{{2}}, *log, orders_7), Position{3});
}

TEST_F(Resolve, says_which_versions_there_are) {
  record(orders_7);
  record(orders_7);
  EXPECT_EQ(refusal(AtVersion{{9}}, orders_7),
            "v9 is no version of document/orders/7: it has v1 to v2");
  EXPECT_EQ(refusal(AtVersion{{0}}, orders_7),
            "v0 is no version of document/orders/7: it has v1 to v2");
  EXPECT_EQ(refusal(AtVersion{{1}}, "document/orders/8"),
            "v1 is no version of document/orders/8: it has no events");
  EXPECT_EQ(refusal(AtVersion{{5}}),
            "v5 is a version of one stream, and none was named: say which, as in orders/7@v5");
}

TEST_F(Resolve, finds_the_last_event_recorded_by_a_time) {
  record(orders_7);
  record(orders_7);
  record(orders_7);
  EXPECT_EQ(resolve(AtTime{start}, *log), Position{1});
  EXPECT_EQ(resolve(AtTime{start + seconds(9)}, *log), Position{1});
  EXPECT_EQ(resolve(AtTime{start + seconds(10)}, *log), Position{2});
}

TEST_F(Resolve, takes_a_time_yet_to_come_for_the_head) {
  record(orders_7);
  record(orders_7);
  EXPECT_EQ(resolve(AtTime{start + hours(1000)}, *log), Position{2});
}

TEST_F(Resolve, refuses_a_time_before_history) {
  record(orders_7);
  EXPECT_EQ(
      refusal(AtTime{start - seconds(1)}),
      "2026-01-02T03:04:04Z is before the first event: history begins at 2026-01-02T03:04:05Z");
}

TEST_F(Resolve, refuses_any_time_of_an_empty_log) {
  EXPECT_EQ(refusal(AtTime{start}),
            "2026-01-02T03:04:05Z cannot be found: the log holds no events");
}

TEST_F(Resolve, finds_the_last_event_that_occurred_by_a_time) {
  record(orders_7, {}, start - hours(30));
  record(orders_7, {}, start - hours(10));
  record(orders_7, {}, start - hours(20));  // told late
  EXPECT_EQ(resolve(AtOccurred{start - hours(30)}, *log), Position{1});
  EXPECT_EQ(resolve(AtOccurred{start - hours(25)}, *log), Position{1});
  EXPECT_EQ(resolve(AtOccurred{start - hours(15)}, *log), Position{3});
  EXPECT_EQ(resolve(AtOccurred{start}, *log), Position{3});
}

TEST_F(Resolve, takes_an_event_without_a_time_of_its_own_to_occur_when_it_is_recorded) {
  record(orders_7);
  record(orders_7);
  EXPECT_EQ(resolve(AtOccurred{start + seconds(5)}, *log), Position{1});
}

TEST_F(Resolve, finds_what_occurred_many_pages_before_the_head) {
  record(orders_7, {}, start - hours(2));
  Commit commit;
  for (int i = 0; i < 900; ++i) {
    Envelope event;
    event.type = "document.updated";
    event.stream = orders_7;
    if (i == 300) event.occurred_at = start - hours(1);
    commit.events.push_back(event);
  }
  log->append(commit);
  EXPECT_EQ(resolve(AtOccurred{start - seconds(1)}, *log), Position{302});
  EXPECT_EQ(resolve(AtOccurred{start - hours(2)}, *log), Position{1});
}

TEST_F(Resolve, refuses_a_time_before_anything_occurred) {
  record(orders_7);
  EXPECT_EQ(refusal(AtOccurred{start - seconds(1)}),
            "no event occurred at or before 2026-01-02T03:04:04Z; the log holds 1 event");
}

TEST_F(Resolve, finds_the_last_position_that_carries_a_tag) {
  record(orders_7, {"commit:1f3a"});
  record(orders_7, {"commit:1f3a", "agent:ann"});
  record(orders_7, {"commit:2b4c"});
  EXPECT_EQ(resolve(AtTag{"commit:1f3a"}, *log), Position{2});
  EXPECT_EQ(resolve(AtTag{"agent:ann"}, *log), Position{2});
  EXPECT_EQ(refusal(AtTag{"commit:1f"}), "no event up to the head, 3, carries the tag commit:1f");
}

}  // namespace
}  // namespace annal::test
